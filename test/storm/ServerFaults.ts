// Faults of PostgreSQL itself: it crashes, restarts, is full, is locked, or became a read-only replica.
import { assert } from "@effect/vitest"
import { firstPage, LocationId, shardOf } from "@onhand/core"
import { Effect, Schedule } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { PostgresServer } from "../PostgresServer.ts"
import { backendsOf, type Fault, reasonOf, type Stage } from "./Stage.ts"

/** When the cluster last began to serve; recovery after a crash counts. */
export const servingSince = (sql: SqlClient) =>
  Effect.map(
    sql<{ readonly since: string }>`SELECT pg_postmaster_start_time()::text || ' ' ||
      (SELECT min(backend_start)::text FROM pg_stat_activity WHERE backend_type = 'checkpointer') AS since`,
    ([row]) => row?.since ?? ""
  )

/** The same, as soon as the server answers again. */
export const servingAgain = (sql: SqlClient) =>
  Effect.retry(servingSince(sql), Schedule.upTo(Schedule.spaced("100 millis"), { duration: "20 seconds" }))

/** F4: one server process dies, and PostgreSQL ends all others and recovers. */
export const backendCrashed: Fault = {
  name: "F4 PostgreSQL crashed",
  heard: "nothing",
  strike: ({ sql, diary }) =>
    Effect.gen(function* () {
      const before = yield* servingSince(sql)
      const [pid] = yield* backendsOf(sql)
      assert.isDefined(pid, "void: no server process to kill")
      process.kill(pid!, "SIGKILL")
      yield* diary.untilAnswered(120)
      assert.notStrictEqual(yield* servingAgain(sql), before, "void: PostgreSQL did not recover from anything")
    })
}

/** F5: PostgreSQL is restarted: at once (`SIGQUIT`), ending sessions (`SIGINT`), or after `kill -9` (`SIGKILL`). */
export const restarted = (server: PostgresServer, signal: "SIGQUIT" | "SIGINT" | "SIGKILL"): Fault => ({
  name: `F5 PostgreSQL restarted by ${signal}`,
  heard: "nothing",
  strike: ({ sql }) =>
    Effect.gen(function* () {
      const before = yield* servingSince(sql)
      yield* Effect.promise(() => server.restart(signal))
      assert.notStrictEqual(yield* servingAgain(sql), before, "void: it did not restart")
    })
})

/** Callers that may be turned away for other reasons before one is for the reason that a fault is to give. */
const MAX_OTHER_REASONS = 200

/** Waits until callers hear that the store is unavailable, for the expected reason. */
export const untilTurnedAway = (diary: Stage["diary"], reason: string) =>
  Effect.gen(function* () {
    const before = diary.unavailable.length
    const heard = () => diary.unavailable.slice(before).map(({ cause }) => reasonOf(cause))
    while (!heard().includes(reason)) {
      assert.isBelow(heard().length, MAX_OTHER_REASONS, `void: callers were turned away for ${heard().join()}`)
      yield* diary.untilUnavailable
    }
  })

/** F22: another session holds the heads and does not let go. */
export const headsHeld: Fault = {
  name: "F22 lock hog",
  heard: "unavailable",
  strike: ({ sql, diary }) =>
    sql.withTransaction(
      Effect.gen(function* () {
        // In the order of everybody else, because a deadlock would end it too early.
        const held = yield* sql`SELECT * FROM onhand.heads ORDER BY shard FOR UPDATE`
        assert.isAbove(held.length, 0, "void: no head was held")
        yield* untilTurnedAway(diary, "55P03")
      })
    )
}

/** What a command for other shards may take while one is held. Milliseconds. */
const UNAFFECTED = 2_000

/** A location in another shard than the held one: a higher one, if there is any. */
const elsewhere = (held: number, shards: number): LocationId => {
  for (;;) {
    const id = LocationId.make(crypto.randomUUID())
    const shard = shardOf(id, shards)
    if (shard > held || (held === shards - 1 && shard < held)) return id
  }
}

/**
 * F22: another session holds one head. Commands of other shards go on. It is the lowest that the load uses: a batch of
 * several shards locks them in ascending order, and would hold lower ones while it waits.
 */
export const oneHeadHeld: Fault = {
  name: "F22 lock hog on one shard",
  heard: "unavailable",
  strike: ({ sql, inventory, diary, known }) =>
    Effect.gen(function* () {
      const [row] = yield* sql<{ readonly shards: number }>`SELECT count(*)::int AS shards FROM onhand.heads`
      const shards = row?.shards ?? 0
      const { items } = yield* inventory.read.locations(firstPage(100))
      const held = Math.min(...items.map(({ id }) => shardOf(id, shards)))
      const location = elsewhere(held, shards)
      const submitted = (key: string) => {
        known.add(key)
        return { key }
      }
      yield* inventory.createLocation({ id: location, name: location }, submitted(`made-${location}`))
      const [stocked] = (yield* inventory.read.products({}, firstPage(1))).items
      if (stocked === undefined) return assert.fail("void: no product")
      const product = stocked.product.id
      const goOn = Effect.gen(function* () {
        const began = performance.now()
        const lines = [{ kind: "receipt", product, location, quantity: 1 }] as const
        yield* inventory.recordMovements({ lines }, submitted(`elsewhere-${crypto.randomUUID()}`))
        assert.isBelow(performance.now() - began, UNAFFECTED, "other shards go on")
      })
      yield* sql.withTransaction(
        Effect.gen(function* () {
          const locked = yield* sql`SELECT shard FROM onhand.heads WHERE shard = ${held} FOR UPDATE`
          assert.strictEqual(locked.length, 1, "void: no head was held")
          yield* goOn
          yield* untilTurnedAway(diary, "55P03")
          yield* goOn
        })
      )
    })
}

/** F27: a fail-over leaves the inventory at a server that only reads. It must not be pressed. */
export const readOnly: Fault = {
  name: "F27 read-only",
  // Connections are cut, so that a COMMIT may be lost, and asking again is refused until the end.
  heard: "anything",
  strike: ({ sql, proxy, diary }) =>
    Effect.gen(function* () {
      const setReadOnly = (on: boolean) =>
        Effect.gen(function* () {
          const [row] = yield* sql<{ readonly name: string }>`SELECT current_database() AS name`
          const mode = sql.literal(on ? "on" : "off")
          yield* sql`ALTER DATABASE ${sql(row?.name ?? "")} SET default_transaction_read_only = ${mode}`
          proxy.cut()
        })
      yield* setReadOnly(true)
      yield* untilTurnedAway(diary, "25006")
      const refused = diary.unavailable.length
      const connections = proxy.counts.connections
      yield* Effect.sleep("500 millis")
      assert.isAbove(diary.unavailable.length, refused, "void: it was over at once")
      assert.isBelow(proxy.counts.connections - connections, 5, "connections are kept, not opened anew for each try")
      yield* sql`SET default_transaction_read_only = off`
      yield* setReadOnly(false)
    })
}

/** F21: the inventory's role may have fewer sessions than its pool wants. Those it has go on serving. */
export const sessionsScarce = (sessions: number): Fault => ({
  name: "F21 no session left",
  heard: "unavailable",
  strike: ({ sql, diary }) =>
    Effect.gen(function* () {
      yield* untilTurnedAway(diary, "53300")
      yield* diary.untilAnswered(60)
      assert.isAtMost((yield* backendsOf(sql)).length, sessions, "no session is leaked")
    })
})
