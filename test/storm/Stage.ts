// Where a fault strikes: an inventory on a database of its own behind a proxy, a load on it, and a way past the proxy.
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert } from "@effect/vitest"
import { Inventory, type InventoryShape, Store } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Context, Effect, Layer, Redacted } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { Patience } from "../../packages/postgres/src/Transaction.ts"
import { checkLaws, keysOf } from "./LawCheck.ts"
import { DAILY_KINDS, type Diary, LONG_HOLD, stockShelves, underLoad } from "./Load.ts"
import { type CommitWay, startProxy, type TcpProxy } from "./TcpProxy.ts"

/** Several shards, so that batches run beside each other and some need two heads: each is a transaction. */
export const SEVERAL_SHARDS = 4

/** As most shops have it. Who has the only shard to himself commits a batch by one statement. */
export const ONE_SHARD = 1

/** Callers of a load: enough for batches of many commands. */
const CALLERS = 24

/** The name by which the server knows the connections of the inventory; those of the test itself have another. */
const STORE_NAME = "onhand"

/** What a fault has to work with. */
export interface Stage {
  /** The database as the inventory's role, past the proxy. */
  readonly url: string
  readonly proxy: TcpProxy
  /** A client of the database past the proxy. */
  readonly sql: SqlClient
  /** The inventory under load, for what is asked of it besides. */
  readonly inventory: InventoryShape
  readonly diary: Diary
  /** How this inventory commits most batches. */
  readonly way: CommitWay
  /** Keys of commands that are not the load's: those from before it, and what a fault submits itself. */
  readonly known: Set<string>
}

/** Something done to the database under load. It asserts that it really happened; else the run says nothing. */
export interface Fault {
  readonly name: string
  /**
   * What callers may hear of it: nothing at all; that the store is unavailable for a while; or also that the outcome
   * of a command is unknown for now.
   */
  readonly heard: "nothing" | "unavailable" | "anything"
  readonly strike: (stage: Stage) => Effect.Effect<void, unknown>
}

export interface StrikeOptions {
  readonly url: string
  /** The same database as the inventory's own role, if that is not the test's. */
  readonly storeUrl?: string
  readonly seed: string
  /** How often the fault strikes, each time under a load that had recovered. */
  readonly rounds: number
  readonly shards?: number
  readonly callers?: number
  readonly holdMillis?: number
  /** How long the store waits for a silent database, where a test cannot wait as long as a host would. */
  readonly patience?: (typeof Patience)["Service"]
}

/** Commands that must be answered before a fault strikes, and again before it strikes next. */
const BETWEEN_STRIKES = 60

/**
 * How PostgreSQL says that it is still starting, and how long the engine tries before its callers hear that. Where the
 * disk is so busy that recovery takes longer than this, being turned away is right.
 */
const STARTING = "57P03"
const TRIED_FOR = 10_000

/** A client of the test's own. */
export const clientOf = (url: string, maxConnections = 4) =>
  Effect.map(
    Layer.build(PgClient.layer({ url: Redacted.make(url), applicationName: "test", maxConnections })),
    (context) => Context.get(context, PgClient.PgClient)
  )

/** The inventory as a host has it. */
export const inventoryOver = (url: string, shards: number = SEVERAL_SHARDS) =>
  Inventory.layer.pipe(Layer.provideMerge(PostgresStore.layer({ url: Redacted.make(url), shards })))

/** The server's processes that serve the inventory. */
export const backendsOf = (sql: SqlClient) =>
  Effect.map(
    sql<{ readonly pid: number }>`SELECT pid FROM pg_stat_activity
      WHERE application_name = ${STORE_NAME} AND datname = current_database()`,
    (rows) => rows.map(({ pid }) => pid)
  )

/** Strikes a loaded inventory and checks every law afterwards. Gives the diary, and how long each recovery took. */
export const survive = (fault: Fault, options: StrikeOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { url, rounds, seed, shards = SEVERAL_SHARDS } = options
      const way: CommitWay = shards === ONE_SHARD ? "statement" : "transaction"
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(() => startProxy(options.storeUrl ?? url)),
        (one) => Effect.promise(one.close)
      )
      const sql = yield* clientOf(url)
      const patient = options.patience === undefined ? Layer.empty : Layer.succeed(Patience, options.patience)
      const context = yield* Layer.build(inventoryOver(proxy.url, shards).pipe(Layer.provide(patient)))
      const run = Effect.gen(function* () {
        const inventory = yield* Inventory
        const shelves = yield* stockShelves(options.holdMillis ?? LONG_HOLD)
        const known = yield* keysOf(sql)
        const recoveries: Array<number> = []
        const diary = yield* underLoad({ shelves, callers: options.callers ?? CALLERS, seed }, (one) =>
          Effect.gen(function* () {
            for (let round = 0; round < rounds; round++) {
              yield* one.untilAnswered(BETWEEN_STRIKES)
              const began = performance.now()
              yield* fault.strike({ url: options.storeUrl ?? url, proxy, sql, inventory, diary: one, way, known })
              yield* one.untilAnswered(1)
              recoveries.push(Math.round(performance.now() - began))
            }
            yield* one.untilAnswered(BETWEEN_STRIKES)
          })
        )
        const turnedAway = diary.unavailable
          .filter(({ cause }) => reasonOf(cause) !== STARTING || Math.max(...recoveries) < TRIED_FOR)
          .map(({ key, cause }) => `${key} by ${reasonOf(cause)}: ${String(cause)}`)
        if (fault.heard === "nothing") assert.deepStrictEqual(turnedAway, [], "nobody is turned away")
        if (fault.heard !== "anything") {
          assert.deepStrictEqual(diary.unknown, [], "every outcome is found out before its caller hears")
        }
        const { commands } = yield* checkLaws(sql, (yield* Store).shards, diary, known)
        const applied = commands.filter(({ key, outcome }) => diary.asked.has(key) && outcome === "applied")
        const kinds = new Set(applied.map(({ tag }) => tag)).size
        if (shelves.ofAnyKind) assert.isAbove(kinds, DAILY_KINDS, "void: only daily commands were applied")
        return { diary, kinds, recoveries }
      })
      const result = yield* Effect.provide(run, context)
      const { diary, kinds, recoveries } = result
      console.log(
        `${fault.name} (shards: ${shards}, seed ${seed}): ` +
          `${rounds} strikes, ${diary.told.length} answered, ${kinds} kinds applied, ` +
          `${diary.unavailable.length} turned away, ${diary.unknown.length} in doubt, ` +
          `recovered after ${recoveries.join(", ")} ms, ` +
          `slowest answer ${Math.round(diary.slowestMillis)} ms`
      )
      return result
    })
  )

/** The reason for which the store was unavailable, as the server or the system names it. */
export const reasonOf = (unavailable: unknown): string => {
  for (let cause = unavailable; typeof cause === "object" && cause !== null; ) {
    if ("code" in cause && typeof cause.code === "string") return cause.code
    cause = "cause" in cause ? cause.cause : "reason" in cause ? cause.reason : undefined
  }
  return "unknown"
}
