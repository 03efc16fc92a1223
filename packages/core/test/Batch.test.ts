// A batch is its commands one after the other on one slice: each sees what the earlier ones did, a refusal or a defect
// of one is nobody else's, and what is written says exactly what changed.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Result, Schema } from "effect"
import {
  type CommandDefinition,
  commands,
  decideBatch,
  define,
  emptyBalance,
  type Loaded,
  LocationId,
  makeMemoryStore,
  type NewMovement,
  ProductId,
  payloadTextOf,
  put,
  type Submission,
  shardOf,
  shardsOf
} from "../src/index.ts"

const product = ProductId.make("mug")
const location = LocationId.make("shop")

const submit = (definition: CommandDefinition, payload: unknown, key: string): Submission => ({
  key,
  definition,
  payload,
  payloadText: payloadTextOf(definition, payload),
  id: key,
  actor: null,
  occurredAt: null
})
const move = (kind: "receipt" | "sale", quantity: number, key: string) =>
  submit(commands.recordMovements, { lines: [{ kind, product, location, quantity }] }, key)
const setUp = [
  submit(commands.createLocation, { id: location, name: "Shop" }, "location"),
  submit(commands.createProduct, { id: product, sku: "MUG", name: "Mug" }, "product")
]

const Breaks = define("Breaks", {
  payload: {},
  reply: Schema.Null,
  refusals: [],
  footprint: () => ({}),
  decide: () => {
    throw new Error("a bug in a decision")
  }
})

const told = { reason: null, source: null, unitCost: null }

/** A command that decides on these movements, whatever there is. */
const moves = (tag: string, movement: NewMovement) =>
  define(tag, {
    payload: {},
    reply: Schema.Null,
    refusals: [],
    locations: () => [location],
    footprint: () => ({ stock: [{ product, location }] }),
    decide: () => Result.succeed({ reply: null, movements: [movement] })
  })

/** A decision that would leave less than nothing on the shelf. */
const Unsound = moves("Unsound", {
  ...{ kind: "sale", product, location, lot: "", from: "sellable", to: "customer", quantity: 99 },
  ...told
})

/** A decision that would put goods under a lot that nobody ever received. */
const LotUnknown = moves("LotUnknown", {
  ...{ kind: "receipt", product, location, lot: "A", from: "supplier", to: "sellable", quantity: 1 },
  ...told
})

/** A decision that writes a location as if it had read another version of it. */
const SkipsVersion = define("SkipsVersion", {
  payload: {},
  reply: Schema.Null,
  refusals: [],
  footprint: () => ({ rows: [{ table: "locations" as const, id: location }] }),
  decide: (_, __, { now }) =>
    Result.succeed({
      reply: null,
      rows: [
        put("locations", {
          id: location,
          name: "Shop",
          address: "",
          timeZone: "UTC",
          status: "active",
          version: 7,
          createdAt: now
        })
      ]
    })
})

