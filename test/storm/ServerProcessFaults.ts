// Faults of the server's process: asked to end under load, out of file descriptors, or killed while it starts.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert } from "@effect/vitest"
import { Store } from "@onhand/core"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { type Running, startOnhand } from "../../packages/cli/test/ServerProcess.ts"
import { createDatabase } from "../PostgresDatabase.ts"
import { ADMIN, type HttpTally, httpCallers, makeTally, post, signIn } from "./HttpLoad.ts"
import { checkLaws, keysOf } from "./LawCheck.ts"
import { type Diary, LONG_HOLD, makeDiary, stockShelves } from "./Load.ts"
import { backendsOf, clientOf, inventoryOver } from "./Stage.ts"

const SECRET = { ONHAND_SECRET: "a secret of these tests, long enough" }

/** Callers over HTTP: enough for batches of some commands. */
const CALLERS = 24

/** How long a server may take to end once it is asked to. Milliseconds. */
const MUST_END_WITHIN = 10_000

/** A server process on a PostgreSQL database, or one with workers; killed with the scope. */
const startServer = (url: string, workers = 1) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      startOnhand(["serve", "--port", "0", "--workers", String(workers)], {
        DATABASE_URL: url,
        ONHAND_SAMPLE_SHOP: "false",
        ONHAND_USER_REQUESTS_PER_MINUTE: "1000000000",
        ...ADMIN,
        ...SECRET
      })
    ),
    (server) =>
      Effect.promise(async () => {
        server.kill("SIGKILL")
        await server.ended
      })
  )

interface Served {
  readonly server: Running
  readonly sql: SqlClient
  readonly diary: Diary
  readonly tally: HttpTally
  readonly url: string
}

/** Runs callers over HTTP on a server while something is done to it, and checks every law afterwards. */
const underHttpLoad = (
  options: { readonly url: string; readonly seed: string; readonly workers?: number },
  meanwhile: (served: Served) => Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const sql = yield* clientOf(options.url)
    const shelves = yield* Effect.provide(stockShelves(LONG_HOLD), inventoryOver(options.url))
    const server = yield* startServer(options.url, options.workers)
    const session = yield* Effect.promise(async () => signIn(await server.ready))
    const known = yield* keysOf(sql)
    const diary = makeDiary()
    const tally = makeTally()
    const callers = Effect.promise(() =>
      httpCallers(session, shelves, { callers: CALLERS, seed: options.seed }, diary, tally)
    )
    const over = Effect.sync(() => {
      diary.over = true
    })
    yield* Effect.all([callers, Effect.ensuring(meanwhile({ server, sql, diary, tally, url: session.url }), over)], {
      concurrency: 2,
      discard: true
    })
    const unresolved = diary.unknown.length
    const check = Effect.flatMap(Store, ({ shards }) => checkLaws(sql, shards, diary, known))
    yield* Effect.provide(check, inventoryOver(options.url))
    return { diary, tally, unresolved }
  })

const untilFree = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject)
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()))
  })

/** F2: a server is asked to end under load. What is under way is finished, and what was told is told again. */
export const surviveServerStop = (options: { readonly url: string; readonly seed: string }) =>
  Effect.scoped(
    Effect.gen(function* () {
      let took = 0
      let inFlight = 0
      const { diary, tally, unresolved } = yield* underHttpLoad(options, ({ server, sql, diary, tally, url }) =>
        Effect.gen(function* () {
          yield* diary.untilAnswered(200)
          const before = diary.told.length
          inFlight = tally.inFlight
          const began = performance.now()
          server.kill("SIGTERM")
          const ended = yield* Effect.promise(() => server.ended)
          took = performance.now() - began
          assert.isAbove(inFlight, 0, "void: nothing was under way")
          assert.deepStrictEqual(ended, { code: 0, signal: null }, server.printed())
          assert.isBelow(took, MUST_END_WITHIN)
          assert.isAbove(diary.told.length, before, "void: nothing was answered after the signal")
          yield* Effect.promise(() => untilFree(Number(new URL(url).port)))
          assert.deepStrictEqual(yield* backendsOf(sql), [], "its connections are freed")
        }).pipe(Effect.orDie)
      )
      const again = yield* startServer(options.url)
      const session = yield* Effect.promise(async () => signIn(await again.ready))
      for (const { order, status, body } of tally.answered.slice(-20)) {
        const second = yield* Effect.promise(() => post(session, order))
        assert.strictEqual(second.status, status, "D21: the next server gives the same reply")
        if (status === 201) assert.deepStrictEqual([second.replayed, second.body], [true, body])
      }
      console.log(
        `F2 server asked to end (seed ${options.seed}): ${inFlight} under way, over after ${Math.round(took)} ms, ` +
          `${diary.told.length} answered, ${diary.unavailable.length} turned away, ${unresolved} connections ended`
      )
    })
  )

