/**
 * Kept replies: what was answered about products is answered again, for as long as nothing has changed of it.
 *
 * A kept reply is given only once the feed was read up to its end after the request came, and nothing in it tells of
 * the reply's products: so it is what the store would have answered, whichever server the change was made on. All
 * requests that come during one look at the feed share the next, as commands share a commit.
 */
import { advance, type Event, type FeedCursor, Inventory, type ProductId, type StoreUnavailable } from "@onhand/core"
import { Context, Deferred, Effect, FiberSet, Layer } from "effect"
import type { HttpServerResponse } from "effect/http"

/** Replies about one product that are kept, and pages of many. A page is some hundred times as large. */
const MAX_PRODUCTS = 10_000
const MAX_PAGES = 200

/** The most events that one look reads. After more, everything is forgotten instead. */
const MAX_EVENTS = 500

/** A reply as it is sent, made once for all who ask. */
export interface Reply {
  readonly reply: HttpServerResponse.HttpServerResponse
  readonly etag: string
}

/** A reply, and what it tells of: what must not change for it to be given again. */
export interface ReplyAbout extends Reply {
  /** The products in it. */
  readonly products: ReadonlySet<ProductId>
  /** Whether only a change can make it untrue. A hold that lapses is no change, and neither is a lot that expires. */
  readonly lasts: boolean
}

/** What is asked: of one product, or a page of many, named by everything that its reply depends on. */
export type Question =
  | { readonly _tag: "Product"; readonly product: ProductId }
  | { readonly _tag: "Page"; readonly name: string }

export interface KeptRepliesShape {
  /** The reply that was kept, or else that of `read`, which is kept. */
  readonly replyTo: <E, R>(question: Question, read: Effect.Effect<ReplyAbout, E, R>) => Effect.Effect<Reply, E, R>
}

// Of everything else nobody asks here: no reply about a product tells of it.
const unrelated: ReadonlySet<Event["event"]["_tag"]> = new Set([
  "LocationCreated",
  "LowStockRaised",
  "LowStockCleared",
  "OutOfStockRaised",
  "OutOfStockCleared",
  "OverstockRaised",
  "OverstockCleared",
  "NotificationChanged",
  "OrderPlaced",
  "OrderShipped",
  "OrderChanged",
  "CountChanged",
  "VendorCreated",
  "VendorUpdated",
  "VendorContacted",
  "UserRegistered",
  "UserUpdated"
])

/** What events changed: products of which the stock moved, products themselves, or something that may touch any. */
interface Changes {
  readonly stock: Set<ProductId>
  readonly products: Set<ProductId>
  anything: boolean
}

const changesOf = (events: ReadonlyArray<Event>): Changes => {
  const changes: Changes = { stock: new Set(), products: new Set(), anything: false }
  for (const { event } of events) {
    if (event._tag === "StockChanged") for (const { product } of event.levels) changes.stock.add(product)
    else if (event._tag === "LotChanged") changes.stock.add(event.product)
    else if (event._tag === "ProductUpdated" || event._tag === "ProductCreated") changes.products.add(event.product)
    else if (event._tag === "ProductArchived" || event._tag === "ProductRestored") changes.products.add(event.product)
    else if (!unrelated.has(event._tag)) changes.anything = true
  }
  return changes
}

const touchesProduct = ({ stock, products, anything }: Changes, product: ProductId): boolean =>
  anything || stock.has(product) || products.has(product)

// Any product that was changed may now be in any page, or no longer; so may any, of a page that is not read yet.
const touchesPage = ({ stock, products, anything }: Changes, page?: ReadonlySet<ProductId>): boolean =>
  anything || products.size > 0 || [...stock].some((product) => page?.has(product) ?? true)

/** Adds to a map that has a bound; the oldest goes. */
const keep = <K, A>(map: Map<K, A>, key: K, value: A, most: number): void => {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.size > most ? map.keys() : []
  if (oldest !== undefined) map.delete(oldest)
}