describe("a batch", () => {
  it.effect("lets each command see what the earlier ones did, and refuses only what is impossible then", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* makeMemoryStore()
      const batch = [move("sale", 1, "a"), move("receipt", 3, "b"), move("sale", 2, "c"), move("sale", 2, "d")]
      const outcomes = yield* store.transact([...setUp, ...batch])
      assert.deepStrictEqual(
        outcomes.map(({ _tag }) => _tag),
        ["Applied", "Applied", "Refused", "Applied", "Applied", "Refused"]
      )
      assert.deepStrictEqual(
        memory.movements.map(({ seq, line, version, onHandAfter }) => [seq, line, version, onHandAfter]),
        [
          [4, 0, 1, 3],
          [5, 0, 2, 1]
        ]
      )
      assert.strictEqual(memory.heads.get(0), 6)
    })
  )

  it.effect("answers a key that comes twice in it from the first", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* makeMemoryStore()
      const outcomes = yield* store.transact([...setUp, move("receipt", 1, "a"), move("receipt", 1, "a")])
      assert.deepStrictEqual(
        outcomes.map((outcome) => outcome._tag === "Applied" && outcome.replayed),
        [false, false, false, true]
      )
      assert.strictEqual(memory.movements.length, 1)
    })
  )

  it.effect.each([
    ["a bug", Breaks],
    ["an unsound balance", Unsound],
    ["a lot without a row", LotUnknown],
    ["a skipped version", SkipsVersion]
  ] as ReadonlyArray<readonly [string, CommandDefinition]>)(
    "fails a command of %s, which leaves no trace, and applies the others",
    ([, definition]) =>
      Effect.gen(function* () {
        const { store, memory } = yield* makeMemoryStore()
        const outcomes = yield* store.transact([
          ...setUp,
          submit(definition, {}, "broken"),
          move("receipt", 1, "after")
        ])
        assert.deepStrictEqual(
          outcomes.map(({ _tag }) => _tag),
          ["Applied", "Applied", "Failed", "Applied"]
        )
        assert.isFalse(memory.commands.has("broken"))
        assert.strictEqual(memory.heads.get(0), 3)
        assert.deepStrictEqual(
          memory.movements.map(({ command, seq }) => [command, seq]),
          [["after", 3]]
        )
      })
  )

  it.effect("writes each balance and row once, with the versions they had before", () =>
    Effect.gen(function* () {
      const nothing: Loaded = {
        rows: [],
        balances: [],
        claims: [],
        holdings: [],
        movements: [],
        recounts: [],
        known: []
      }
      const known = { ...emptyBalance({ product, location, lot: "" }), sellable: 5, version: 4, claimVersion: 2 }
      const { store, memory } = yield* makeMemoryStore()
      yield* store.transact(setUp)
      const rows = [
        { table: "products" as const, row: [...memory.tables.products.values()][0]! },
        { table: "locations" as const, row: [...memory.tables.locations.values()][0]! }
      ]
      const opening = { shards: 1, heads: new Map([[0, 10]]), micros: 1_000_000_500 }
      const { writes } = yield* decideBatch([move("sale", 1, "a"), move("sale", 2, "b")], opening, ({ stock = [] }) =>
        Effect.succeed(stock.length === 0 ? { ...nothing, rows } : { ...nothing, rows, balances: [known] })
      )
      assert.deepStrictEqual(
        writes.balances.map(({ balance, version, claimVersion }) => [balance.sellable, version, claimVersion]),
        [[2, 4, 2]]
      )
      assert.deepStrictEqual([...writes.heads], [[0, 12]])
      assert.deepStrictEqual(
        writes.commands.map(({ record }) => [record.seq, record.recordedMicros]),
        [
          [11, 1_000_000_500],
          [12, 1_000_000_501]
        ]
      )
      assert.strictEqual(DateTime.toEpochMillis(writes.commands[0]!.movements[0]!.recordedAt), 1_000_000)
      assert.strictEqual(writes.micros, 1_000_000_502)
    })
  )
})

describe("shards", () => {
  it("are those of a command's locations, ascending and once each; the first when it names none", () => {
    const at = (...ids: ReadonlyArray<string>) =>
      submit(
        commands.recordMovements,
        { lines: ids.map((id) => ({ kind: "receipt", product, location: LocationId.make(id), quantity: 1 })) },
        "key"
      )
    const shards = shardsOf(at("a", "b", "c", "d", "a"), 4)
    assert.deepStrictEqual(shards, [...new Set(shards)].toSorted())
    for (const id of ["a", "b", "c", "d"]) assert.include(shards, shardOf(LocationId.make(id), 4))
    assert.deepStrictEqual(shardsOf(submit(commands.openCart, {}, "key"), 4), [0])
  })

  it("of a location never change, because every ledger was written by them", () => {
    const shardsOfIds = ["shop", "depot", "1", "Zürich"].map((id) => shardOf(LocationId.make(id), 64))
    assert.deepStrictEqual(shardsOfIds, [41, 29, 28, 61])
    assert.strictEqual(shardOf(LocationId.make("shop"), 1), 0)
  })
})
