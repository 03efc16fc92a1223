/**
 * Deliveries: what is to reach the world outside, a mail or a webhook's message, kept until it did. A consumer's place
 * in the feed and what it made of the events are kept together, so that each event is made something of exactly once;
 * what was made is sent at least once. They tell of commits and change none, so they are kept beside the ledger.
 */
import { Clock, Context, DateTime, Effect, Layer, type Option, Schema } from "effect"
import type { FeedCursor } from "./Feed.ts"
import { pageOf } from "./MemoryPage.ts"
import type { InvalidCursor, Page, PageRequest } from "./Page.ts"
import type { StoreUnavailable } from "./Store.ts"

/** `pending` is sent when it is due, `sent` was taken, and `dead` was given up, until somebody has it sent again. */
export const deliveryStates = ["pending", "sent", "dead"] as const
export const DeliveryState = Schema.Literals(deliveryStates)
export type DeliveryState = typeof DeliveryState.Type

/**
 * A delivery. `target` is who it is for, such as a webhook's id, and `body` what is sent, as JSON. `attempts` counts
 * those that were begun; `dueAt` is when the next is, and `error` what the last one that failed said.
 */
export const Delivery = Schema.Struct({
  id: Schema.String,
  consumer: Schema.String,
  target: Schema.String,
  body: Schema.Json,
  state: DeliveryState,
  attempts: Schema.Int,
  dueAt: Schema.DateTimeUtcFromString,
  error: Schema.NullOr(Schema.String),
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Delivery" })
export interface Delivery extends Schema.Schema.Type<typeof Delivery> {}

/** A delivery to be made. Its id is the sender's to choose; one that is there already is not made again. */
export type NewDelivery = Pick<Delivery, "id" | "target" | "body">

/** Somebody else serves the consumer now. Nothing was written. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", { consumer: Schema.String }) {
  override get message() {
    return `Another process serves ${this.consumer} now`
  }
}

export class UnknownDelivery extends Schema.TaggedError<UnknownDelivery>()("UnknownDelivery", {
  delivery: Schema.String
}) {
  override get message() {
    return `There is no delivery ${this.delivery}; the id of one that is kept is accepted`
  }
}

/** What a consumer has kept: its place in the feed, null at first, and its notes by key. */
export interface Kept {
  readonly cursor: FeedCursor | null
  readonly notes: ReadonlyMap<string, Schema.Json>
}

/** What a consumer keeps next. A note that is null is forgotten; what is not named stays. */
export interface Keeping {
  readonly cursor?: FeedCursor
  readonly notes?: ReadonlyMap<string, Schema.Json | null>
  readonly deliveries?: ReadonlyArray<NewDelivery>
}

export interface DeliveryFilter {
  readonly consumer: string
  readonly target?: string | undefined
  readonly state?: DeliveryState | undefined
}

/** How long deliveries that were sent are kept: 30 days, in milliseconds. */
export const SENT_KEPT_MILLIS = 30 * 86_400_000

/** The most of one target that are sent in one go, so that a slow one does not hold up the others. */
export const MOST_OF_A_TARGET = 20

export interface DeliveriesShape {
  /**
   * Takes the lease on a consumer, or renews it, and answers what the consumer has kept; nothing while somebody else
   * has it. A lease that is not renewed in time may be taken by others, by the store's clock.
   */
  readonly take: (
    consumer: string,
    owner: string,
    leaseMillis: number
  ) => Effect.Effect<Option.Option<Kept>, StoreUnavailable>
  /** Prolongs the lease of its owner. */
  readonly renew: (
    consumer: string,
    owner: string,
    leaseMillis: number
  ) => Effect.Effect<void, LeaseLost | StoreUnavailable>
  /** Gives the lease back, so that others need not wait for its end. */
  readonly release: (consumer: string, owner: string) => Effect.Effect<void, StoreUnavailable>
  /** Keeps a place, notes and new deliveries, all of it or, for whoever is not the owner, nothing. */
  readonly keep: (
    consumer: string,
    owner: string,
    keeping: Keeping
  ) => Effect.Effect<void, LeaseLost | StoreUnavailable>
  /**
   * Begins an attempt of each pending delivery that is due, the longest due first, at most `limit` and at most
   * {@link MOST_OF_A_TARGET} of one target. Each counts one attempt more and is due again after `delays[attempts - 1]`
   * milliseconds, the last of them from then on: whoever dies while sending leaves it to the next.
   */
  readonly begin: (
    consumer: string,
    owner: string,
    limit: number,
    delays: ReadonlyArray<number>
  ) => Effect.Effect<ReadonlyArray<Delivery>, LeaseLost | StoreUnavailable>
  /** Takes down what became of an attempt: sent, failed and due again as it stands, or given up. */
  readonly end: (id: string, state: DeliveryState, error: string | null) => Effect.Effect<void, StoreUnavailable>
  /** Takes back attempts that were begun and not made: they are due as they were. */
  readonly untried: (ids: ReadonlyArray<string>) => Effect.Effect<void, StoreUnavailable>
  /** The last made first. */
  readonly list: (
    filter: DeliveryFilter,
    page: PageRequest
  ) => Effect.Effect<Page<Delivery>, StoreUnavailable | InvalidCursor>
  /** Has a delivery of a target sent again from its first attempt, whatever became of it. */
  readonly replay: (
    consumer: string,
    target: string,
    id: string
  ) => Effect.Effect<Delivery, UnknownDelivery | StoreUnavailable>
  /** Forgets what was sent longer than {@link SENT_KEPT_MILLIS} ago. */
  readonly tidy: (consumer: string) => Effect.Effect<void, StoreUnavailable>
}

interface Served {
  cursor: FeedCursor | null
  readonly notes: Map<string, Schema.Json>
  owner: string
  leasedUntil: number
}

const makeMemory = (): DeliveriesShape => {
  const consumers = new Map<string, Served>()
  const deliveries = new Map<string, Delivery>()
  const timed = <A, E = never>(run: (now: number) => Effect.Effect<A, E>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.suspend(() => run(now)))
  const owned = <A>(consumer: string, owner: string, run: (served: Served, now: number) => A) =>
    timed((now) => {
      const served = consumers.get(consumer)
      return served?.owner === owner && served.leasedUntil > now
        ? Effect.sync(() => run(served, now))
        : Effect.fail(new LeaseLost({ consumer }))
    })
  const put = (delivery: Delivery, now: number, changes: Partial<Delivery>): Delivery => {
    const changed = { ...delivery, ...changes, updatedAt: DateTime.makeUnsafe(now) }
    deliveries.set(delivery.id, changed)
    return changed
  }
  return {
    take: (consumer, owner, leaseMillis) =>
      timed((now) => {
        const served = consumers.get(consumer) ?? { cursor: null, notes: new Map(), owner, leasedUntil: 0 }
        if (served.owner !== owner && served.leasedUntil > now) return Effect.succeedNone
        served.owner = owner
        served.leasedUntil = now + leaseMillis
        consumers.set(consumer, served)
        return Effect.succeedSome({ cursor: served.cursor, notes: new Map(served.notes) })
      }),
    renew: (consumer, owner, leaseMillis) =>
      owned(consumer, owner, (served, now) => {
        served.leasedUntil = now + leaseMillis
      }),
    release: (consumer, owner) =>
      Effect.ignore(
        owned(consumer, owner, (served) => {
          served.leasedUntil = 0
        })
      ),
    keep: (consumer, owner, { cursor, notes = new Map(), deliveries: made = [] }) =>
      owned(consumer, owner, (served, now) => {
        served.cursor = cursor ?? served.cursor
        for (const [key, note] of notes) {
          if (note === null) served.notes.delete(key)
          else served.notes.set(key, note)
        }
        const at = DateTime.makeUnsafe(now)
        for (const one of made) {
          if (deliveries.has(one.id)) continue
          const fresh = { state: "pending", attempts: 0, dueAt: at, error: null, createdAt: at, updatedAt: at } as const
          deliveries.set(one.id, { ...one, consumer, ...fresh })
        }
      }),
    begin: (consumer, owner, limit, delays) =>
      owned(consumer, owner, (_, now) => {
        const due = [...deliveries.values()]
          .filter((one) => one.consumer === consumer && one.state === "pending")
          .filter(({ dueAt }) => DateTime.toEpochMillis(dueAt) <= now)
          .toSorted((a, b) => DateTime.toEpochMillis(a.dueAt) - DateTime.toEpochMillis(b.dueAt))
        const fair = [...Map.groupBy(due, ({ target }) => target).values()].flatMap((all) =>
          all.slice(0, MOST_OF_A_TARGET)
        )
        return fair.slice(0, limit).map((one) => {
          const delay = delays[Math.min(one.attempts, delays.length - 1)] ?? 0
          return put(one, now, { attempts: one.attempts + 1, dueAt: DateTime.makeUnsafe(now + delay) })
        })
      }),
    end: (id, state, error) =>
      timed((now) =>
        Effect.sync(() => {
          const one = deliveries.get(id)
          if (one !== undefined) put(one, now, { state, error })
        })
      ),
    untried: (ids) =>
      timed((now) =>
        Effect.sync(() => {
          for (const id of ids) {
            const one = deliveries.get(id)
            if (one !== undefined) put(one, now, { attempts: one.attempts - 1, dueAt: DateTime.makeUnsafe(now) })
          }
        })
      ),
    list: ({ consumer, target, state }, page) =>
      Effect.suspend(() => {
        const items = [...deliveries.values()].filter(
          (one) =>
            one.consumer === consumer &&
            (target === undefined || one.target === target) &&
            (state === undefined || one.state === state)
        )
        return Effect.fromResult(
          pageOf("deliveries", items, ({ createdAt, id }) => [DateTime.toEpochMillis(createdAt), id], page, true)
        )
      }),
    replay: (consumer, target, id) =>
      timed((now) => {
        const one = deliveries.get(id)
        return one?.consumer === consumer && one.target === target
          ? Effect.sync(() => put(one, now, { state: "pending", attempts: 0, dueAt: DateTime.makeUnsafe(now) }))
          : Effect.fail(new UnknownDelivery({ delivery: id }))
      }),
    tidy: (consumer) =>
      timed((now) =>
        Effect.sync(() => {
          for (const one of deliveries.values()) {
            const old = DateTime.toEpochMillis(one.updatedAt) < now - SENT_KEPT_MILLIS
            if (one.consumer === consumer && one.state === "sent" && old) deliveries.delete(one.id)
          }
        })
      )
  }
}

/** Where deliveries are kept. */
export class Deliveries extends Context.Service<Deliveries, DeliveriesShape>()("@onhand/core/Deliveries") {
  /** Keeps them as long as the process runs. */
  static readonly layerMemory: Layer.Layer<Deliveries> = Layer.sync(Deliveries, makeMemory)
}
