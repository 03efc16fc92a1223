import { execFileSync } from "node:child_process"
import type { Server } from "node:http"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { honoHost, listen, nodeHost } from "../src/Hosts.ts"
import { admin, startOnhand } from "../src/Onhand.ts"

describe("the program", () => {
  it("serves the API beside the host's own pages, over one inventory", () => {
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
    const printed = execFileSync(process.execPath, ["--conditions=onhand-source", main], { encoding: "utf8" })
    const stock = "In stock, as the host's own code sees it: 5\n"
    assert.strictEqual(
      printed,
      `A page of the shop, served by Hono\n${stock}A page of the shop, served by node:http\n${stock}`
    )
  })
})

describe.each([
  ["Hono", honoHost],
  ["plain node:http", nodeHost]
] as const)("the API in %s", (_, host) => {
  let onhand: Awaited<ReturnType<typeof startOnhand>>
  let server: Server
  let url: string
  let token: string

  beforeAll(async () => {
    onhand = await startOnhand()
    server = host(onhand.handler)
    url = await listen(server)
    const body = new URLSearchParams({ username: admin.email, password: admin.password })
    const reply = await fetch(`${url}/api/v1/auth/login`, { method: "POST", body })
    token = ((await reply.json()) as { readonly access_token: string }).access_token
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await onhand.stop()
  })

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })

  it("answers with its statuses, headers and problems", async () => {
    const ready = await fetch(`${url}/health/ready`)
    assert.strictEqual(ready.status, 200)
    assert.strictEqual(ready.headers.get("x-content-type-options"), "nosniff")
    assert.strictEqual((await fetch(`${url}/api/v1/products`)).status, 401)
    const none = await ask("/api/v1/products/none")
    assert.strictEqual(none.headers.get("content-type"), "application/problem+json")
    assert.strictEqual((await ask("/docs")).status, 200)
  })

  it("takes bodies, and large ones as far as the API takes them", async () => {
    const rows = Array.from({ length: 2_000 }, (_, index) => `S-${index},Product ${index}`)
    const headers = { "content-type": "text/csv", "idempotency-key": "import-1" }
    const imported = await ask("/api/v1/products/import", {
      method: "POST",
      headers,
      body: ["sku,name", ...rows].join("\n")
    })
    assert.strictEqual(((await imported.json()) as { readonly created: number }).created, 2_000)
    const much = await ask("/api/v1/products", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "x".repeat(2 * 1024 * 1024) })
    })
    assert.strictEqual(much.status, 413)
  })

  it("streams events as they happen, until the reader goes away", async () => {
    const gone = new AbortController()
    const stream = await ask("/api/v1/events", { signal: gone.signal })
    assert.match(stream.headers.get("content-type") ?? "", /event-stream/)
    const reader = stream.body?.getReader()
    await ask("/api/v1/locations", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "corner", name: "Corner shop" })
    })
    let text = ""
    while (!text.includes("LocationCreated")) {
      const part = await reader?.read()
      if (part?.value === undefined) assert.fail(`The stream ended after ${text}`)
      text += new TextDecoder().decode(part.value)
    }
    gone.abort()
    await reader?.cancel().catch(() => {})
  })
})
