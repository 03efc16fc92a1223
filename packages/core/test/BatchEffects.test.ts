// What the commands of a batch leave for each other and for the ledger: levels that are told, rows that are loaded for
// the later ones, and writes in the order of locking.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Exit, Result, Schema } from "effect"
import {
  CartId,
  ClaimId,
  type CommandDefinition,
  type CommandName,
  commands,
  decideBatch,
  define,
  type Loaded,
  LocationId,
  makeMemoryStore,
  type PayloadOf,
  ProductId,
  payloadTextOf,
  type Submission,
  type WrittenCommand
} from "../src/index.ts"

const [mug, bowl] = [ProductId.make("mug"), ProductId.make("bowl")]
const shop = LocationId.make("shop")

const submit = (definition: CommandDefinition, payload: unknown, key: string): Submission => {
  const payloadText = payloadTextOf(definition, payload)
  return { key, definition, payload, payloadText, id: key, actor: null, occurredAt: null }
}
const send = <K extends CommandName>(command: K, payload: PayloadOf<K>, key: string) =>
  submit(commands[command], payload, key)

const receive = (product: ProductId, quantity: number, key: string) =>
  send("recordMovements", { lines: [{ kind: "receipt", product, location: shop, quantity }] }, key)
const sell = (product: ProductId, quantity: number, key: string) =>
  send("recordMovements", { lines: [{ kind: "sale", product, location: shop, quantity }] }, key)
const hold = (product: ProductId, quantity: number, ttlMillis: number, key: string) =>
  send("holdStock", { lines: [{ product, location: shop, quantity }], ttlMillis }, key)

const price = { amount: 950, currency: "USD" }
const setUp = [
  send("createLocation", { id: shop, name: "Shop" }, "location"),
  send("createProduct", { id: mug, sku: "MUG", name: "Mug", price }, "mug"),
  send("createProduct", { id: bowl, sku: "BOWL", name: "Bowl", price }, "bowl")
]

const opened = Effect.gen(function* () {
  const { store, memory } = yield* makeMemoryStore()
  yield* store.transact(setUp)
  const told = (key: string) =>
    memory.events.flatMap(({ command, event }) =>
      command === key && event._tag === "StockChanged"
        ? event.levels.map(({ product, onHand, available }) => [product, onHand, available])
        : []
    )
  return { store, memory, told }
})

const nothing: Loaded = {
  rows: [],
  balances: [],
  claims: [],
  holdings: [],
  movements: [],
  recounts: [],
  known: []
}
const opening = { shards: 1, heads: new Map([[0, 0]]), micros: 1_000_000 }

