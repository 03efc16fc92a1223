// A minute of load, and clients of the live feed who drop, come back, and stop reading. `STORM_SEED` repeats a run, and
// `STORM_SECONDS` says how long it is.
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { createDatabase } from "../PostgresDatabase.ts"
import { type PostgresServer, start } from "../PostgresServer.ts"
import { surviveDrops } from "./Followers.ts"

const { STORM_SEED: seed = String(Date.now()), STORM_SECONDS = "60" } = process.env

let server: PostgresServer
beforeAll(async () => {
  server = await start()
})
afterAll(() => server.stop())

describe("followers", () => {
  it.live("are told each event once, or are cut off", () =>
    Effect.flatMap(
      Effect.promise(() => createDatabase(server.url)),
      (url) => surviveDrops({ url, seed, seconds: Number(STORM_SECONDS), stalls: true })
    )
  )
})
