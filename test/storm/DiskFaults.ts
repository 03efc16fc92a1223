// Faults of the disk under PostgreSQL: it is full, for the tables or for the write-ahead log, does not sync, or
// forgets a bit.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert } from "@effect/vitest"
import { firstPage, Inventory } from "@onhand/core"
import { verifyChain } from "@onhand/postgres"
import { Effect, Schedule } from "effect"
import { createDatabase } from "../PostgresDatabase.ts"
import { account, type PostgresServer, start } from "../PostgresServer.ts"
import { LONG_HOLD, stockShelves } from "./Load.ts"
import { servingAgain, servingSince, untilTurnedAway } from "./ServerFaults.ts"
import { type SmallDisk, smallDisk } from "./SmallDisk.ts"
import { backendsOf, clientOf, type Fault, inventoryOver } from "./Stage.ts"

/** Room for an empty database's tables, and for a load on it. */
const DATA_MEGABYTES = 64

/** Room for the segments that PostgreSQL keeps, 80 megabytes, and for some more. */
const LOG_MEGABYTES = 160

/** Creates a database whose tables lie on a small disk of their own; its log does not. */
export const createDatabaseOnSmallDisk = (server?: string) =>
  Effect.gen(function* () {
    const disk = yield* smallDisk(DATA_MEGABYTES)
    const url = yield* Effect.promise(() => createDatabase(server))
    const elsewhere = new URL(url)
    elsewhere.pathname = "postgres"
    const name = new URL(url).pathname.slice(1)
    const admin = yield* clientOf(elsewhere.href, 1)
    yield* admin.unsafe(`CREATE TABLESPACE ${name} LOCATION '${disk.path}'`)
    yield* admin.unsafe(`ALTER DATABASE ${name} SET TABLESPACE ${name}`)
    // A server with a tablespace whose files are gone complains at every start.
    yield* Effect.addFinalizer(() =>
      Effect.ignore(
        Effect.andThen(
          admin.unsafe(`DROP DATABASE ${name} WITH (FORCE)`),
          Effect.retry(admin.unsafe(`DROP TABLESPACE ${name}`), Schedule.recurs(5))
        )
      )
    )
    return { disk, url }
  })

/** F11: no table can grow. What only reads goes on. */
export const dataDiskFull = (disk: SmallDisk): Fault => ({
  name: "F11 disk full (data)",
  heard: "unavailable",
  strike: ({ diary, inventory }) =>
    Effect.gen(function* () {
      yield* Effect.acquireUseRelease(
        Effect.sync(() => disk.fill()),
        () =>
          Effect.gen(function* () {
            yield* untilTurnedAway(diary, "53100")
            assert.strictEqual(disk.bytesLeft(), 0, "void: there was room")
            // PostgreSQL may refuse a new session, which cannot write its init file; those that are open go on.
            const onOpenSession = { times: 25, schedule: Schedule.spaced("200 millis") }
            const { items } = yield* Effect.retry(inventory.read.products({}, firstPage(10)), onOpenSession)
            assert.isAbove(items.length, 0, "reads go on")
            assert.deepStrictEqual((yield* Effect.retry(inventory.read.verify, onOpenSession)).differences, [])
          }),
        () => Effect.sync(disk.free)
      )
      yield* diary.untilAnswered(60)
    })
})

/** Starts a server whose write-ahead log lies on a small disk of its own. */
export const serverWithSmallLog = Effect.gen(function* () {
  const disk = yield* smallDisk(LOG_MEGABYTES)
  const log = join(disk.path, "pg_wal")
  const prepare = (data: string) => {
    const { uid = -1, gid = -1 } = account()
    cpSync(join(data, "pg_wal"), log, { recursive: true })
    spawnSync("chown", ["-R", `${uid}:${gid}`, log])
    rmSync(join(data, "pg_wal"), { recursive: true })
    symlinkSync(log, join(data, "pg_wal"))
  }
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => start({ prepare })),
    (one) => Effect.promise(one.stop)
  )
  return { disk, server }
})