describe("a command of a batch", () => {
  it.effect("tells the levels of what it changed and of nothing else, and tells nothing when it is refused", () =>
    Effect.gen(function* () {
      const { store, memory, told } = yield* opened
      yield* store.transact([
        receive(mug, 9, "a"),
        receive(bowl, 5, "b"),
        hold(mug, 2, 60_000, "c"),
        sell(bowl, 6, "d"),
        hold(bowl, 1, 60_000, "e"),
        send("releaseClaims", { location: shop, claims: [ClaimId.make("c-0")] }, "f")
      ])
      assert.deepStrictEqual(["a", "b", "c", "d", "e", "f"].map(told), [
        [[mug, 9, 9]],
        [[bowl, 5, 5]],
        [[mug, 9, 7]],
        [],
        [[bowl, 5, 4]],
        [[mug, 9, 9]]
      ])
      assert.deepStrictEqual([...memory.claims.values()].map(({ id, state }) => [id, state]).toSorted(), [
        ["c-0", "released"],
        ["e-0", "held"]
      ])
    })
  )

  it.effect("that is refused has its place in the ledger, and its refusal is kept", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* opened
      const [outcome] = yield* store.transact([sell(mug, 1, "early")])
      assert(outcome?._tag === "Refused")
      assert.deepStrictEqual([outcome.replayed, outcome.at], [false, { shard: 0, seq: 4 }])
      assert.deepInclude(memory.commands.get("early"), { outcome: "refused", seq: 4, tag: "RecordMovements" })
      const [again] = yield* store.transact([sell(mug, 1, "early")])
      assert(again?._tag === "Refused")
      assert.isTrue(again.replayed)
    })
  )

  it.effect("finds what the earlier ones made, and all that it needs for that", () =>
    Effect.gen(function* () {
      const { store, memory, told } = yield* opened
      yield* store.transact([receive(mug, 3, "stock"), hold(mug, 1, 1, "lapses")])
      const outcomes = yield* store.transact([
        send("openCart", { owner: "ann", lines: [{ product: mug, quantity: 2, mode: "add" }] }, "cart"),
        send("checkout", { cart: CartId.make("cart"), location: shop }, "order"),
        send("checkout", { cart: CartId.make("cart"), location: shop }, "order")
      ])
      assert.deepStrictEqual(
        outcomes.map((outcome) => [outcome._tag, outcome._tag === "Applied" && outcome.replayed]),
        [
          ["Applied", false],
          ["Applied", false],
          ["Applied", true]
        ]
      )
      assert.deepStrictEqual(told("order"), [[mug, 1, 0]])
      assert.strictEqual(memory.tables.orders.size, 1)
    })
  )

  it.effect("that looks at what its footprint does not name fails, and leaves the others alone", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* opened
      const Peeks = define("Peeks", {
        payload: {},
        reply: Schema.Null,
        refusals: [],
        footprint: () => ({ rows: [{ table: "locations" as const, id: shop }] }),
        decide: (slice) => {
          slice.row("products", bowl)
          return Result.succeed({ reply: null })
        }
      })
      const outcomes = yield* store.transact([submit(Peeks, {}, "peeks"), receive(mug, 1, "after")])
      assert.deepStrictEqual(
        outcomes.map(({ _tag }) => _tag),
        ["Failed", "Applied"]
      )
      const [failed] = outcomes
      const defect = String(failed?._tag === "Failed" && failed.defect)
      assert.match(defect, /looks at products bowl, which its footprint does not name/)
      assert.isFalse(memory.commands.has("peeks"))
    })
  )
})

