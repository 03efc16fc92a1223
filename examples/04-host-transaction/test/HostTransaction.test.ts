// The host's program on both databases: whatever fails, stock and invoices tell of the same sales.
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { inject } from "vitest"

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const printedBy = (environment: Readonly<Record<string, string>>) =>
  execFileSync(process.execPath, ["--conditions=onhand-source", program], { encoding: "utf8", env: environment })

const expected = `In the morning: 3 on the shelf, 0 invoices
Ann bought 2: 1 on the shelf, 1 invoices
Bob got a number that was taken: 1 on the shelf, 1 invoices
Cid wanted 2: 1 on the shelf, 1 invoices
Bob bought 1: 0 on the shelf, 2 invoices
`

const at = <A, E>(url: string, use: (sql: SqlClient) => Effect.Effect<A, E>) =>
  Effect.provide(SqlClient.use(use), PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))

describe("a host's transaction", () => {
  it("keeps stock and invoices together on the embedded database", () => {
    assert.strictEqual(printedBy({}), expected)
  })

  it.live("keeps them together on PostgreSQL, and leaves nothing of what was rolled back", () =>
    Effect.gen(function* () {
      const server = inject("postgresUrl")
      const name = `host_${crypto.randomUUID().replaceAll("-", "")}`
      yield* at(server, (sql) => sql`CREATE DATABASE ${sql(name)}`)
      const url = new URL(server)
      url.pathname = name
      assert.strictEqual(printedBy({ DATABASE_URL: url.href }), expected)
      const [invoices, sales] = yield* at(url.href, (sql) =>
        Effect.all([
          sql`SELECT customer, quantity FROM invoices ORDER BY number`,
          sql`SELECT command AS customer, quantity::int FROM onhand.movements WHERE kind = 'sale' ORDER BY seq`
        ])
      )
      assert.deepStrictEqual(invoices, [
        { customer: "Ann", quantity: 2 },
        { customer: "Bob", quantity: 1 }
      ])
      assert.deepStrictEqual(sales, invoices)
    })
  )
})
