// Many readers of products at once: few questions of the store, and never an answer from before the question.
import { assert, describe, it } from "@effect/vitest"
import { Inventory, LocationId, layerMemory, ProductId } from "@onhand/core"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"
import { ProductReads } from "../src/ProductReads.ts"

const productAt = (index: number) => ProductId.make(`p-${index}`)
const shop = LocationId.make("shop")

/** An inventory whose answers to questions for products wait at a gate, and are counted. */
const gated = Effect.gen(function* () {
  const inventory = yield* Inventory
  const asked: Array<ReadonlyArray<ProductId>> = []
  let gate = yield* Deferred.make<void>()
  yield* Deferred.succeed(gate, undefined)
  const read = {
    ...inventory.read,
    productLevels: (ids: ReadonlyArray<ProductId>) =>
      Effect.suspend(() => {
        asked.push(ids)
        return Effect.tap(inventory.read.productLevels(ids), () => Deferred.await(gate))
      })
  }
  const close = Effect.map(Deferred.make<void>(), (closed) => {
    gate = closed
    return Effect.asVoid(Deferred.succeed(closed, undefined))
  })
  return { inventory: Inventory.of({ ...inventory, read }), asked, close }
})

const withReads = <A, E>(
  use: (reads: ProductReads["Service"], store: Effect.Success<typeof gated>) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    const store = yield* gated
    const layer = ProductReads.layer.pipe(Layer.provide(Layer.succeed(Inventory, store.inventory)))
    yield* store.inventory.createLocation({ id: shop, name: "Shop" })
    yield* Effect.forEach([0, 1, 2], (index) =>
      store.inventory.createProduct({ id: productAt(index), sku: `P-${index}`, name: "Product" })
    )
    return yield* Effect.provide(
      Effect.flatMap(ProductReads, (reads) => use(reads, store)),
      layer
    )
  }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))

const receive = (inventory: Inventory["Service"], quantity: number) =>
  inventory.recordMovements({ lines: [{ kind: "receipt", product: productAt(0), location: shop, quantity }] })

describe("reads of products", () => {
  it.effect("ask the store few questions, and answer each reader what he asked for", () =>
    withReads((reads, { asked }) =>
      Effect.gen(function* () {
        const wanted = Array.from({ length: 1_000 }, (_, index) => productAt(index % 4))
        const found = yield* Effect.forEach(wanted, reads.get, { concurrency: "unbounded" })
        for (const [index, one] of found.entries()) {
          const id = Option.getOrUndefined(one)?.product.id
          assert.strictEqual(id, index % 4 === 3 ? undefined : productAt(index % 4))
        }
        assert.isAtMost(asked.length, 4)
      })
    )
  )

  it.effect("never answer what was read before somebody asked", () =>
    withReads((reads, { inventory, close }) =>
      Effect.gen(function* () {
        const open = yield* close
        const onHand = Effect.map(reads.get(productAt(0)), (found) =>
          Option.getOrThrow(found).levels.reduce((sum, level) => sum + level.onHand, 0)
        )
        // The store has read by now, but its answers have not come.
        const early = [yield* Effect.forkChild(onHand), yield* Effect.forkChild(onHand)]
        yield* Effect.yieldNow
        yield* receive(inventory, 5)
        const late = yield* Effect.forkChild(onHand)
        yield* Effect.yieldNow
        yield* open
        assert.strictEqual(yield* Fiber.join(late), 5)
        for (const reader of early) assert.include([0, 5], yield* Fiber.join(reader))
      })
    )
  )

  it.effect("go on when a reader goes away", () =>
    withReads((reads, { inventory, close }) =>
      Effect.gen(function* () {
        const open = yield* close
        const gone = yield* Effect.forkChild(reads.get(productAt(1)))
        const staying = yield* Effect.forkChild(reads.get(productAt(1)))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(gone)
        yield* open
        assert.isTrue(Option.isSome(yield* Fiber.join(staying)))
        yield* receive(inventory, 1)
        assert.strictEqual(Option.getOrThrow(yield* reads.get(productAt(0))).levels.length, 1)
      })
    )
  )
})
