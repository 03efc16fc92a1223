// Real faults against the store on a real PostgreSQL: whatever happens to it, the laws hold, nothing acknowledged is
// lost, and callers hear of it only where they must. Each fault strikes once here; `npm run storm` does it for longer.
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"
import { createDatabase } from "./PostgresDatabase.ts"
import { start } from "./PostgresServer.ts"
import * as Clocks from "./storm/ClockFaults.ts"
import * as Connections from "./storm/ConnectionFaults.ts"
import * as Disks from "./storm/DiskFaults.ts"
import { noFakeClock } from "./storm/FakeClock.ts"
import { surviveDrops } from "./storm/Followers.ts"
import { surviveHostKills } from "./storm/HostKill.ts"
import { createLimitedDatabase } from "./storm/LimitedRole.ts"
import { SHORT_HOLD } from "./storm/Load.ts"
import * as Servers from "./storm/ServerFaults.ts"
import * as Processes from "./storm/ServerProcessFaults.ts"
import { liveUnless } from "./storm/Skipping.ts"
import { noSmallDisk } from "./storm/SmallDisk.ts"
import { type Fault, ONE_SHARD, SEVERAL_SHARDS, type StrikeOptions, survive } from "./storm/Stage.ts"
import { surviveTwoHosts } from "./storm/TwoHosts.ts"

/** Any; a failure names it, and the callers' choices follow from it. */
const seed = String(Date.now())

/** Sessions that a crowded server leaves to the store. */
const SESSIONS = 2

// Five of them run at once, most with processes of their own, beside all the other tests.
vi.setConfig({ testTimeout: 120_000 })

const database = Effect.promise(() => createDatabase())

const strike = (fault: Fault, options: Partial<StrikeOptions> = {}) =>
  Effect.flatMap(database, (url) => survive(fault, { url, seed, rounds: 1, ...options }))

/** In the shards of most shops, and in several: a batch is committed in another way there. */
const strikeBoth = (fault: Fault) =>
  Effect.forEach([ONE_SHARD, SEVERAL_SHARDS], (shards) => strike(fault, { shards }), { discard: true })

describe.concurrent("the store survives, unnoticed,", () => {
  it.live("the end of its sessions", () => strike(Connections.backendsKilled, { shards: ONE_SHARD }))
  it.live("connections that are reset", () => strike(Connections.connectionsReset))
  it.live("an answer to a commit that is lost", () => strikeBoth(Connections.answerLost))
  it.live("a commit that arrives late", () => strikeBoth(Connections.commitLate))
  it.live("a commit that never arrives", () => strikeBoth(Connections.commitNeverArrived))
  it.live("connections that fall silent", () =>
    strike(Connections.connectionsSilent, {
      shards: ONE_SHARD,
      patience: { toBegin: "300 millis", toFinish: "1 second" }
    })
  )
  it.live("a network of tiny, late packets", () => strike(Connections.networkCrawling))
})

describe.concurrent("the store turns callers away, and goes on afterwards,", () => {
  it.live("while another session holds its heads", () => strike(Servers.headsHeld))
  it.live("while there are fewer sessions than it wants", () =>
    Effect.flatMap(createLimitedDatabase(SESSIONS), (urls) =>
      survive(Servers.sessionsScarce(SESSIONS), { ...urls, seed, rounds: 1 })
    )
  )
  it.live("while the database is read-only", () => strike(Servers.readOnly))
  liveUnless(noSmallDisk)("while the disk of its tables is full", () =>
    Effect.flatMap(Disks.createDatabaseOnSmallDisk(), ({ disk, url }) =>
      survive(Disks.dataDiskFull(disk), { url, seed, rounds: 1 })
    )
  )
})

const ownServer = Effect.acquireRelease(
  Effect.promise(() => start()),
  (one) => Effect.promise(one.stop)
)

describe.concurrent("the store on a server of its own survives", () => {
  it.live("a crash of PostgreSQL, an immediate restart, and a bit that flips", () =>
    Effect.gen(function* () {
      const server = yield* ownServer
      const faults = [
        [Servers.backendCrashed, ONE_SHARD],
        [Servers.restarted(server, "SIGQUIT"), SEVERAL_SHARDS]
      ] as const
      for (const [fault, shards] of faults) {
        const url = yield* Effect.promise(() => createDatabase(server.url))
        yield* survive(fault, { url, seed, rounds: 1, shards })
      }
      yield* Disks.surviveBitRot(server)
    })
  )
  liveUnless(Disks.noStrace)("a disk that does not sync", () =>
    Effect.gen(function* () {
      const server = yield* ownServer
      const url = yield* Effect.promise(() => createDatabase(server.url))
      yield* survive(Disks.syncFails(server), { url, seed, rounds: 1 })
    })
  )
  liveUnless(noFakeClock)("a clock that is set, and never lets a hold that was over live again", () =>
    Effect.gen(function* () {
      const { clock, server } = yield* Clocks.serverWithFakeClock
      const url = yield* Effect.promise(() => createDatabase(server.url))
      yield* survive(Clocks.serverClockSet(clock), { url, seed, rounds: 1, holdMillis: SHORT_HOLD })
      yield* Clocks.lapsedHoldStaysLapsed({ clock, url: yield* Effect.promise(() => createDatabase(server.url)) })
    })
  )
})

describe.concurrent("a host", () => {
  it.live("that is killed loses nothing that it had told", () =>
    Effect.flatMap(database, (url) => surviveHostKills({ url, seed, answers: [150], shards: ONE_SHARD }))
  )
  it.live("beside another on the same database is not told of it", () =>
    Effect.flatMap(database, (url) => surviveTwoHosts({ url, seed, answers: 100 }))
  )
  liveUnless(noFakeClock)("whose clock is set back changes no time in the ledger", () =>
    Effect.flatMap(database, (url) => Clocks.surviveHostClocks({ url, seed, clocks: [Clocks.setBack] }))
  )
})

describe.concurrent("a server", () => {
  it.live("that is asked to end finishes what is under way, at once", () =>
    Effect.flatMap(database, (url) => Processes.surviveServerStop({ url, seed }))
  )
  liveUnless(Processes.noChildren)("whose worker is killed loses nothing that was answered", () =>
    Effect.flatMap(database, (url) => Processes.surviveWorkerKills({ url, seed, kills: 1 }))
  )
  it.live("that is killed while it makes its tables is followed by one that serves", () =>
    Processes.surviveMigrationsKilled([[0, 20, 100]])
  )
  it.live("that is killed while it makes the embedded database is followed by one that serves", () =>
    Processes.surviveFirstStartsKilled([[0, 600, 1500]])
  )
})

describe("whoever follows two servers", () => {
  it.live("is told each event once, however often the connection is lost", () =>
    Effect.flatMap(database, (url) => surviveDrops({ url, seed, seconds: 3, stalls: false }))
  )
})

// Alone: it stops the event loop that all the others run on.
describe("the store", () => {
  it.live("survives, unnoticed, that its own process stands still", () =>
    strikeBoth(Connections.processStalled(2_000, false))
  )
})