describe("a batch", () => {
  it.effect("gives up on a footprint that always names something new", () =>
    Effect.gen(function* () {
      const Restless = define("Restless", {
        payload: {},
        reply: Schema.Null,
        refusals: [],
        footprint: (_, slice) => {
          const rows = Array.from({ length: 20 }, (_, index) => ({ table: "names" as const, id: `n${index}` }))
          const known = rows.findIndex(({ table, id }) => slice.row(table, id) === undefined)
          return { rows: rows.slice(0, known + 1) }
        },
        decide: () => Result.succeed({ reply: null })
      })
      let rounds = 0
      const load = ({ rows = [] }: { readonly rows?: ReadonlyArray<{ readonly id: string }> }) =>
        Effect.sync((): Loaded => {
          rounds++
          const found = rows.map(({ id }) => ({ table: "names" as const, row: { id, version: 1, target: id } }))
          return { ...nothing, rows: found }
        })
      const exit = yield* Effect.exit(decideBatch([submit(Restless, {}, "k")], opening, load))
      assert(Exit.hasDies(exit))
      assert.match(String(exit), /footprint never settles/)
      assert.isAtMost(rounds, 8)
    })
  )

  it.effect("writes balances, claims and rows in the order of their keys, whatever came first", () =>
    Effect.gen(function* () {
      const { memory } = yield* opened
      const rows = [
        ...[...memory.tables.products.values()].map((row) => ({ table: "products" as const, row })),
        ...[...memory.tables.locations.values()].map((row) => ({ table: "locations" as const, row }))
      ]
      const batch = [
        send("updateProduct", { product: mug, expected: 1, name: "Big mug" }, "z"),
        receive(mug, 5, "y"),
        receive(bowl, 5, "x"),
        hold(mug, 1, 60_000, "w"),
        hold(bowl, 1, 60_000, "v"),
        send("updateProduct", { product: bowl, expected: 1, name: "Big bowl" }, "u"),
        send("updateProduct", { product: mug, expected: 2, name: "Mug" }, "t")
      ]
      const asked: Array<ReadonlyArray<string>> = []
      const { writes } = yield* decideBatch(batch, opening, ({ keys }) => {
        asked.push(keys)
        return Effect.succeed({ ...nothing, rows })
      })
      assert.deepStrictEqual(asked[0], ["t", "u", "v", "w", "x", "y", "z"])
      assert.deepStrictEqual(
        writes.balances.map(({ balance }) => balance.product),
        [bowl, mug]
      )
      assert.deepStrictEqual(
        writes.claims.map(({ id }) => String(id)),
        ["v-0", "w-0"]
      )
      const changed = writes.rows.filter(({ table }) => table === "products")
      assert.deepStrictEqual(
        changed.map(({ id, before, row }) => [id, before, row?.version]),
        [
          ["bowl", 1, 2],
          ["mug", 1, 3]
        ]
      )
    })
  )

  it.effect("writes lapsed holds down first, by one command of its own for each location", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* opened
      yield* store.transact([receive(mug, 9, "stock"), hold(mug, 1, 1, "late"), hold(mug, 2, 1, "early")])
      memory.lastMicros += 5_000
      yield* store.transact([sell(mug, 9, "all")])
      const [expiry] = [...memory.commands.values()].filter(({ tag }) => tag === "ExpireClaims")
      assert.match(expiry?.key ?? "", /^expire:early-0:\d+$/)
      assert.deepStrictEqual(expiry?.reply, { expired: ["early-0", "late-0"] })
      assert.isBelow(expiry?.seq ?? 0, memory.commands.get("all")?.seq ?? 0)
      assert.strictEqual(memory.commands.get("all")?.outcome, "applied")
    })
  )

  it.effect(
    "hands what is decided to a store that writes ahead, each command once and in order, one part at a time",
    () =>
      Effect.gen(function* () {
        const keys = Array.from({ length: 900 }, (_, index) => `key-${String(index).padStart(3, "0")}`)
        const batch = keys.map((key) => send("createLocation", { id: LocationId.make(key), name: key }, key))
        const parts: Array<ReadonlyArray<WrittenCommand>> = []
        let writing = 0
        const ahead = (part: ReadonlyArray<WrittenCommand>) =>
          Effect.gen(function* () {
            assert.strictEqual(++writing, 1, "two parts at a time")
            yield* Effect.yieldNow
            parts.push(part)
            writing--
          })
        const load = () => Effect.succeed(nothing)
        const { writes, outcomes } = yield* decideBatch(batch, opening, load, ahead)
        assert.strictEqual(writing, 0, "a part is still being written")
        assert.strictEqual(outcomes.length, 900)
        assert.isAbove(parts.length, 1)
        assert.deepStrictEqual(
          [...parts.flat(), ...writes.commands].map(({ record }) => record.key),
          keys
        )
        const whole = yield* decideBatch(batch, opening, load)
        assert.strictEqual(whole.writes.commands.length, 900)
      })
  )
})

describe("the recorded time", () => {
  it.effect("of a command is when it was decided, unless its caller says when it happened", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* opened
      const occurredAt = DateTime.makeUnsafe("2020-02-02T10:00:00Z")
      yield* store.transact([receive(mug, 1, "now"), { ...receive(mug, 1, "then"), occurredAt }])
      const [now, then] = memory.movements
      assert.deepStrictEqual(now?.occurredAt, now?.recordedAt)
      assert.deepStrictEqual([then?.occurredAt, then?.recordedAt], [occurredAt, now?.recordedAt])
    })
  )
})
