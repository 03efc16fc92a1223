// A bare route of the same framework, with nothing behind it: what no server built on it can pass.
import { createServer } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

class Bare extends HttpApiGroup.make("bare").add(
  HttpApiEndpoint.get("bare", "/bare", { success: Schema.Struct({ id: Schema.String, name: Schema.String }) })
) {}
const BareApi = HttpApi.make("BareApi").add(Bare)

const group = HttpApiBuilder.group(BareApi, "bare", (handlers) =>
  handlers.handle("bare", () => Effect.succeed({ id: "p-1", name: "Product 1" }))
)

const told = Layer.effectDiscard(
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    if (address._tag !== "UnixPathAddress") process.stdout.write(`ready: http://127.0.0.1:${address.port}\n`)
  })
)

const server = NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })
const served = HttpRouter.serve(HttpApiBuilder.layer(BareApi).pipe(Layer.provide(group)), {
  disableLogger: true,
  disableListenLog: true
})
await Effect.runPromise(Layer.launch(Layer.mergeAll(served, told).pipe(Layer.provide(server))))