/** Why the processes of a server cannot be told apart here, if so. */
export const noChildren: string | undefined =
  process.platform === "linux" ? undefined : "Only Linux tells which processes a process has started"

const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number)

/** F1: a worker of several dies by `kill -9`, again and again. What it told is there, and another takes its place. */
export const surviveWorkerKills = (options: { readonly url: string; readonly seed: string; readonly kills: number }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const workers = 2
      const { diary, unresolved } = yield* underHttpLoad({ ...options, workers }, ({ server, diary }) =>
        Effect.gen(function* () {
          for (let kill = 0; kill < options.kills; kill++) {
            yield* diary.untilAnswered(100)
            const before = childrenOf(server.pid)
            const victim = before[kill % workers] ?? 0
            assert.isAbove(victim, 0, "void: there is no worker to be killed")
            process.kill(victim, "SIGKILL")
            yield* diary.untilAnswered(100)
            while (childrenOf(server.pid).length < workers || childrenOf(server.pid).includes(victim)) {
              yield* Effect.sleep("20 millis")
            }
          }
        })
      )
      assert.isAbove(unresolved, 0, "void: nothing was under way when a worker died")
      console.log(
        `F1 worker killed (seed ${options.seed}): ${options.kills} kills, ${diary.told.length} answers kept, ` +
          `${unresolved} commands under way resolved by asking again`
      )
    })
  )

/** Why a process cannot be limited here, if so. */
export const noPrlimit: string | undefined =
  spawnSync("prlimit", ["--version"]).status === 0 ? undefined : "prlimit is not installed (Linux alone has it)"

/** Files and connections that a server may open beyond those it has. */
const ROOM = 16

/** F24: a server may open only a few more files and connections, and many come. Those it has go on; later all do. */
export const surviveFewDescriptors = (options: { readonly url: string; readonly seed: string }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { diary, tally, unresolved } = yield* underHttpLoad(options, ({ server, diary, url }) =>
        Effect.gen(function* () {
          yield* diary.untilAnswered(60)
          const open = () => readdirSync(`/proc/${server.pid}/fd`).length
          const limit = open() + ROOM
          const limited = spawnSync("prlimit", [`--pid=${server.pid}`, `--nofile=${limit}:`])
          assert.strictEqual(limited.status, 0, "void: the server could not be limited")
          const sockets = Array.from({ length: 8 * ROOM }, () =>
            connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {})
          )
          yield* Effect.sleep("500 millis")
          assert.isAtLeast(open(), limit - 2, "void: it had room")
          yield* diary.untilAnswered(120)
          for (const socket of sockets) socket.destroy()
          yield* Effect.sleep("500 millis")
          assert.isBelow(open(), limit - 2, "what the crowd took is given back")
          const reply = yield* Effect.promise(() => fetch(`${url}/health/ready`))
          assert.strictEqual(reply.status, 200)
          yield* diary.untilAnswered(120)
        })
      )
      console.log(
        `F24 no descriptor left (seed ${options.seed}): ${diary.told.length} answered, ` +
          `${diary.unavailable.length} turned away, ${unresolved} connections ended, ` +
          `${tally.statuses.get(503) ?? 0} × 503`
      )
    })
  )

