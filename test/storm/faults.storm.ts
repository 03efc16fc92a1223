// The long run of real faults: each strikes a loaded store again and again, from a seed. `STORM_SEED` repeats a run,
// `STORM_ROUNDS` says how often each fault strikes.
import { describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { afterAll, beforeAll } from "vitest"
import { createDatabase } from "../PostgresDatabase.ts"
import { type PostgresServer, start } from "../PostgresServer.ts"
import * as Clocks from "./ClockFaults.ts"
import * as Connections from "./ConnectionFaults.ts"
import * as Disks from "./DiskFaults.ts"
import { surviveEmbeddedDiskFull } from "./EmbeddedFaults.ts"
import { noFakeClock } from "./FakeClock.ts"
import { surviveHostKills } from "./HostKill.ts"
import { createLimitedDatabase } from "./LimitedRole.ts"
import { SHORT_HOLD } from "./Load.ts"
import * as Servers from "./ServerFaults.ts"
import * as Processes from "./ServerProcessFaults.ts"
import { liveUnless } from "./Skipping.ts"
import { noSmallDisk } from "./SmallDisk.ts"
import { type Fault, ONE_SHARD, SEVERAL_SHARDS, type StrikeOptions, survive } from "./Stage.ts"
import { surviveTwoHosts } from "./TwoHosts.ts"

const { STORM_SEED: seed = String(Date.now()), STORM_ROUNDS = "20" } = process.env
const rounds = Number(STORM_ROUNDS)

/** Rounds of faults of which each takes long. */
const fewRounds = Math.ceil(rounds / 4)

console.log(`STORM_SEED=${seed} STORM_ROUNDS=${rounds}`)

let server: PostgresServer
beforeAll(async () => {
  server = await start()
})
afterAll(() => server.stop())

const database = Effect.promise(() => createDatabase(server.url))

const strike = (fault: () => Fault, options: Partial<StrikeOptions> = {}) =>
  Effect.flatMap(database, (url) => survive(fault(), { url, seed, rounds, holdMillis: SHORT_HOLD, ...options }))

/** The same in one shard, too, where a batch is committed in another way. */
const strikeBoth = (fault: () => Fault, options: Partial<StrikeOptions> = {}) =>
  Effect.forEach([ONE_SHARD, SEVERAL_SHARDS], (shards) => strike(fault, { ...options, shards }), { discard: true })

/** So many whole numbers below a bound, from the seed. */
const numbers = (count: number, below: number) =>
  Effect.replicateEffect(Random.nextIntBetween(0, below), count).pipe(Random.withSeed(seed))

/** Sessions that a crowded server leaves to the store. */
const SESSIONS = 2

const impatient = { toBegin: "300 millis", toFinish: "1 second" } as const

/** Longer than a process may keep the heads without saying anything. Milliseconds. */
const LONG_STALL = 11_000

/** By then a server has made its database: on PostgreSQL, and embedded. Milliseconds. */
const FIRST_START = { postgres: 400, embedded: 3_000 }

describe("connections", () => {
  it.live("end", () => strikeBoth(() => Connections.backendsKilled))
  it.live("are reset", () => strikeBoth(() => Connections.connectionsReset))
  it.live("lose the answer to a commit", () => strikeBoth(() => Connections.answerLost))
  it.live("bring a commit late", () => strikeBoth(() => Connections.commitLate))
  it.live("lose a commit", () => strikeBoth(() => Connections.commitNeverArrived))
  it.live("fall silent", () => strikeBoth(() => Connections.connectionsSilent, { patience: impatient }))
  it.live("crawl", () => strike(() => Connections.networkCrawling, { rounds: fewRounds }))
  it.live("are cut off from the database, and new ones too", () =>
    strikeBoth(() => Connections.networkParted, { patience: impatient })
  )
})

describe("the database", () => {
  it.live("crashes", () => strikeBoth(() => Servers.backendCrashed, { rounds: fewRounds }))
  it.live("restarts at once", () => strikeBoth(() => Servers.restarted(server, "SIGQUIT"), { rounds: fewRounds }))
  it.live("restarts in order", () => strikeBoth(() => Servers.restarted(server, "SIGINT"), { rounds: fewRounds }))
  it.live("dies by kill -9", () => strikeBoth(() => Servers.restarted(server, "SIGKILL"), { rounds: fewRounds }))
  it.live("is locked by another session, with the store's own timeouts", () => strike(() => Servers.headsHeld))
  it.live("has one shard locked by another session", () => strike(() => Servers.oneHeadHeld))
  it.live("has too few sessions", () =>
    Effect.flatMap(createLimitedDatabase(SESSIONS, server.url), (urls) =>
      survive(Servers.sessionsScarce(SESSIONS), { ...urls, seed, rounds, holdMillis: SHORT_HOLD })
    )
  )
  it.live("becomes read-only", () => strike(() => Servers.readOnly, { rounds: fewRounds }))
})

describe("the disk", () => {
  liveUnless(noSmallDisk)("is full, for the tables", () =>
    Effect.flatMap(Disks.createDatabaseOnSmallDisk(server.url), ({ disk, url }) =>
      survive(Disks.dataDiskFull(disk), { url, seed, rounds, holdMillis: SHORT_HOLD })
    )
  )
  liveUnless(noSmallDisk)("is full, for the log", () =>
    Effect.gen(function* () {
      const { disk, server: own } = yield* Disks.serverWithSmallLog
      const url = yield* Effect.promise(() => createDatabase(own.url))
      yield* survive(Disks.logDiskFull(disk, own), { url, seed, rounds: fewRounds, holdMillis: SHORT_HOLD })
    })
  )
  liveUnless(noSmallDisk)("is full, for the embedded database", () => surviveEmbeddedDiskFull({ seed, rounds }))
  liveUnless(Disks.noStrace)("does not sync", () => strike(() => Disks.syncFails(server), { rounds: fewRounds }))
  it.live("forgets a bit", () => Disks.surviveBitRot(server))
})

describe("clocks", () => {
  liveUnless(noFakeClock)("of hosts are wrong, and are set", () =>
    Effect.flatMap(database, (url) => Clocks.surviveHostClocks({ url, seed, clocks: Clocks.wrongClocks }))
  )
  liveUnless(noFakeClock)("of PostgreSQL are set", () =>
    Effect.gen(function* () {
      const { clock, server: own } = yield* Clocks.serverWithFakeClock
      const url = yield* Effect.promise(() => createDatabase(own.url))
      yield* survive(Clocks.serverClockSet(clock), { url, seed, rounds: fewRounds, holdMillis: SHORT_HOLD })
      yield* Clocks.lapsedHoldStaysLapsed({ clock, url: yield* Effect.promise(() => createDatabase(own.url)) })
    })
  )
})

describe("the host", () => {
  it.live("dies by kill -9", () =>
    Effect.gen(function* () {
      const answers = yield* numbers(rounds, 400)
      for (const shards of [ONE_SHARD, SEVERAL_SHARDS]) {
        yield* surviveHostKills({ url: yield* database, seed, answers, shards, holdMillis: SHORT_HOLD })
      }
    })
  )
  it.live("stands still", () => strikeBoth(() => Connections.processStalled(2_000, false), { rounds: fewRounds }))
  it.live("stands still for longer than its transactions may", () =>
    strikeBoth(() => Connections.processStalled(LONG_STALL, true), { rounds: fewRounds })
  )
  it.live("is one of two", () =>
    Effect.flatMap(database, (url) => surviveTwoHosts({ url, seed, answers: 100 * rounds }))
  )
})

describe("the server", () => {
  it.live("is asked to end", () =>
    Effect.forEach(
      Array.from({ length: fewRounds }, (_, round) => `${seed}-${round}`),
      (one) => Effect.flatMap(database, (url) => Processes.surviveServerStop({ url, seed: one })),
      { discard: true }
    )
  )
  liveUnless(Processes.noChildren)("loses workers", () =>
    Effect.flatMap(database, (url) => Processes.surviveWorkerKills({ url, seed, kills: rounds }))
  )
  liveUnless(Processes.noPrlimit)("has no file descriptor left", () =>
    Effect.flatMap(database, (url) => Processes.surviveFewDescriptors({ url, seed }))
  )
  it.live("is killed while it makes its tables", () =>
    Effect.flatMap(numbers(rounds, FIRST_START.postgres), (kills) =>
      Processes.surviveMigrationsKilled(
        kills.map((millis) => [millis]),
        server.url
      )
    )
  )
  it.live("is killed while it makes the embedded database", () =>
    Effect.flatMap(numbers(rounds, FIRST_START.embedded), (kills) =>
      Processes.surviveFirstStartsKilled(kills.map((millis) => [millis]))
    )
  )
  it.live("starts twice at once on an empty database", () => Effect.flatMap(database, Processes.surviveTwoFirstStarts))
})
