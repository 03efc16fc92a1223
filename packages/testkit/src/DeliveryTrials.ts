/**
 * Trials of whoever keeps deliveries: one owner at a time, all of what is kept or nothing, each attempt counted. Each
 * takes a consumer of its own, so they share a keeper. They wait on the clock for a few milliseconds.
 */
import { Deliveries, type DeliveriesShape, LeaseLost, MOST_OF_A_TARGET } from "@onhand/core"
import { Effect, Option } from "effect"

/** A keeper does not what it should. */
const ensure = (holds: boolean, otherwise: string) =>
  holds ? Effect.void : Effect.die(new Error(`Deliveries: ${otherwise}`))

const LONG = 600_000
const made = (...ids: ReadonlyArray<string>) => ids.map((id) => ({ id, target: "a", body: { text: id } }))

const idsOf = (deliveries: ReadonlyArray<{ readonly id: string }>) => deliveries.map(({ id }) => id)

const lost = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(effect), (error) => error instanceof LeaseLost)

const oneOwner = (keeper: DeliveriesShape, consumer: string) =>
  Effect.gen(function* () {
    const first = yield* keeper.take(consumer, "one", LONG)
    yield* ensure(Option.isSome(first) && first.value.cursor === null, "a consumer begins without a place")
    yield* ensure(Option.isSome(yield* keeper.take(consumer, "one", LONG)), "its owner may take it again")
    yield* ensure(Option.isNone(yield* keeper.take(consumer, "two", LONG)), "nobody else may while it is leased")
    const others = [
      keeper.keep(consumer, "two", { deliveries: made(`${consumer}-x`), notes: new Map([["x", 1]]) }),
      keeper.renew(consumer, "two", LONG),
      keeper.begin(consumer, "two", 10, [0])
    ]
    for (const other of others) yield* ensure(yield* lost(other), "who is not the owner is told so")
    yield* keeper.release(consumer, "two")
    yield* ensure(Option.isNone(yield* keeper.take(consumer, "two", LONG)), "only its owner gives it back")
    yield* keeper.renew(consumer, "one", 1)
    yield* Effect.sleep(20)
    yield* ensure(yield* lost(keeper.renew(consumer, "one", LONG)), "a lease that is over is lost")
    const second = yield* keeper.take(consumer, "two", LONG)
    yield* ensure(Option.isSome(second) && second.value.notes.size === 0, "what a stranger said was not kept")
    yield* ensure((yield* keeper.begin(consumer, "two", 10, [0])).length === 0, "nor made a delivery")
    yield* keeper.release(consumer, "two")
    yield* ensure(Option.isSome(yield* keeper.take(consumer, "one", LONG)), "what is given back is free at once")
  })

const keptTogether = (keeper: DeliveriesShape, consumer: string) =>
  Effect.gen(function* () {
    const [a, b] = [`${consumer}-a`, `${consumer}-b`]
    yield* keeper.take(consumer, "one", LONG)
    const cursor = { 0: { seq: 7, line: 2 }, 3: { seq: 1, line: 0 } }
    const notes = new Map([
      ["left", { count: 1 }],
      ["gone", { count: 2 }]
    ])
    yield* keeper.keep(consumer, "one", { cursor, notes, deliveries: made(a, b) })
    yield* keeper.keep(consumer, "one", {
      notes: new Map([
        ["left", { count: 3 }],
        ["gone", null]
      ]),
      deliveries: made(a)
    })
    const kept = Option.getOrThrow(yield* keeper.take(consumer, "one", LONG))
    yield* ensure(JSON.stringify(kept.cursor) === JSON.stringify(cursor), `the place is ${JSON.stringify(kept.cursor)}`)
    yield* ensure(JSON.stringify([...kept.notes]) === '[["left",{"count":3}]]', "a note is its last, or forgotten")
    const page = yield* keeper.list({ consumer }, { _tag: "Cursor", limit: 10 })
    yield* ensure(idsOf(page.items).toSorted().join() === `${a},${b}`, "an id that is there is not made again")
  })

const attempts = (keeper: DeliveriesShape, consumer: string) =>
  Effect.gen(function* () {
    const [a, b] = [`${consumer}-a`, `${consumer}-b`]
    yield* keeper.take(consumer, "one", LONG)
    yield* keeper.keep(consumer, "one", { deliveries: made(a, b) })
    const begin = keeper.begin(consumer, "one", 10, [0, LONG])
    const first = yield* begin
    yield* ensure(
      first.every(({ attempts, body }) => attempts === 1 && body !== null),
      "each begun counts one attempt"
    )
    yield* ensure(idsOf(first).toSorted().join() === `${a},${b}`, "both were due")
    yield* keeper.end(a, "sent", null)
    yield* keeper.end(b, "pending", "busy")
    const second = yield* begin
    yield* ensure(idsOf(second).join() === b && second[0]?.attempts === 2, "what failed is due again")
    yield* ensure(second[0]?.error === "busy", "with what was said")
    yield* ensure((yield* begin).length === 0, "after its delay, and not before")
    yield* keeper.untried([b])
    yield* ensure((yield* begin)[0]?.attempts === 2, "an attempt that was not made does not count")
    yield* keeper.end(b, "dead", "gone")
    const dead = yield* keeper.list({ consumer, state: "dead", target: "a" }, { _tag: "Cursor", limit: 1 })
    yield* ensure(idsOf(dead.items).join() === b && dead.items[0]?.error === "gone", "what was given up is listed")
    const again = yield* keeper.replay(consumer, "a", b)
    yield* ensure(again.state === "pending" && again.attempts === 0, "and can be sent again")
    yield* ensure(idsOf(yield* begin).join() === b, "at once")
    const foreign = yield* Effect.flip(keeper.replay(consumer, "b", b))
    yield* ensure(foreign._tag === "UnknownDelivery", "but not as another target's")
    yield* keeper.tidy(consumer)
    const all = yield* keeper.list({ consumer }, { _tag: "Numbered", page: 1, pageSize: 10 })
    yield* ensure(all.total === 2, "what was sent is kept for a while")
  })

const fairTurns = (keeper: DeliveriesShape, consumer: string) =>
  Effect.gen(function* () {
    yield* keeper.take(consumer, "one", LONG)
    const many = Array.from({ length: MOST_OF_A_TARGET + 5 }, (_, nth) => `${consumer}-${nth}`)
    const late = [{ id: `${consumer}-late`, target: "b", body: null }]
    yield* keeper.keep(consumer, "one", { deliveries: made(...many) })
    yield* keeper.keep(consumer, "one", { deliveries: late })
    const begun = yield* keeper.begin(consumer, "one", 100, [LONG])
    yield* ensure(begun.length === MOST_OF_A_TARGET + 1, `${begun.length} were begun`)
    yield* ensure(idsOf(begun).includes(`${consumer}-late`), "one target does not shut out another")
  })

/** What every keeper of deliveries does. */
export const deliveryTrials: Readonly<Record<string, Effect.Effect<void, unknown, Deliveries>>> = Object.fromEntries(
  Object.entries({
    "lets one serve a consumer at a time, and another once its time is over": oneOwner,
    "keeps a place, notes and deliveries together": keptTogether,
    "counts attempts, waits between them, gives up and begins again": attempts,
    "gives each target its turn": fairTurns
  }).map(([title, trial]) => [
    title,
    Effect.flatMap(Deliveries, (keeper) => trial(keeper, crypto.randomUUID().slice(0, 8)))
  ])
)
