// Real faults against the store on a real PostgreSQL: whatever happens to it, the laws hold, nothing acknowledged is
// lost, and callers hear of it only where they must. Each fault strikes once here; `npm run storm` does it for longer.
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createDatabase } from "./PostgresDatabase.ts"
import { start } from "./PostgresServer.ts"
import * as Connections from "./storm/ConnectionFaults.ts"
import { surviveHostKills } from "./storm/HostKill.ts"
import { createLimitedDatabase } from "./storm/LimitedRole.ts"
import * as Servers from "./storm/ServerFaults.ts"
import { type Fault, type StrikeOptions, survive } from "./storm/Stage.ts"

/** Any; a failure names it, and the callers' choices follow from it. */
const seed = String(Date.now())

/** Sessions that a crowded server leaves to the store. */
const SESSIONS = 2

const strike = (fault: Fault, options: Partial<StrikeOptions> = {}) =>
  Effect.flatMap(
    Effect.promise(() => createDatabase()),
    (url) => survive(fault, { url, seed, rounds: 1, ...options })
  )

describe.concurrent("the store survives, unnoticed,", () => {
  it.live("the end of its sessions", () => strike(Connections.backendsKilled))
  it.live("connections that are reset", () => strike(Connections.connectionsReset))
  it.live("an answer to COMMIT that is lost", () => strike(Connections.answerLost))
  it.live("a COMMIT that never arrives", () => strike(Connections.commitNeverArrived))
  it.live("connections that fall silent", () =>
    strike(Connections.connectionsSilent, { patience: { toBegin: "300 millis", toFinish: "1 second" } })
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
})

describe.concurrent("the store on a server of its own survives, unnoticed,", () => {
  it.live("a crash of PostgreSQL, and an immediate restart", () =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(Effect.promise(start), (one) => Effect.promise(one.stop))
      for (const fault of [Servers.backendCrashed, Servers.restarted(server, "SIGQUIT")]) {
        const url = yield* Effect.promise(() => createDatabase(server.url))
        yield* survive(fault, { url, seed, rounds: 1 })
      }
    })
  )
})

describe.concurrent("a host that is killed", () => {
  it.live("loses nothing that it had told", () =>
    Effect.flatMap(
      Effect.promise(() => createDatabase()),
      (url) => surviveHostKills({ url, seed, answers: [150] })
    )
  )
})
