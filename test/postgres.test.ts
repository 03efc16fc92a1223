import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inject } from "vitest"
import { createDatabase } from "./PostgresDatabase.ts"
import { cacheFolder, start } from "./PostgresServer.ts"

const ask = <A>(url: string, question: (sql: PgClient.PgClient) => Effect.Effect<A, unknown>): Promise<A> =>
  Effect.runPromise(
    PgClient.PgClient.use(question).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })))
  )

describe("the run's PostgreSQL", () => {
  it("keeps every commit as production does", async () => {
    const settings = await ask(
      inject("postgresUrl"),
      (sql) => sql<{ name: string; setting: string }>`
        select name, setting from pg_settings
        where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name`
    )
    assert.deepStrictEqual(
      settings.map((row) => `${row.name}=${row.setting}`),
      ["fsync=on", "full_page_writes=on", "synchronous_commit=on"]
    )
  })

  it("gives each caller a database of its own", async () => {
    const [mine, yours] = await Promise.all([createDatabase(), createDatabase()])
    await ask(mine, (sql) => sql`create table only_mine (id int)`)
    const found = await ask(yours, (sql) => sql`select to_regclass('only_mine') as name`)
    assert.deepStrictEqual(found, [{ name: null }])
  })

  it("refuses a caller without the password", async () => {
    const url = new URL(inject("postgresUrl"))
    url.password = "guess"
    const answer = await ask(url.href, (sql) => sql`select 1`).then(
      () => "let in",
      () => "refused"
    )
    assert.strictEqual(answer, "refused")
  })

  it("is cleaned up by the next run when nobody else did", async () => {
    const dead = spawnSync(process.execPath, ["--version"]).pid
    const left = `${cacheFolder()}/runs/${dead}-left`
    mkdirSync(left)
    const next = await start()
    await next.stop()
    assert.deepStrictEqual([existsSync(left), existsSync(next.folder)], [false, false])
  })

  it("dies with a runner that is killed, and its folder with it", { timeout: 60_000 }, async () => {
    const program = `
      import { start } from ${JSON.stringify(new URL("PostgresServer.ts", import.meta.url).href)}
      const server = await start()
      console.log(JSON.stringify(server))
      process.stdin.resume()`
    const runner = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["pipe", "pipe", "inherit"]
    })
    const { folder, url } = await new Promise<{ folder: string; url: string }>((resolve) =>
      runner.stdout.once("data", (line: Buffer) => resolve(JSON.parse(line.toString())))
    )
    assert.isTrue(existsSync(`${folder}/data/postmaster.pid`))
    runner.kill("SIGKILL")
    // The watch holds the runner's stderr no longer than the server lives, so wait for the folder.
    while (existsSync(folder)) await new Promise((resolve) => setTimeout(resolve, 20))
    const answer = await ask(url, (sql) => sql`select 1`).then(
      () => "alive",
      () => "gone"
    )
    assert.strictEqual(answer, "gone")
  })
})
