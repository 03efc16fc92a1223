/**
 * Product reads: products with their stock, for whoever asks. Those who ask while the store answers others are answered
 * together with its next answer: a busy server asks it no more often than it can answer, and nobody is told what was
 * read before he asked.
 */
import { Inventory, type ProductId, type ProductLevels, type StoreUnavailable } from "@onhand/core"
import { Context, Deferred, Effect, Layer, Option } from "effect"

/** The questions that the store is asked at once. A second one is prepared while the first one's answer comes. */
const AT_ONCE = 2

/** The most products of one question. */
const MOST_PRODUCTS = 500

type Answer = Deferred.Deferred<Option.Option<ProductLevels>, StoreUnavailable>

export interface ProductReadsShape {
  /** A product with its levels, as they are after the call. */
  readonly get: (id: ProductId) => Effect.Effect<Option.Option<ProductLevels>, StoreUnavailable>
}

const make = Effect.gen(function* () {
  const { read } = yield* Inventory
  const scope = yield* Effect.scope
  let waiting = new Map<ProductId, Answer>()
  let asking = 0

  /** The products that are asked for next. */
  const taken = (): ReadonlyMap<ProductId, Answer> => {
    const all = [...waiting]
    waiting = new Map(all.slice(MOST_PRODUCTS))
    return new Map(all.slice(0, MOST_PRODUCTS))
  }

  const ask = (answers: ReadonlyMap<ProductId, Answer>) =>
    Effect.matchCauseEffect(read.productLevels([...answers.keys()]), {
      onFailure: (cause) => Effect.forEach(answers.values(), (answer) => Deferred.failCause(answer, cause)),
      onSuccess: (found) => {
        const byId = new Map(found.map((one) => [one.product.id, one]))
        return Effect.forEach(answers, ([id, answer]) => Deferred.succeed(answer, Option.fromNullishOr(byId.get(id))))
      }
    })

  const askAll = Effect.gen(function* () {
    while (waiting.size > 0) yield* ask(taken())
    asking -= 1
  })

  return ProductReads.of({
    get: (id) =>
      Effect.suspend(() => {
        const answer = waiting.get(id) ?? Deferred.makeUnsafe<Option.Option<ProductLevels>, StoreUnavailable>()
        waiting.set(id, answer)
        if (asking >= AT_ONCE) return Deferred.await(answer)
        asking += 1
        // In a fiber of its own, so that a reader who goes away takes no other's answer with him.
        return Effect.andThen(Effect.forkIn(askAll, scope), Deferred.await(answer))
      })
  })
})

export class ProductReads extends Context.Service<ProductReads, ProductReadsShape>()("@onhand/server/ProductReads") {
  static readonly layer: Layer.Layer<ProductReads, never, Inventory> = Layer.effect(ProductReads, make)
}
