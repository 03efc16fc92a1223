/**
 * A process that writes to an embedded database until it is killed, and prints each row's id once its commit
 * was acknowledged. Run as `node WriteLoop.ts <folder>`.
 */
import { writeSync } from "node:fs"
import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { layer } from "../../src/pglite/index.ts"

const writeForever = Effect.gen(function* () {
  const sql = yield* SqlClient
  yield* sql`create table if not exists written (id bigserial primary key, padding text not null)`
  const write = sql.withTransaction(
    Effect.gen(function* () {
      const [row] = yield* sql<{ id: bigint }>`insert into written (padding) values (${"x".repeat(500)}) returning id`
      yield* sql`update written set padding = padding || 'y' where id = ${row!.id}`
      return row!.id
    })
  )
  const acknowledge = (id: bigint) => Effect.sync(() => writeSync(1, `${id}\n`))
  yield* Effect.repeat(Effect.flatMap(write, acknowledge), Schedule.forever)
})

await Effect.runPromise(writeForever.pipe(Effect.provide(layer({ folder: process.argv[2]! }))))
