// Whatever is done to transfers between sales, receipts and holds: no unit is lost, doubled or kept claimed by them.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import {
  type CommandMethods,
  type Condition,
  commandsOver,
  conditions,
  isCondition,
  LocationId,
  type Memory,
  makeMemoryStore,
  openInTransit,
  ProductId,
  type TransferId
} from "../src/index.ts"
import { verifyMemory } from "../src/MemoryQueries.ts"

const products = ["mug", "tea"].map((id) => ProductId.make(id))
const locations = ["depot", "shop"].map((id) => LocationId.make(id))

const HISTORIES = 300
/** Each of these is a history and what is tried after it. */
const ROUND_TRIPS = 120

const product = fc.constantFrom(...products)
const place = fc.constantFrom(...locations)
const quantity = fc.integer({ min: 1, max: 6 })
const lot = fc.constantFrom("A", "B")
const stockLine = fc.record({ product, location: place, lot, quantity })
const someLot = fc.option(lot, { nil: undefined })
const transferLines = fc.array(fc.record({ product, lot: someLot, quantity }), { minLength: 1, maxLength: 3 })
const arrived = fc.array(
  fc.record({
    line: fc.integer({ min: 1, max: 3 }),
    quantity: fc.integer({ min: 1, max: 3 }),
    condition: fc.constantFrom<Condition>(...conditions)
  }),
  { minLength: 1, maxLength: 2 }
)
const pick = fc.nat({ max: 3 })
const verb = fc.constantFrom(
  ...(["ready", "release", "dispatch", "dispatch", "complete", "cancel", "closeShort", "letGo"] as const)
)

const step = fc.oneof(
  { arbitrary: fc.record({ _tag: fc.constant("stock" as const), line: stockLine, sale: fc.boolean() }), weight: 3 },
  { arbitrary: fc.record({ _tag: fc.constant("hold" as const), line: stockLine }), weight: 1 },
  {
    arbitrary: fc.record({
      _tag: fc.constant("create" as const),
      back: fc.boolean(),
      lines: transferLines,
      draft: fc.boolean()
    }),
    weight: 3
  },
  { arbitrary: fc.record({ _tag: fc.constant("receive" as const), pick, lines: arrived }), weight: 3 },
  { arbitrary: fc.record({ _tag: fc.constant("do" as const), pick, verb }), weight: 6 }
)
type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

interface World {
  readonly inventory: CommandMethods
  readonly memory: Memory
  readonly transfers: Array<TransferId>
}

const world = Effect.gen(function* () {
  const { store, memory } = yield* makeMemoryStore({ shards: 3 })
  // Without an engine: what is tried here is what is decided, command by command.
  const inventory = commandsOver((submission) =>
    Effect.flatMap(Effect.orDie(store.transact([submission])), ([outcome]) =>
      outcome === undefined ? Effect.die("no outcome") : Effect.succeed(outcome)
    )
  )
  for (const id of locations) yield* inventory.createLocation({ id, name: id })
  for (const id of products) yield* inventory.createProduct({ id, sku: id, name: id, lotTracked: true })
  for (const location of locations) {
    for (const product of products) {
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, lot: "B", quantity: 8 }] })
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, lot: "A", quantity: 4 }] })
    }
  }
  const made: World = { inventory, memory, transfers: [] }
  return made
})

/** The payload of a non-empty list, each without the fields that are undefined. */
const asLines = (lines: ReadonlyArray<{ product: ProductId; lot?: string | undefined; quantity: number }>) => {
  const [first, ...rest] = lines.map(({ lot, ...line }) => (lot === undefined ? line : { ...line, lot }))
  assert(first !== undefined)
  return [first, ...rest] as const
}

const create = ({ inventory, transfers }: World, asked: Extract<Step, { _tag: "create" }>) => {
  const [origin, destination] = asked.back ? [locations[1]!, locations[0]!] : [locations[0]!, locations[1]!]
  return inventory
    .createTransfer({ origin, destination, lines: asLines(asked.lines), draft: asked.draft })
    .pipe(Effect.tap(({ id }) => Effect.sync(() => transfers.push(id))))
}

/** Does a step; what is refused changes nothing, and the next one goes on from there. */
const act = (given: World, asked: Step): Effect.Effect<unknown, unknown> => {
  const { inventory, memory, transfers } = given
  if (asked._tag === "stock")
    return inventory.recordMovements({ lines: [{ kind: asked.sale ? "sale" : "receipt", ...asked.line }] })
  if (asked._tag === "hold") return inventory.holdStock({ lines: [asked.line], ttlMillis: 60_000 })
  if (asked._tag === "create") return create(given, asked)
  const id = transfers[transfers.length - 1 - asked.pick]
  const transfer = id && memory.tables.transfers.get(id)
  if (id === undefined || transfer === undefined) return Effect.void
  const atOrigin = { transfer: id, origin: transfer.origin }
  const atDestination = { transfer: id, destination: transfer.destination }
  if (asked._tag === "receive") {
    const [first, ...rest] = asked.lines
    return first === undefined ? Effect.void : inventory.receiveTransfer({ ...atDestination, lines: [first, ...rest] })
  }
  const [claim] = transfer.lines.flatMap(({ claims }) => claims)
  const verbs = {
    ready: () => inventory.readyTransfer(atOrigin),
    release: () => inventory.releaseTransfer(atOrigin),
    dispatch: () => inventory.dispatchTransfer(atOrigin),
    complete: () => inventory.completeTransfer(atDestination),
    cancel: () => inventory.cancelTransfer(atOrigin),
    closeShort: () => inventory.closeTransferShort({ ...atDestination, reason: "lost" }),
    letGo: () =>
      claim === undefined ? Effect.void : inventory.releaseClaims({ location: transfer.origin, claims: [claim] })
  }
  return verbs[asked.verb]()
}

