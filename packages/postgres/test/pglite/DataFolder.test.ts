// The database in a folder: who may open it, what it survives, and what is refused.
import assert from "node:assert"
import { type ChildProcess, spawn } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlClient } from "effect/sql/SqlClient"
import { afterAll, beforeAll, describe, it } from "vitest"
import { openFolder } from "../../src/pglite/DataFolder.ts"
import { layer } from "../../src/pglite/index.ts"

const writeLoop = fileURLToPath(new URL("./WriteLoop.ts", import.meta.url))

const exited = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once("exit", () => resolve())
  })

/** Starts a writer on a folder; `acknowledged` waits until it has acknowledged so many rows and names them. */
const startWriter = (folder: string) => {
  const child = spawn(process.execPath, [writeLoop, folder], { stdio: ["ignore", "pipe", "inherit"] })
  const ids: Array<number> = []
  const lines = createInterface({ input: child.stdout })
  const acknowledged = (count: number): Promise<ReadonlyArray<number>> =>
    new Promise((resolve, reject) => {
      lines.on("line", (line) => {
        ids.push(Number(line))
        if (ids.length === count) resolve(ids)
      })
      child.once("exit", () => reject(new Error("the writer ended by itself")))
    })
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL")
    await exited(child)
  }
  return { child, ids, acknowledged, kill }
}

const query = <A>(folder: string, ask: (sql: SqlClient) => Effect.Effect<A, unknown>) =>
  Effect.gen(function* () {
    return yield* ask(yield* SqlClient)
  }).pipe(Effect.provide(layer({ folder })), Effect.runPromise)

const failureOf = (folder: string) =>
  openFolder(folder).pipe(Effect.asVoid, Effect.scoped, Effect.flip, Effect.runPromise)