/** How a server process ended its start: it serves, or it refused and said why. */
const outcomeOf = async (server: Running): Promise<string> => {
  const refused = server.ended.then(({ code }) => {
    assert.strictEqual(code, 3, `it refuses with the code for a store, or opens:\n${server.printed()}`)
    assert.match(server.printed(), /cannot be opened/)
    return "refused"
  })
  return Promise.race([server.ready.then(() => "opened"), refused])
}

/** Starts a server on the embedded database and kills it after so long; true if it was not ready by then. */
const killStart = async (folder: string, afterMillis: number): Promise<boolean> => {
  const server = startOnhand(["serve", "--data", folder, "--port", "0"])
  while (!existsSync(folder)) await new Promise((resolve) => setTimeout(resolve, 2))
  await new Promise((resolve) => setTimeout(resolve, afterMillis))
  server.kill("SIGKILL")
  await server.ended
  return !server.printed().includes("ready:")
}

/** Opens what is left of a first start in a folder, and verifies it. */
const openAndVerify = async (folder: string): Promise<void> => {
  const server = startOnhand(["serve", "--data", folder, "--port", "0"])
  const outcome = await outcomeOf(server)
  server.kill("SIGTERM")
  await server.ended
  assert.strictEqual(outcome, "opened", server.printed())
  const verified = startOnhand(["verify", "--data", folder])
  assert.deepStrictEqual(await verified.ended, { code: 0, signal: null }, verified.printed())
}

/** When the starts of one database are killed, one after the other: milliseconds after its first sign of life. */
type Kills = ReadonlyArray<number>

/** F17: servers on the embedded database are killed while they make it; then it opens. */
export const surviveFirstStartsKilled = (databases: ReadonlyArray<Kills>) =>
  Effect.promise(async () => {
    const place = mkdtempSync(join(tmpdir(), "onhand-start-"))
    try {
      let early = 0
      for (const [index, kills] of databases.entries()) {
        const folder = join(place, String(index))
        for (const millis of kills) early += (await killStart(folder, millis)) ? 1 : 0
        await openAndVerify(folder)
        rmSync(folder, { recursive: true })
      }
      assert.isAbove(early, 0, "void: every server was ready before it was killed")
      console.log(`F17 embedded first starts killed after ${databases.flat().join(", ")} ms: all open`)
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  })

/** F17: servers are killed while they make their tables in PostgreSQL; then another opens them. */
export const surviveMigrationsKilled = (databases: ReadonlyArray<Kills>, postgres?: string) =>
  Effect.gen(function* () {
    let early = 0
    for (const kills of databases) {
      const url = yield* Effect.promise(() => createDatabase(postgres))
      const opened = Effect.gen(function* () {
        const sql = yield* clientOf(url, 1)
        for (const millis of kills) {
          const server = yield* startServer(url)
          while ((yield* backendsOf(sql)).length === 0) yield* Effect.sleep("2 millis")
          yield* Effect.sleep(millis)
          server.kill("SIGKILL")
          yield* Effect.promise(() => server.ended)
          if (!server.printed().includes("ready:")) early++
        }
        const last = yield* startServer(url)
        assert.strictEqual(yield* Effect.promise(() => outcomeOf(last)), "opened", last.printed())
        const session = yield* Effect.promise(async () => signIn(await last.ready))
        assert.isString(session.token)
      })
      yield* Effect.scoped(opened)
    }
    assert.isAbove(early, 0, "void: every server was ready before it was killed")
    console.log(`F17 first starts on PostgreSQL killed after ${databases.flat().join(", ")} ms: all open`)
  })

/** Two servers start on one empty database at the same moment: both serve it. */
export const surviveTwoFirstStarts = (url: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const servers = [yield* startServer(url), yield* startServer(url)]
      for (const server of servers) {
        assert.strictEqual(yield* Effect.promise(() => outcomeOf(server)), "opened", server.printed())
      }
    })
  )
