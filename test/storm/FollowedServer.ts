// A server process for those who follow: with less patience for a reader that stalls than a host has, and without a
// bound on how much one user asks. Run as `node FollowedServer.ts <url>`; it prints where it is ready.
import { layerLocal } from "@onhand/auth"
import { Inventory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { AccessLog, defaultSettings, ensureAdmin, ServerSettings, serve } from "@onhand/server"
import { Console, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"

const [url = ""] = process.argv.slice(2)
const { ONHAND_SECRET = "", ONHAND_ADMIN_EMAIL = "", ONHAND_ADMIN_PASSWORD = "" } = process.env

/** How long a reader may stop reading, in milliseconds: longer than a busy machine takes to answer a large request. */
const STALLED_MILLIS = 15_000

const lifetimeSeconds = 3_600
const secret = Redacted.make(ONHAND_SECRET)
const Services = Layer.mergeAll(
  Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url: Redacted.make(url) }))),
  layerLocal({ key: { _tag: "Secret", secret }, issuer: "onhand", audience: "onhand", lifetimeSeconds }),
  Layer.succeed(AccessLog, () => {}),
  Layer.succeed(ServerSettings, { ...defaultSettings, requestsPerMinute: { user: 1e9, address: 1e9 } })
)

const program = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  yield* ensureAdmin({ email: ONHAND_ADMIN_EMAIL, password: Redacted.make(ONHAND_ADMIN_PASSWORD) })
  const port = "port" in address ? address.port : 0
  yield* Console.log(`ready: http://127.0.0.1:${port}`)
  return yield* Effect.never
}).pipe(Effect.provide(serve({ port: 0, stalledMillis: STALLED_MILLIS }).pipe(Layer.provideMerge(Services))))

process.once("SIGTERM", () => process.exit(0))
await Effect.runPromise(program)