/** F12: PostgreSQL cannot log anything, stops, and cannot start again until there is room. */
export const logDiskFull = (disk: SmallDisk, server: PostgresServer): Fault => ({
  name: "F12 disk full (log)",
  heard: "anything",
  strike: ({ sql, diary }) =>
    Effect.gen(function* () {
      const before = yield* servingSince(sql)
      server.supervise(true)
      yield* Effect.acquireUseRelease(
        Effect.sync(() => disk.fill()),
        () =>
          Effect.gen(function* () {
            // Segments that were kept for later are used up one after the other.
            yield* Effect.ignore(
              Effect.repeat(
                Effect.andThen(sql`SELECT pg_switch_wal()`, sql`SELECT pg_logical_emit_message(true, '', '')`),
                Schedule.spaced("20 millis")
              )
            )
            yield* diary.untilUnavailable
            assert.isTrue(server.hasLogged("No space left on device"), "void: the log had room")
          }),
        () => Effect.sync(disk.free)
      )
      yield* diary.untilAnswered(60)
      assert.notStrictEqual(yield* servingAgain(sql), before, "void: PostgreSQL went on")
      server.supervise(false)
    })
})

/** Why system calls cannot be made to fail here, if so. */
export const noStrace: string | undefined = (() => {
  const traced = spawnSync("strace", ["-qq", "-o", "/dev/null", "-e", "inject=fdatasync:error=EIO", "true"])
  return traced.status === 0 ? undefined : "strace is not installed, or may not trace"
})()

// It says on standard error when it is attached.
const attached = (strace: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    strace.stderr?.on("data", (data: Buffer) => {
      if (data.includes("attached")) resolve()
    })
    strace.once("exit", () => reject(new Error("strace ended by itself")))
  })

/** F28: the disk refuses to sync a commit. PostgreSQL then ends all sessions and recovers from what is on the disk. */
export const syncFails = (server: PostgresServer): Fault => ({
  name: "F28 the disk does not sync",
  heard: "nothing",
  strike: ({ sql, diary }) =>
    Effect.gen(function* () {
      const before = yield* servingSince(sql)
      const pids = (yield* backendsOf(sql)).flatMap((pid) => ["-p", String(pid)])
      const inject = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=3"]
      const strace = spawn("strace", [...pids, ...inject], { stdio: ["ignore", "ignore", "pipe"] })
      const ended = new Promise((resolve) => strace.once("exit", resolve))
      yield* Effect.promise(() => attached(strace))
      yield* Effect.promise(() => ended)
      yield* diary.untilAnswered(60)
      assert.isTrue(server.hasLogged("could not fdatasync file"), "void: every sync succeeded")
      assert.notStrictEqual(yield* servingAgain(sql), before, "void: PostgreSQL went on")
    })
})

/** What the test looks for in the file of a table, and changes by one bit. */
const WRITTEN = "as it was written down"

/** F25: a bit of the ledger changes on the disk. PostgreSQL's checksum tells; past it, the hash chain says where. */
export const surviveBitRot = (server: PostgresServer) =>
  Effect.scoped(
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => createDatabase(server.url))
      const sql = yield* clientOf(url, 1)
      const seq = yield* Effect.provide(
        Effect.gen(function* () {
          const inventory = yield* Inventory
          const { products, locations } = yield* stockShelves(LONG_HOLD)
          const [[product], [location]] = [products, locations]
          if (product === undefined || location === undefined) return assert.fail("no shelves")
          const lines = [{ kind: "receipt", product, location, quantity: 1, reason: WRITTEN }] as const
          return (yield* inventory.submit("recordMovements", { lines })).at
        }),
        inventoryOver(url)
      )
      // Everything on the disk, and nothing left to be written there again.
      yield* sql`VACUUM (FREEZE) onhand.movements`
      yield* sql`CHECKPOINT`
      const [row] = yield* sql<{ readonly path: string }>`SELECT pg_relation_filepath('onhand.movements') AS path`
      const file = join(server.folder, "data", row?.path ?? "")
      const bytes = readFileSync(file)
      const at = bytes.indexOf(WRITTEN)
      assert.isAbove(at, 0, "void: the row is not on the disk")
      bytes[at] = bytes.readUInt8(at) ^ 1
      writeFileSync(file, bytes)
      yield* Effect.promise(() => server.restart("SIGINT"))
      yield* servingAgain(sql)
      const unread = yield* Effect.flip(sql`SELECT reason FROM onhand.movements`)
      assert.match(String(unread.reason.cause), /invalid page|checksum/, "PostgreSQL notices")
      yield* sql`SET ignore_checksum_failure = on`
      const { broken } = yield* verifyChain(sql)
      assert.deepStrictEqual(broken, [{ ...seq, reason: "a row differs" }], "F36: the chain says where")
      console.log(`F25 a bit of the ledger changed: ${JSON.stringify(broken)}`)
    })
  )
