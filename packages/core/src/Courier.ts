/**
 * The courier: follows the feed for a consumer, keeps what the consumer makes of the events, and sends what is due. Any
 * number of processes may run one; the one that holds the lease works, and another takes over when it dies.
 */
import { Clock, Effect, Fiber, Option, Schema } from "effect"
import { Deliveries, type Delivery, type Keeping, type Kept } from "./Delivery.ts"
import type { Event } from "./Event.ts"
import { advance, type FeedCursor, feedCursorText } from "./Feed.ts"
import { uuidV7 } from "./Id.ts"
import { Inventory } from "./Inventory.ts"
import type { StoreUnavailable } from "./Store.ts"

/**
 * A delivery did not arrive. `lasting`: trying again would not help, so it is given up at once. `message` is what the
 * other end said, and is kept with the delivery.
 */
export class DeliveryFailed extends Schema.TaggedError<DeliveryFailed>()("DeliveryFailed", {
  reason: Schema.String,
  lasting: Schema.Boolean
}) {
  override get message() {
    return this.reason
  }
}

/** Who makes deliveries of events. */
export interface Consumer {
  /** The name under which its place is kept. */
  readonly name: string
  /**
   * What events and the time make: notes that change, and deliveries. It is asked about every event once, in order,
   * and again and again without any. What it says is kept together with the place after the events.
   */
  readonly collect: (
    events: ReadonlyArray<Event>,
    notes: Kept["notes"],
    now: number
  ) => Effect.Effect<Pick<Keeping, "notes" | "deliveries">, StoreUnavailable>
  /**
   * Whether nobody wants anything now. Then events are passed over without being read; those from the moment on in
   * which somebody does are not.
   */
  readonly isIdle?: Effect.Effect<boolean, StoreUnavailable>
  /** Sends one delivery. It may come again, with the same id, if this process dies before that is taken down. */
  readonly send: (delivery: Delivery) => Effect.Effect<void, DeliveryFailed>
}

export interface CourierOptions {
  /** The milliseconds between the attempts at a delivery; after the last it is given up. */
  readonly retryMillis?: ReadonlyArray<number>
  /** How long it waits before it looks again, in milliseconds. */
  readonly pauseMillis?: number
  /** How long the lease lasts without being renewed, in milliseconds: how soon another process takes over. */
  readonly leaseMillis?: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Some three days of attempts, as Standard Webhooks recommend: a weekend is not enough to lose anything. */
export const RETRY_MILLIS: ReadonlyArray<number> = [
  5 * SECOND,
  30 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR
]

const PAUSE_MILLIS = SECOND

const LEASE_MILLIS = 15 * SECOND

/** The events that are read, and the deliveries that are sent, at once. */
const PAGE = 500
const SENT_AT_ONCE = 100
const TARGETS_AT_ONCE = 8

/** How long an attempt may take: no longer than a server that is asked to stop may take. */
const ATTEMPT_TIMEOUT = "10 seconds"

const tooLong = new DeliveryFailed({ reason: "It took longer than 10 seconds", lasting: false })

/**
 * Sends one delivery and takes down what became of it; whether it arrived. Who is asked to stop meanwhile does so once
 * that is known, so that nothing is sent twice because somebody restarts a server.
 */
const sendOf = (consumer: Consumer, deliveries: Deliveries["Service"], retries: number) => (delivery: Delivery) =>
  consumer.send(delivery).pipe(
    Effect.timeoutOrElse({ duration: ATTEMPT_TIMEOUT, orElse: () => Effect.fail(tooLong) }),
    Effect.forkDetach({ startImmediately: true }),
    Effect.flatMap(Fiber.join),
    Effect.matchEffect({
      onSuccess: () => Effect.as(deliveries.end(delivery.id, "sent", null), true),
      onFailure: ({ reason, lasting }) => {
        const over = lasting || delivery.attempts > retries
        return Effect.as(deliveries.end(delivery.id, over ? "dead" : "pending", reason), false)
      }
    }),
    Effect.uninterruptible
  )

/** How long one target may be sent to before the others get their turn again, in milliseconds. */
const TURN_MILLIS = 5 * SECOND

/** Sends what is due for one target, in order, until one fails or the turn is over; the rest is left for the next. */
const sendTurn = (all: ReadonlyArray<Delivery>, send: ReturnType<typeof sendOf>) =>
  Effect.gen(function* () {
    const deliveries = yield* Deliveries
    const end = (yield* Clock.currentTimeMillis) + TURN_MILLIS
    for (const [nth, one] of all.entries()) {
      const arrived = yield* send(one)
      if (arrived && (yield* Clock.currentTimeMillis) < end) continue
      const rest = all.slice(nth + 1).map(({ id }) => id)
      if (rest.length > 0) yield* deliveries.untried(rest)
      return
    }
  })

/** Sends what is due, to several targets at once. */
const sendDue = (consumer: Consumer, owner: string, retryMillis: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const deliveries = yield* Deliveries
    const due = yield* deliveries.begin(consumer.name, owner, SENT_AT_ONCE, retryMillis)
    const send = sendOf(consumer, deliveries, retryMillis.length)
    yield* Effect.forEach(Map.groupBy(due, ({ target }) => target).values(), (all) => sendTurn(all, send), {
      concurrency: TARGETS_AT_ONCE,
      discard: true
    })
    return due.length
  })

