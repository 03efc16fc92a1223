// A database whose owner may have only so many sessions: how a server that is full looks to an application.
import { Effect } from "effect"
import { createDatabase } from "../PostgresDatabase.ts"
import { clientOf } from "./Stage.ts"

/** Creates a database and a role that owns it; gives its URL as the server's administrator, and as that role. */
export const createLimitedDatabase = (sessions: number, server?: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const url = new URL(yield* Effect.promise(() => createDatabase(server)))
      const sql = yield* clientOf(url.href, 1)
      const role = `limited_${crypto.randomUUID().replaceAll("-", "")}`
      const password = crypto.randomUUID()
      yield* sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD '${password}' CONNECTION LIMIT ${sessions}`)
      yield* sql`ALTER DATABASE ${sql(url.pathname.slice(1))} OWNER TO ${sql(role)}`
      const storeUrl = new URL(url)
      storeUrl.username = role
      storeUrl.password = password
      return { url: url.href, storeUrl: storeUrl.href }
    })
  )
