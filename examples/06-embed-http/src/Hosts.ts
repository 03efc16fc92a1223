// Two hosts with pages of their own beside the API: one of Hono, one of plain node:http.
import { createServer, type Server } from "node:http"
import { createAdaptorServer } from "@hono/node-server"
import { Hono } from "hono"
import { listenerOf } from "./NodeHttp.ts"

type Handler = (request: Request) => Promise<Response>

/** What of the paths is the API's; all others are the host's. */
const OURS = /^\/(?:api\/v1\/|health\/|docs$|openapi\.json$)/

export const honoHost = (handler: Handler): Server => {
  const app = new Hono()
  app.get("/", (context) => context.text("A page of the shop, served by Hono"))
  for (const path of ["/api/v1/*", "/health/*", "/docs", "/openapi.json"]) {
    app.all(path, (context) => handler(context.req.raw))
  }
  return createAdaptorServer(app) as Server
}

export const nodeHost = (handler: Handler): Server => {
  const onhand = listenerOf(handler)
  return createServer((incoming, outgoing) => {
    if (OURS.test(incoming.url ?? "")) onhand(incoming, outgoing)
    else outgoing.end("A page of the shop, served by node:http")
  })
}

/** Listens at any free port, and tells the URL. */
export const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`)
    })
  })
