// One long history on every store: thousands of commands of all kinds, one after the other and in batches, decided as
// the reference decides them, and every law at the end. `STORM_SEED` repeats a run, `STORM_COMMANDS` says how many.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { commands, commandsByTag } from "@onhand/core"
import { layerMemory as pgliteInMemory } from "@onhand/postgres/pglite"
import { allFeatures, layerMemory, runHistory, type StoreTime, type Subject, steps, withSession } from "@onhand/testkit"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import * as fc from "fast-check"
import { afterAll, beforeAll } from "vitest"
import { layer as sqliteStore } from "../../examples/03-own-store/src/SqliteStore.ts"
import { layerReaders } from "../../examples/03-own-store/test/SqliteReaders.ts"
import { storeOver } from "../../packages/postgres/test/PostgresReaders.ts"
import { createDatabase } from "../PostgresDatabase.ts"
import { type PostgresServer, start } from "../PostgresServer.ts"

const { STORM_SEED = String(Date.now()), STORM_COMMANDS = "20000" } = process.env
const seed = Number(STORM_SEED) | 0
const length = Number(STORM_COMMANDS)

console.log(`STORM_SEED=${seed} STORM_COMMANDS=${length}`)

const folder = mkdtempSync(join(tmpdir(), "onhand-history-"))
let server: PostgresServer
beforeAll(async () => {
  server = await start()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const over = (client: Layer.Layer<SqlClient, unknown>, shards = 1) =>
  Layer.unwrap(Effect.map(Layer.build(client), (context) => storeOver(Effect.provide(SqlClient, context), { shards })))

const onPostgres = Layer.unwrap(
  Effect.map(
    Effect.promise(() => createDatabase(server.url)),
    (url) => PgClient.layer({ url: Redacted.make(url) })
  )
)

const file = join(folder, "history.sqlite")

const stores: Readonly<Record<string, readonly [layer: Subject["layer"], time: StoreTime]>> = {
  "in memory": [layerMemory(), "virtual"],
  "in memory, in four shards": [layerMemory({ shards: 4 }), "virtual"],
  "on PostgreSQL": [over(onPostgres), "real"],
  "on PostgreSQL, in four shards": [over(onPostgres, 4), "real"],
  "on PGlite": [over(pgliteInMemory), "real"],
  "on SQLite": [Layer.provideMerge(layerReaders(file), sqliteStore(file)), "virtual"]
}

/** What is only applied once a hold has lapsed, which nothing waits for where time is real. */
const lapsing = ["ExpireClaims"]

describe(`a history of ${length} commands`, () => {
  for (const [name, [layer, time]] of Object.entries(stores)) {
    it.live(`keeps every law ${name}`, () =>
      Effect.gen(function* () {
        const options = { features: allFeatures, timePasses: time === "virtual", minLength: length, maxLength: length }
        const [history = []] = fc.sample(steps(options), { seed, numRuns: 1 })
        const kinds = new Set(history.map(({ command }) => command))
        assert.deepStrictEqual(
          Object.keys(commands).filter((command) => !kinds.has(command as never)),
          [],
          "void: a kind of command was never drawn"
        )
        const began = performance.now()
        const applied = yield* withSession({ layer, time }, (session) =>
          Effect.andThen(
            runHistory(session, history, {
              features: allFeatures,
              check: "end",
              reference: time === "virtual" ? "beside" : "after"
            }),
            Effect.map(session.snapshot, (snapshot) =>
              Map.groupBy(
                snapshot.commands.filter(({ outcome }) => outcome === "applied"),
                ({ tag }) => tag
              )
            )
          )
        )
        // A law is only tried where a command is applied; a kind that is always refused tries nothing.
        const timely = time === "virtual" ? [] : lapsing
        assert.deepStrictEqual(
          [...commandsByTag.keys()].filter((tag) => !applied.has(tag) && !timely.includes(tag)),
          [],
          "void: a kind of command was never applied"
        )
        console.log(`${name}: ${history.length} commands in ${((performance.now() - began) / 1000).toFixed(0)} s`)
      })
    )
  }
})