/** Works for a consumer as long as the lease is held. */
const work = (consumer: Consumer, owner: string, kept: Kept, options: Required<CourierOptions>) =>
  Effect.gen(function* () {
    const deliveries = yield* Deliveries
    const { read } = yield* Inventory
    const notes = new Map(kept.notes)
    let cursor: FeedCursor
    if (kept.cursor === null) {
      // A new consumer begins with what comes next.
      cursor = yield* read.head
      yield* deliveries.keep(consumer.name, owner, { cursor })
    } else cursor = kept.cursor
    for (;;) {
      // The end is looked up first: what comes after it is read once somebody wants it.
      const end = consumer.isIdle === undefined ? undefined : yield* read.head
      if (consumer.isIdle !== undefined && end !== undefined && (yield* consumer.isIdle)) {
        if (feedCursorText(end) !== feedCursorText(cursor))
          yield* deliveries.keep(consumer.name, owner, { cursor: end })
        cursor = end
      }
      const events = yield* read.events(cursor, PAGE)
      const now = yield* Clock.currentTimeMillis
      const made = yield* consumer.collect(events, notes, now)
      cursor = events.reduce<FeedCursor>(advance, cursor)
      if (events.length > 0 || (made.notes?.size ?? 0) > 0 || (made.deliveries?.length ?? 0) > 0) {
        yield* deliveries.keep(consumer.name, owner, { ...made, cursor })
        for (const [key, note] of made.notes ?? []) {
          if (note === null) notes.delete(key)
          else notes.set(key, note)
        }
      }
      const sent = yield* sendDue(consumer, owner, options.retryMillis)
      if (events.length < PAGE && sent < SENT_AT_ONCE) yield* Effect.sleep(options.pauseMillis)
    }
  })

/**
 * Runs a consumer without end. What the store says about not being available is waited out; it never fails.
 *
 * Guaranteed: each event reaches `collect` with its effects kept exactly once, across restarts and processes, and a
 * delivery is sent at least once. It is sent twice only if the process dies, or loses its lease, between the other
 * end's taking it and this side's taking that down.
 */
export const courier = (
  consumer: Consumer,
  settings: CourierOptions = {}
): Effect.Effect<never, never, Deliveries | Inventory> =>
  Effect.gen(function* () {
    const options = {
      retryMillis: RETRY_MILLIS,
      pauseMillis: PAUSE_MILLIS,
      leaseMillis: LEASE_MILLIS,
      ...settings
    }
    const deliveries = yield* Deliveries
    const owner = uuidV7(yield* Clock.currentTimeMillis)
    const { name } = consumer
    const serve = Effect.gen(function* () {
      const kept = yield* deliveries.take(name, owner, options.leaseMillis)
      if (Option.isNone(kept)) return
      yield* deliveries.tidy(name)
      const renewing = Effect.forever(
        Effect.andThen(
          Effect.sleep(options.leaseMillis / 3),
          Effect.suspend(() => deliveries.renew(name, owner, options.leaseMillis))
        )
      )
      return yield* Effect.raceFirst(work(consumer, owner, kept.value, options), renewing)
    }).pipe(
      Effect.ensuring(Effect.ignore(deliveries.release(name, owner))),
      Effect.catchCause((cause) => Effect.logWarning(`${name} goes on in a moment`, cause))
    )
    return yield* Effect.forever(Effect.andThen(serve, Effect.sleep(options.pauseMillis)))
  })