/** A reply that is being read. It is not kept if anything changed meanwhile that it may tell of. */
interface Reading {
  readonly question: Question
  spoiled: boolean
}

/** The replies, and what changes do to them. */
class Replies {
  private readonly products = new Map<ProductId, ReplyAbout>()
  private readonly pages = new Map<string, ReplyAbout>()
  private readonly readings = new Set<Reading>()

  get(question: Question): Reply | undefined {
    return question._tag === "Product" ? this.products.get(question.product) : this.pages.get(question.name)
  }

  begin(question: Question): Reading {
    const reading = { question, spoiled: false }
    this.readings.add(reading)
    return reading
  }

  end(reading: Reading, reply: ReplyAbout | undefined): void {
    this.readings.delete(reading)
    if (reply?.lasts !== true || reading.spoiled) return
    const { question } = reading
    if (question._tag === "Product") keep(this.products, question.product, reply, MAX_PRODUCTS)
    else keep(this.pages, question.name, reply, MAX_PAGES)
  }

  forget(changes: Changes): void {
    if (changes.anything) {
      this.products.clear()
      this.pages.clear()
    }
    for (const product of [...changes.stock, ...changes.products]) this.products.delete(product)
    for (const [name, { products }] of this.pages) if (touchesPage(changes, products)) this.pages.delete(name)
    for (const reading of this.readings) {
      const { question } = reading
      reading.spoiled ||= question._tag === "Product" ? touchesProduct(changes, question.product) : touchesPage(changes)
    }
  }
}

const make = Effect.gen(function* () {
  const { read } = yield* Inventory
  const fork = yield* FiberSet.makeRuntime<never>()
  const replies = new Replies()
  let cursor: FeedCursor | undefined

  /** Reads the feed to its end and forgets what it tells has changed. */
  const look = Effect.gen(function* () {
    const events = cursor === undefined ? [] : yield* read.events(cursor, MAX_EVENTS)
    if (cursor !== undefined && events.length < MAX_EVENTS) {
      cursor = events.reduce(advance, cursor)
      return replies.forget(changesOf(events))
    }
    cursor = yield* read.head
    replies.forget({ stock: new Set(), products: new Set(), anything: true })
  })

  let upcoming: Deferred.Deferred<void, StoreUnavailable> | undefined
  let looking = false
  const looks = Effect.gen(function* () {
    while (upcoming !== undefined) {
      const those = upcoming
      upcoming = undefined
      yield* Deferred.into(look, those)
    }
    looking = false
  })

  /** Waits until a look at the feed that began after this is over. */
  const upToDate = Effect.suspend(() => {
    upcoming ??= Deferred.makeUnsafe<void, StoreUnavailable>()
    const mine = upcoming
    if (!looking) {
      looking = true
      fork(looks)
    }
    return Deferred.await(mine)
  })

  const readAnew = <E, R>(question: Question, read: Effect.Effect<ReplyAbout, E, R>) =>
    Effect.suspend(() => {
      const reading = replies.begin(question)
      return read.pipe(
        Effect.tap((reply) => Effect.sync(() => replies.end(reading, reply))),
        Effect.ensuring(Effect.sync(() => replies.end(reading, undefined)))
      )
    })

  return KeptReplies.of({
    replyTo: (question, read) =>
      Effect.matchEffect(upToDate, {
        // Whoever cannot read the feed cannot read the answer either, and says so better.
        onFailure: () => read,
        onSuccess: () => {
          const kept = replies.get(question)
          return kept === undefined ? readAnew(question, read) : Effect.succeed(kept)
        }
      })
  })
})

export class KeptReplies extends Context.Service<KeptReplies, KeptRepliesShape>()("@onhand/server/KeptReplies") {
  static readonly layer: Layer.Layer<KeptReplies, never, Inventory> = Layer.effect(KeptReplies, make)
}
