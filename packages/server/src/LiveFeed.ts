/**
 * The live feed: one reader of the store for all who follow the events of this server. What it reads is kept for a
 * while, already written out; whoever comes from further back, or falls behind, reads the store until he has caught up.
 */
import type { LiveEvent, Unavailable } from "@onhand/api"
import {
  advance,
  type Event,
  type FeedCursor,
  feedCursorText,
  Inventory,
  type ProductId,
  type StoreUnavailable
} from "@onhand/core"
import { Context, Deferred, Effect, Layer, Option, RcRef, type Scope, Stream } from "effect"
import { liveEvent, productsIn } from "./LiveEvent.ts"
import { Units } from "./Units.ts"

/** The most events that somebody who catches up reads at once. */
const PAGE = 500

/** The events that are kept for all. Who is further behind reads the store, so that a slow reader takes no memory. */
const MOST_KEPT = 4_096

/** The length of all their texts, in characters: a movement of a thousand lines is told in a hundred thousand. */
const MOST_CHARACTERS = 16_000_000

/** How long the reader goes on when nobody follows any more. */
const IDLE = "30 seconds"

/** The pause after the store failed. */
const PAUSE = "1 second"

/** An event, and how it is told. */
export interface Told {
  readonly event: Event
  /** The place after it, as text: whoever asks for what comes after it misses nothing and gets nothing twice. */
  readonly id: string
  readonly name: LiveEvent["_tag"]
  /** The event as JSON. */
  readonly json: string
}

interface Kept extends Told {
  readonly place: FeedCursor
}

/** The end of the feed as this server knows it, with the last events before it. */
interface Tail {
  place: FeedCursor
  kept: Array<Kept>
  /** The number of the first that is kept; the numbers count from the start of the reader. */
  first: number
  characters: number
  grown: Deferred.Deferred<void>
}

/** Where a follower is: after a place, and once he has caught up, before the event of that number. */
interface Follower {
  readonly place: FeedCursor
  readonly at: number | null
}

type Failure = StoreUnavailable | Unavailable

const endOf = (tail: Tail): number => tail.first + tail.kept.length

const isBefore = ({ shard, seq, line }: Event, place: FeedCursor): boolean => {
  const seen = place[shard]
  return seen !== undefined && (seq < seen.seq || (seq === seen.seq && line <= seen.line))
}

/** Whether a place is at another or further in every shard. */
const covers = (place: FeedCursor, other: FeedCursor): boolean =>
  Object.entries(other).every(([shard, { seq, line }]) => {
    const at = place[Number(shard)]
    return at !== undefined && (at.seq > seq || (at.seq === seq && at.line >= line))
  })

const append = (tail: Tail, told: ReadonlyArray<Kept>): void => {
  for (const one of told) {
    tail.kept.push(one)
    tail.characters += one.json.length
    tail.place = one.place
  }
  let forgotten = Math.max(0, tail.kept.length - MOST_KEPT)
  for (let index = 0; index < forgotten; index++) tail.characters -= tail.kept[index]?.json.length ?? 0
  while (tail.characters > MOST_CHARACTERS) tail.characters -= tail.kept[forgotten++]?.json.length ?? 0
  tail.kept.splice(0, forgotten)
  tail.first += forgotten
  const { grown } = tail
  tail.grown = Deferred.makeUnsafe()
  Deferred.doneUnsafe(grown, Effect.void)
}

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const units = yield* Units

  /** Events as they are told to somebody at a place. */
  const tell = Effect.fnUntraced(function* (events: ReadonlyArray<Event>, after: FeedCursor) {
    const products = new Set<ProductId>(events.flatMap(({ event }) => productsIn(event)))
    const decimals = yield* units.ofKnown(products)
    let place = after
    return events.map((event): Kept => {
      place = advance(place, event)
      const live = liveEvent(event, decimals)
      return { event, place, id: feedCursorText(place), name: live._tag, json: JSON.stringify(live) }
    })
  })

  const read = (tail: Tail): Effect.Effect<never, Failure> =>
    Effect.andThen(
      Stream.runForEachArray(inventory.events(tail.place), (events) =>
        Effect.map(tell(events, tail.place), (told) => append(tail, told))
      ),
      Effect.never
    )

  const openTail: Effect.Effect<Tail, StoreUnavailable, Scope.Scope> = Effect.gen(function* () {
    const place = yield* inventory.read.head
    const tail: Tail = { place, kept: [], first: 0, characters: 0, grown: Deferred.makeUnsafe() }
    // It goes on from its place, so that a store that was away is a delay to those who follow, and no gap.
    const reading = Effect.suspend(() => read(tail)).pipe(Effect.catch(() => Effect.sleep(PAUSE)))
    yield* Effect.forkScoped(Effect.forever(reading))
    return tail
  })
  const tails = yield* RcRef.make({ acquire: openTail, idleTimeToLive: IDLE })

  const catchUp = Effect.fnUntraced(function* (tail: Tail, place: FeedCursor) {
    // Taken before the look: what is beyond this end, and seen by the look already, is left out later.
    const end = endOf(tail)
    const told = yield* Effect.flatMap(inventory.read.events(place, PAGE), (events) => tell(events, place))
    return [told, { place: told.at(-1)?.place ?? place, at: told.length < PAGE ? end : null }] as const
  })

  /** What the tail has for a follower. Ids are those of the tail as soon as it is where he is in every shard. */
  const takeKept = (tail: Tail, { place: after }: Follower, at: number) => {
    let place = after
    const told: Array<Told> = []
    for (const one of tail.kept.slice(at - tail.first)) {
      if (isBefore(one.event, place)) continue
      const isShared = covers(one.place, place)
      place = isShared ? one.place : advance(place, one.event)
      told.push(isShared ? one : { ...one, id: feedCursorText(place) })
    }
    return [told, { place, at: endOf(tail) }] as const
  }

  const next = (tail: Tail, follower: Follower) =>
    Effect.gen(function* () {
      const { place, at } = follower
      if (at === null || at < tail.first) return yield* catchUp(tail, place)
      if (at === endOf(tail)) yield* Deferred.await(tail.grown)
      return at < tail.first ? yield* catchUp(tail, place) : takeKept(tail, follower, at)
    })

  return LiveFeed.of({
    after: (place) =>
      Stream.unwrap(
        Effect.map(RcRef.get(tails), (tail) =>
          Stream.paginate<Follower, Told, Failure>({ place, at: null }, (follower) =>
            Effect.map(next(tail, follower), ([told, on]) => [told, Option.some(on)] as const)
          )
        )
      )
  })
})

export interface LiveFeedShape {
  /** Every event after a place, and then those to come, without end. It goes no faster than its reader takes them. */
  readonly after: (place: FeedCursor) => Stream.Stream<Told, Failure>
}

export class LiveFeed extends Context.Service<LiveFeed, LiveFeedShape>()("@onhand/server/LiveFeed") {
  static readonly layer: Layer.Layer<LiveFeed, never, Inventory | Units> = Layer.effect(LiveFeed, make)
}
