// The long run of real faults: each strikes a loaded store again and again, from a seed. `STORM_SEED` repeats a run,
// `STORM_ROUNDS` says how often each fault strikes.
import { describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { afterAll, beforeAll } from "vitest"
import { createDatabase } from "../PostgresDatabase.ts"
import { type PostgresServer, start } from "../PostgresServer.ts"
import * as Connections from "./ConnectionFaults.ts"
import { surviveHostKills } from "./HostKill.ts"
import { createLimitedDatabase } from "./LimitedRole.ts"
import { SHORT_HOLD } from "./Load.ts"
import * as Servers from "./ServerFaults.ts"
import { type Fault, type StrikeOptions, survive } from "./Stage.ts"

const { STORM_SEED: seed = String(Date.now()), STORM_ROUNDS = "20" } = process.env
const rounds = Number(STORM_ROUNDS)

/** Rounds of faults of which each takes seconds. */
const fewRounds = Math.ceil(rounds / 4)

console.log(`STORM_SEED=${seed} STORM_ROUNDS=${rounds}`)

let server: PostgresServer
beforeAll(async () => {
  server = await start()
})
afterAll(() => server.stop())

const strike = (fault: () => Fault, options: Partial<StrikeOptions> = {}) =>
  Effect.flatMap(
    Effect.promise(() => createDatabase(server.url)),
    (url) => survive(fault(), { url, seed, rounds, holdMillis: SHORT_HOLD, ...options })
  )

/** Sessions that a crowded server leaves to the store. */
const SESSIONS = 2

const impatient = { toBegin: "300 millis", toFinish: "1 second" } as const

describe("connections", () => {
  it.live("end", () => strike(() => Connections.backendsKilled))
  it.live("are reset", () => strike(() => Connections.connectionsReset))
  it.live("lose the answer to COMMIT", () => strike(() => Connections.answerLost))
  it.live("lose a COMMIT", () => strike(() => Connections.commitNeverArrived))
  it.live("fall silent", () => strike(() => Connections.connectionsSilent, { patience: impatient }))
  it.live("crawl", () => strike(() => Connections.networkCrawling, { rounds: fewRounds }))
  it.live("are cut off from the database, and new ones too", () =>
    strike(() => Connections.networkParted, { patience: impatient, rounds: fewRounds })
  )
})

describe("the database", () => {
  it.live("crashes", () => strike(() => Servers.backendCrashed, { rounds: fewRounds }))
  it.live("restarts at once", () => strike(() => Servers.restarted(server, "SIGQUIT"), { rounds: fewRounds }))
  it.live("restarts in order", () => strike(() => Servers.restarted(server, "SIGINT"), { rounds: fewRounds }))
  it.live("dies by kill -9", () => strike(() => Servers.restarted(server, "SIGKILL"), { rounds: fewRounds }))
  it.live("is locked by another session, with the store's own timeouts", () =>
    strike(() => Servers.headsHeld, { rounds: 2 })
  )
  it.live("has too few sessions", () =>
    Effect.flatMap(createLimitedDatabase(SESSIONS, server.url), (urls) =>
      survive(Servers.sessionsScarce(SESSIONS), { ...urls, seed, rounds: fewRounds })
    )
  )
  it.live("becomes read-only", () => strike(() => Servers.readOnly, { rounds: fewRounds }))
})

describe("the host", () => {
  it.live("dies by kill -9", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => createDatabase(server.url))
      const answers = yield* Effect.replicateEffect(Random.nextIntBetween(1, 400), rounds).pipe(Random.withSeed(seed))
      yield* surviveHostKills({ url, seed, answers, holdMillis: SHORT_HOLD })
    })
  )
})