describe("a database folder", () => {
  const place = mkdtempSync(join(tmpdir(), "onhand-folder-"))
  const folder = join(place, "shop")
  const copyOf = (name: string): string => {
    const copy = join(place, name)
    cpSync(folder, copy, { recursive: true })
    return copy
  }

  let leftBehind: ReadonlyArray<string> = []
  // The database of these tests is itself made after a first start that was killed.
  beforeAll(async () => {
    const writer = startWriter(folder)
    while (!existsSync(join(folder, "initialising", "PG_VERSION"))) await new Promise(setImmediate)
    await writer.kill()
    leftBehind = readdirSync(folder)
    await query(folder, (sql) => sql`create table kept (id int primary key)`)
  })
  afterAll(() => rmSync(place, { recursive: true, force: true }))

  it("is made anew after a first start that was killed", () => {
    assert.deepStrictEqual(leftBehind, ["initialising", "lock", "lock.owner"])
    assert.deepStrictEqual(readdirSync(folder), ["data", "lock"])
  })

  it("keeps its rows from one opening to the next", async () => {
    await query(folder, (sql) => sql`insert into kept values (1)`)
    assert.deepStrictEqual(await query(folder, (sql) => sql`select id from kept`), [{ id: 1 }])
  })

  it("is opened by one process only, which ends with kill -9", async () => {
    const writer = startWriter(folder)
    await writer.acknowledged(1)
    const locked = await failureOf(folder)
    assert(locked._tag === "FolderLocked")
    assert.strictEqual(locked.pid, writer.child.pid)
    assert.match(locked.message, new RegExp(`process ${writer.child.pid}`))
    await writer.kill()
    await query(folder, (sql) => sql`select 1`)
  })

  it("is opened once in this process too, even by a path of more than 107 bytes", async () => {
    const long = join(place, "x".repeat(100), "y".repeat(100))
    mkdirSync(join(long, ".."))
    cpSync(folder, long, { recursive: true })
    const second = Effect.gen(function* () {
      yield* openFolder(long)
      return yield* Effect.flip(openFolder(long))
    })
    const locked = await Effect.runPromise(Effect.scoped(second))
    assert(locked._tag === "FolderLocked")
    assert.strictEqual(locked.pid, process.pid)
  })

  it("syncs every commit to disk", async () => {
    const commits = 20
    const measured = Effect.gen(function* () {
      const thread = yield* openFolder(folder)
      const sql = yield* PgClient.make({ stream: () => thread.stream(), username: "postgres" })
      yield* sql`create table synced (id int)`
      const before = yield* Effect.promise(() => thread.syncs())
      for (let id = 0; id < commits; id++) yield* sql`insert into synced values (${id})`
      return (yield* Effect.promise(() => thread.syncs())) - before
    })
    assert((await measured.pipe(Effect.scoped, Effect.provide(Reactivity.layer), Effect.runPromise)) >= commits)
  })

  it("loses no acknowledged row to kill -9 while it writes", async () => {
    for (const rows of [40, 90, 170]) {
      const writer = startWriter(folder)
      await writer.acknowledged(rows)
      await writer.kill()
      const found = await query(
        folder,
        (sql) => sql<{ id: bigint; whole: boolean }>`
        select id, padding like '%xy' as whole from written`
      )
      const ids = new Set(found.map(({ id }) => Number(id)))
      assert.deepStrictEqual(
        writer.ids.filter((id) => !ids.has(id)),
        []
      )
      assert(
        found.every(({ whole }) => whole),
        "a transaction was applied in part"
      )
    }
  })

  it("is refused and left alone when it holds something else", async () => {
    const foreign = join(place, "foreign")
    mkdirSync(foreign)
    writeFileSync(join(foreign, "thesis.txt"), "precious")
    const refused = await failureOf(foreign)
    assert(refused._tag === "FolderDamaged")
    assert.match(refused.reason, /thesis\.txt/)
    assert(readdirSync(foreign).includes("thesis.txt") && !existsSync(join(foreign, "data")))
  })

  it("is refused and never initialised again when its files are damaged", async () => {
    const unversioned = copyOf("unversioned")
    rmSync(join(unversioned, "data", "PG_VERSION"))
    const scrambled = copyOf("scrambled")
    writeFileSync(join(scrambled, "data", "global", "pg_control"), Buffer.alloc(8192, 7))
    const foreignVersion = copyOf("foreignVersion")
    writeFileSync(join(foreignVersion, "data", "PG_VERSION"), "15\n")
    for (const [damaged, reason] of [
      [unversioned, /PG_VERSION/],
      [scrambled, /files are incompatible/],
      [foreignVersion, /PostgreSQL 15/]
    ] as const) {
      const before = readdirSync(join(damaged, "data")).sort()
      const refused = await failureOf(damaged)
      assert(refused._tag === "FolderDamaged")
      assert.match(refused.reason, reason)
      assert.deepStrictEqual(readdirSync(join(damaged, "data")).sort(), before)
    }
  })

  it("recovers by itself when its backend is lost, and keeps what was acknowledged", async () => {
    const log = join(folder, "data", "pg_wal")
    const rows = await query(folder, (sql) =>
      Effect.gen(function* () {
        yield* sql`insert into kept values (2)`
        // Without its log directory PostgreSQL panics as soon as it needs a new log file.
        renameSync(log, `${log}.away`)
        const lost = yield* Effect.exit(sql`insert into kept select generate_series(1000, 900000)`)
        renameSync(`${log}.away`, log)
        assert(Exit.isFailure(lost))
        return yield* sql`select id from kept order by id`
      })
    )
    assert.deepStrictEqual(rows, [{ id: 1 }, { id: 2 }])
  })

  it("fails a statement that recurses without end, and goes on", async () => {
    await query(folder, (sql) =>
      Effect.gen(function* () {
        yield* sql`create function deep(n int) returns int language plpgsql as 'begin return deep(n + 1); end'`
        const failed = yield* Effect.flip(sql`select deep(1)`)
        assert(String(failed.reason.cause).includes("stack depth limit exceeded"))
        yield* sql`select 1`
      })
    )
  })
})