/** Every balance without the numbers that count its entries. */
const stockOf = ({ memory }: World) =>
  [...memory.balances.values()]
    .map(({ version: _, claimVersion: __, ...stock }) => stock)
    .filter((stock) => [...conditions, "held" as const, "committed" as const].some((field) => stock[field] !== 0))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

const openClaimsOf = ({ memory }: World) =>
  [...memory.claims.values()].filter(({ state }) => state === "held" || state === "committed")

const sum = <A>(items: Iterable<A>, of: (item: A) => number) => [...items].reduce((total, item) => total + of(item), 0)

/** Stock in transit is what open transfers carry, each unit once; and all places together hold nothing. */
const checkConservation = ({ memory }: World) => {
  for (const product of products) {
    const moved = memory.movements.filter((movement) => movement.product === product)
    const net = (is: (place: string) => boolean) =>
      sum(moved, ({ from, to, quantity }) => (is(to) ? quantity : 0) - (is(from) ? quantity : 0))
    const carried = sum(memory.tables.transfers.values(), ({ lines }) =>
      sum(lines, (line) => (line.product === product ? openInTransit(line) : 0))
    )
    assert.strictEqual(
      net((place) => place === "transit"),
      carried
    )
    const onHand = sum(memory.balances.values(), (balance) =>
      balance.product === product ? sum(conditions, (condition) => balance[condition]) : 0
    )
    assert.strictEqual(onHand + net((place) => !conditions.some((condition) => condition === place)), 0)
  }
}

/** What the lines say is what the ledger says, and only ready transfers claim. */
const checkLines = (given: World) => {
  for (const { id, state, origin, lines } of given.memory.tables.transfers.values()) {
    const moved = given.memory.movements.filter(({ source }) => source?.id === id)
    const told = {
      shipped: moved.filter(({ to }) => to === "transit"),
      received: moved.filter(({ to, location }) => location !== origin && isCondition(to) && to !== "damaged"),
      damaged: moved.filter(({ to, location }) => location !== origin && to === "damaged"),
      lost: moved.filter(({ to }) => to === "adjustment"),
      returned: moved.filter(({ to, location }) => location === origin && to === "sellable")
    }
    for (const field of Object.keys(told) as ReadonlyArray<keyof typeof told>) {
      assert.strictEqual(
        sum(told[field], ({ quantity }) => quantity),
        sum(lines, (line) => line[field]),
        field
      )
    }
    for (const line of lines) assert.isAtLeast(openInTransit(line), 0)
    const onItsWay = sum(lines, openInTransit) > 0
    assert.strictEqual(onItsWay, state === "inTransit" || state === "partiallyReceived")
    const claims = openClaimsOf(given).filter(({ source }) => source?.id === id)
    if (state !== "ready") assert.deepStrictEqual(claims, [])
  }
}

/** Runs a property on a new world after a random history. */
const after = (numRuns: number, check: (given: World, next: ReadonlyArray<Step>) => Effect.Effect<unknown>) =>
  fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40, size: "max" }),
      fc.array(step, { maxLength: 8 }),
      (history, next) =>
        Effect.runPromise(
          Effect.gen(function* () {
            const given = yield* world
            for (const asked of history) yield* Effect.option(act(given, asked))
            yield* check(given, next)
          })
        )
    ),
    { numRuns }
  )

describe("after any history of transfers, sales, receipts and holds", () => {
  it("every unit is somewhere once, and the lines say what the ledger says", async () => {
    const seen = new Set<string>()
    await after(HISTORIES, (given) =>
      Effect.sync(() => {
        for (const { state } of given.memory.tables.transfers.values()) seen.add(state)
        checkConservation(given)
        checkLines(given)
        assert.deepStrictEqual(verifyMemory(given.memory).differences, [])
      })
    )
    assert.strictEqual(seen.size, 7, "a state that no history reaches proves nothing")
  })

  for (const [title, verbs] of [
    ["cancel after ready", ["cancel"]],
    ["release after ready", ["release"]],
    ["cancel after dispatch", ["dispatch", "cancel"]]
  ] as const) {
    it(`${title} restores every balance and claim exactly`, async () => {
      let tried = 0
      await after(ROUND_TRIPS, (given, next) =>
        Effect.gen(function* () {
          for (const asked of next) {
            if (asked._tag !== "create") continue
            const before = [stockOf(given), openClaimsOf(given)]
            const created = yield* Effect.option(create(given, { ...asked, draft: false }))
            if (Option.isNone(created)) continue
            tried++
            for (const verb of verbs) yield* Effect.orDie(act(given, { _tag: "do", pick: 0, verb }))
            assert.deepStrictEqual([stockOf(given), openClaimsOf(given)], before)
          }
        })
      )
      assert.isAbove(tried, ROUND_TRIPS / 8)
    })
  }
})
