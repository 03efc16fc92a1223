// What arrives of a transfer, goes back or is given up moves once, and of what is there already nothing moves again.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { firstPage, Inventory, LocationId, layerMemory, ProductId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const [depot, shop] = ["depot", "shop"].map((id) => LocationId.make(id)) as [LocationId, LocationId]
const [mug, tea] = ["mug", "tea"].map((id) => ProductId.make(id)) as [ProductId, ProductId]

/** A depot with ten mugs and three teas of lot A, and an empty shop. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  for (const id of [depot, shop]) yield* inventory.createLocation({ id, name: id })
  for (const id of [mug, tea]) yield* inventory.createProduct({ id, sku: id, name: id, lotTracked: id === tea })
  yield* inventory.recordMovements({
    lines: [
      { kind: "receipt", product: mug, location: depot, quantity: 10 },
      { kind: "receipt", product: tea, location: depot, lot: "A", quantity: 3 }
    ]
  })
  return inventory
})

/** Two mugs and three teas of lot A on their way, the mugs there already. */
const halfWay = Effect.gen(function* () {
  const inventory = yield* given
  const draft = yield* inventory.createTransfer({
    origin: depot,
    destination: shop,
    draft: true,
    lines: [
      { product: mug, quantity: 2 },
      { product: tea, quantity: 3 }
    ]
  })
  assert.deepStrictEqual(
    draft.lines.map(({ line, product, quantity }) => [line, product, quantity]),
    [
      [1, mug, 2],
      [2, tea, 3]
    ]
  )
  const transfer = draft.id
  yield* inventory.readyTransfer({ transfer, origin: depot })
  yield* inventory.dispatchTransfer({ transfer, origin: depot })
  yield* inventory.receiveTransfer({ transfer, destination: shop, lines: [{ line: 1, quantity: 2 }] })
  const last = Effect.map(
    inventory.read.movements({ source: { type: "transfer", id: transfer } }, firstPage()),
    (all) =>
      all.items.map(({ kind, product, lot, location, from, to, quantity }) =>
        [kind, product, lot, location, from, to, quantity].join(" ")
      )
  )
  return { inventory, transfer, last }
})
const before = [
  "transferIn mug  shop transit sellable 2",
  "transferOut tea A depot sellable transit 3",
  "transferOut mug  depot sellable transit 2"
]

describe("a transfer", () => {
  it.effect.each([
    ["completed", "received", "transferIn tea A shop transit sellable 3"],
    ["closed short", "closedShort", "adjustment tea A shop transit adjustment 3"],
    ["canceled", "canceled", "transferIn tea A depot transit sellable 3"]
  ] as const)("that is %s moves what is on its way, and nothing of a line that is all there", ([, state, moved]) =>
    Effect.gen(function* () {
      const { inventory, transfer, last } = yield* halfWay
      assert.sameMembers([...(yield* last)], before)
      const ends = { transfer, destination: shop }
      const done = yield* state === "received"
        ? inventory.completeTransfer(ends)
        : state === "closedShort"
          ? inventory.closeTransferShort({ ...ends, reason: "lost" })
          : inventory.cancelTransfer({ transfer, origin: depot })
      assert.strictEqual(done.state, state)
      assert.sameMembers([...(yield* last)], [moved, ...before])
    }).pipe(Effect.provide(Live))
  )

  it.effect("keeps how what arrived was entered, where that is the quantity", () =>
    Effect.gen(function* () {
      const inventory = yield* given
      const packs = [{ unit: "box", steps: 4, per: 1, barcodes: [] }]
      yield* inventory.updateProduct({ product: mug, expected: 1, packs })
      const lines = [{ product: mug, quantity: 8 }] as const
      const { id: transfer } = yield* inventory.createTransfer({ origin: depot, destination: shop, lines })
      yield* inventory.dispatchTransfer({ transfer, origin: depot })
      const receive = (quantity: number, unit: string) =>
        inventory.receiveTransfer({
          ...{ transfer, destination: shop },
          lines: [{ line: 1, quantity, entered: { unit, quantity: "1" } }]
        })
      const wrong = yield* Effect.flip(receive(3, "box"))
      assert.include(wrong.message, "a quantity of 4 steps is accepted, not 3")
      assert.strictEqual((yield* Effect.flip(receive(4, "crate")))._tag, "UnknownUnit")
      yield* receive(4, "box")
      const { items } = yield* inventory.read.movements({ kind: "transferIn" }, firstPage())
      assert.deepStrictEqual(
        items.map(({ quantity, entered }) => [quantity, entered]),
        [[4, { unit: "box", quantity: "1" }]]
      )
    }).pipe(Effect.provide(Live))
  )
})
