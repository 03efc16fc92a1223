// What goes the short way is answered as on the long one, and what is not plain goes the long way.
import { createServer, request as send } from "node:http"
import type { AddressInfo } from "node:net"
import { OnhandApi } from "@onhand/api"
import { Context, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { afterAll, assert, beforeAll, describe, it, vi } from "vitest"
import { ShortWay, type ShortWayShape } from "../src/ShortWay.ts"
import { undocumented } from "./Contract.ts"
import { type ListeningServer, startListening } from "./ListeningServer.ts"

interface Ask {
  readonly method?: string
  readonly path: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: Buffer
}

let server: ListeningServer
let token: string
let customer: string

/** Asks over a connection of its own; fetch would add header fields, such as the encodings that it can read. */
const ask = (port: number, { method = "GET", path, body = "", headers = {} }: Ask): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const length = body === "" ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const options = { port, method, path, headers: { ...length, ...headers }, agent: false }
    send(options, (reply) => {
      const chunks: Array<Buffer> = []
      reply.on("data", (chunk: Buffer) => chunks.push(chunk))
      reply.on("end", () =>
        resolve({ status: reply.statusCode ?? 0, headers: { ...reply.headers }, body: Buffer.concat(chunks) })
      )
    })
      .on("error", reject)
      .end(body)
  })

const bearer = (of: string) => ({ authorization: `Bearer ${of}` })

/** The same credential, in letters that only the long way reads. */
const longBearer = (of: string) => ({ authorization: `bearer ${of}` })

// These differ from one request to the next, or between a body that is streamed and one that is sent at once.
const OF_ONE_REPLY = ["date", "x-request-id", "ratelimit", "content-length", "transfer-encoding"]

const comparable = ({ status, headers, body }: Answer) => {
  for (const name of OF_ONE_REPLY) delete headers[name]
  const text = body.toString("latin1").replace(/"requestId":"[^"]+"/, "")
  return { status, headers, text }
}

const movement = (line: object): string => JSON.stringify({ lines: [{ location: "shop", quantity: 1, ...line }] })

const sale = (product = "mug", quantity: unknown = 1): string => movement({ kind: "sale", product, quantity })

const line = (product: string, quantity: number): string => JSON.stringify({ product, quantity })

beforeAll(async () => {
  server = await startListening({ settings: { requestsPerMinute: { user: 400, address: 400 } } })
  token = await server.signIn()
  const post = (path: string, body: unknown, key: string) =>
    ask(server.port, {
      method: "POST",
      path: `/api/v1${path}`,
      body: JSON.stringify(body),
      headers: { ...bearer(token), "idempotency-key": key }
    })
  await post("/locations", { id: "shop", name: "Shop" }, "location")
  for (const id of ["mug", "bowl", "lookup"]) {
    const description = "wheel-thrown ".repeat(40)
    await post("/products", { id, sku: id, name: id, description, price: { amount: "9.90", currency: "EUR" } }, id)
    await post("/stock-movements", JSON.parse(movement({ kind: "opening", product: id, quantity: 100 })), `open-${id}`)
  }
  const account = { email: "ann@example.com", name: "Ann", password: "the password of ann" }
  await post("/auth/register", account, "ann")
  customer = await server.signIn(account.email, account.password)
  for (const one of [token, customer]) {
    await ask(server.port, { path: "/api/v1/users/me", headers: bearer(one) })
  }
}, 60_000)

afterAll(() => server.stop())

/** The short way of a server, whose layers give it to nobody but that server itself. */
const shortWayOf = ({ context }: ListeningServer): ShortWayShape =>
  Context.get(context as Context.Context<never> as never, ShortWay)

const cases: ReadonlyArray<readonly [string, () => Ask]> = [
  ["a product", () => ({ path: "/api/v1/products/mug" })],
  ["a product that the reader has", () => ({ path: "/api/v1/products/mug", headers: { "if-none-match": "*" } })],
  ["a product that there is not", () => ({ path: "/api/v1/products/cup" })],
  ["a fixed path that looks like a product", () => ({ path: "/api/v1/products/lookup?sku=mug" })],
  ["a page of products", () => ({ path: "/api/v1/products?page=1&page_size=2" })],
  ["products that are searched for", () => ({ path: "/api/v1/products?search=bowl&limit=5" })],
  ["a cursor that is none", () => ({ path: "/api/v1/products?cursor=none" })],
  ["a parameter that nobody knows", () => ({ path: "/api/v1/products?colour=red" })],
  ["a parameter where there is none", () => ({ path: "/api/v1/products/mug?colour=red" })],
  ["a parameter that is there twice", () => ({ path: "/api/v1/products?limit=1&limit=2" })],
  ["a page in Brotli", () => ({ path: "/api/v1/products", headers: { "accept-encoding": "gzip, deflate, br" } })],
  ["a page in gzip", () => ({ path: "/api/v1/products", headers: { "accept-encoding": "gzip" } })],
  ["a page as it is", () => ({ path: "/api/v1/products", headers: { "accept-encoding": "identity" } })],
  ["a page with weights", () => ({ path: "/api/v1/products", headers: { "accept-encoding": "br;q=0, gzip" } })],
  ["an ETag of a compressed body", () => ({ path: "/api/v1/products/mug", headers: { "accept-encoding": "br" } })],
  ["a sale", () => ({ method: "POST", path: "/api/v1/stock-movements", body: sale() })],
  ["a sale of too much", () => ({ method: "POST", path: "/api/v1/stock-movements", body: sale("bowl", 1_000) })],
  ["a sale of nothing", () => ({ method: "POST", path: "/api/v1/stock-movements", body: sale("bowl", 0) })],
  ["a sale of what is no number", () => ({ method: "POST", path: "/api/v1/stock-movements", body: sale("mug", "1") })],
  ["a sale of what there is not", () => ({ method: "POST", path: "/api/v1/stock-movements", body: sale("cup") })],
  ["an empty cart", () => ({ path: "/api/v1/cart" })],
  ["a checkout of nothing", () => ({ method: "POST", path: "/api/v1/checkout", body: "{}" })],
  ["a line of a cart", () => ({ method: "POST", path: "/api/v1/cart/items", body: line("mug", 2) })],
  ["a line of what there is not", () => ({ method: "POST", path: "/api/v1/cart/items", body: line("cup", 2) })],
  ["a cart", () => ({ path: "/api/v1/cart" })],
  ["a checkout", () => ({ method: "POST", path: "/api/v1/checkout", body: "{}" })],
  [
    "a checkout where there is nothing",
    () => ({ method: "POST", path: "/api/v1/checkout", body: '{"location":"mars"}' })
  ],
  ["half a body", () => ({ method: "POST", path: "/api/v1/stock-movements", body: sale().slice(0, 20) })],
  [
    "a body with a field twice",
    () => ({ method: "POST", path: "/api/v1/stock-movements", body: '{"lines":1,"lines":2}' })
  ],
  ["no body", () => ({ method: "POST", path: "/api/v1/stock-movements" })]
]

describe("the short way", () => {
  it.each(cases)("answers as the long way does: %s", async (name, asked) => {
    const key = { "idempotency-key": name.replaceAll(" ", "-") }
    const question = asked()
    const headers = question.method === "POST" ? { ...key, ...question.headers } : (question.headers ?? {})
    // Who was not seen within a second is looked up, which the long way does.
    await ask(server.port, { path: "/api/v1/users/me", headers: bearer(token) })
    const first = await ask(server.port, { ...question, headers: { ...headers, ...bearer(token) } })
    const replayed = question.method === "POST" && first.status < 300 ? { "idempotency-replayed": "true" } : {}
    const other = await ask(server.port, { ...question, headers: { ...headers, ...longBearer(token) } })
    const expected = comparable(other)
    const found = comparable(first)
    assert.deepStrictEqual({ ...found, headers: { ...found.headers, ...replayed } }, expected)
    if (headers["accept-encoding"] === undefined && found.text !== "") {
      const path = question.path.split("?", 1)[0] ?? ""
      const body = JSON.parse(first.body.toString())
      assert.isUndefined(undocumented(question.method ?? "GET", path, { status: found.status, body }))
    }
    assert.strictEqual(server.entries.at(-1)?.status, found.status)
  })

  it("refuses who may not, and who is not signed in", async () => {
    const body = sale()
    const question = { method: "POST", path: "/api/v1/stock-movements", body }
    const headers = { "idempotency-key": "not-allowed" }
    const refused = await ask(server.port, { ...question, headers: { ...headers, ...bearer(customer) } })
    assert.strictEqual(refused.status, 403)
    const unknown = await ask(server.port, { ...question, headers: { ...headers, ...bearer("nobody") } })
    assert.strictEqual(unknown.status, 401)
  })

  it("tells the log and the caller what the long way tells", async () => {
    const headers = {
      ...bearer(token),
      "x-request-id": "mine",
      traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`
    }
    const reply = await ask(server.port, { path: "/api/v1/products/mug", headers })
    const short = server.entries.at(-1)
    assert.strictEqual(reply.headers["x-request-id"], "mine")
    await ask(server.port, { path: "/api/v1/products/mug", headers: { ...headers, ...longBearer(token) } })
    const long = server.entries.at(-1)
    assert.strictEqual(short?.traceId, "a".repeat(32))
    assert.deepStrictEqual({ ...short, time: 0, millis: 0 }, { ...long, time: 0, millis: 0 } as never)
  })

  it("counts each request once towards the quota, and refuses what is above it", async () => {
    const left = async (headers: Record<string, string>) => {
      const reply = await ask(server.port, { path: "/api/v1/products/mug", headers })
      return { status: reply.status, left: Number(/r=(\d+)/.exec(String(reply.headers["ratelimit"]))?.[1]) }
    }
    const first = await left(bearer(customer))
    assert.strictEqual((await left(longBearer(customer))).left, first.left - 1)
    assert.strictEqual((await left(bearer(customer))).left, first.left - 2)
    // A body that turns out to be wrong was looked at on the short way, and is counted on the long one alone.
    const broken = { method: "POST", path: "/api/v1/stock-movements", body: "{}" }
    await ask(server.port, { ...broken, headers: { ...bearer(token), "idempotency-key": "broken" } })
    for (let count = 0; count < first.left - 2; count++) await left(bearer(customer))
    assert.strictEqual((await left(bearer(customer))).status, 429)
  })
})

describe("a handler on the short way", () => {
  const broken: ReadonlyArray<readonly [string, Parameters<ShortWayShape["take"]>[1]]> = [
    [
      "throws before it has an effect",
      () => {
        throw new Error("broken")
      }
    ],
    ["dies at once", () => Effect.die(new Error("broken"))],
    ["dies later", () => Effect.andThen(Effect.sleep(1), Effect.die(new Error("broken")))],
    ["fails with what no contract has", () => Effect.fail({ _tag: "Nobody" } as never)],
    [
      "answers with what cannot be sent",
      () => Effect.succeed(HttpServerResponse.text("fine", { headers: { etag: "a\nb" } }))
    ]
  ]

  it.each(broken)("that %s is answered with 500 and logged, and the server goes on", async (_, handler) => {
    const logged: Array<unknown> = []
    const own = await startListening({ logged: (message) => logged.push(message) })
    const admin = bearer(await own.signIn())
    await ask(own.port, { path: "/api/v1/users/me", headers: admin })
    shortWayOf(own).take(OnhandApi.groups.products.endpoints.byId, handler as never)
    const reply = await ask(own.port, { path: "/api/v1/products/mug", headers: { ...admin, "x-request-id": "mine" } })
    assert.deepStrictEqual([reply.status, reply.headers["content-type"]], [500, "application/problem+json"])
    const body = JSON.parse(reply.body.toString())
    assert.isUndefined(undocumented("GET", "/api/v1/products/mug", { status: 500, body }))
    assert.deepInclude(body, { requestId: "mine", status: 500 })
    assert.notInclude(reply.body.toString(), "broken")
    assert.strictEqual(own.entries.at(-1)?.status, 500)
    await vi.waitFor(() => assert.lengthOf(logged, 1))
    assert.include(JSON.stringify(logged), '"A request failed",{"requestId":"mine","path":"/api/v1/products/mug"}')
    assert.strictEqual((await ask(own.port, { path: "/api/v1/products", headers: admin })).status, 200)
    await own.stop()
  })
})

describe("behind a proxy", () => {
  let proxied: ListeningServer
  let admin: string

  beforeAll(async () => {
    proxied = await startListening({ settings: { trustedProxies: ["127.0.0.0/8", "::1/128", "10.0.0.0/8"] } })
    admin = await proxied.signIn()
  }, 60_000)

  afterAll(() => proxied.stop())

  it.each([
    "203.0.113.9",
    "203.0.113.9, 10.1.2.3",
    "203.0.113.9, 198.51.100.7, 10.1.2.3",
    "10.9.9.9, 10.1.2.3",
    "[2001:db8::1]:4711",
    "::ffff:203.0.113.9",
    "somewhere",
    "203.0.113.9, somewhere",
    ""
  ])("the client is the one that the long way finds: %j", async (forwarded) => {
    const from = async (headers: Record<string, string>) => {
      const said = { ...headers, "x-forwarded-for": forwarded }
      await ask(proxied.port, { path: "/api/v1/users/me", headers: said })
      await ask(proxied.port, { path: "/api/v1/products", headers: said })
      return proxied.entries.at(-1)?.address
    }
    assert.strictEqual(await from(bearer(admin)), await from(longBearer(admin)))
  })
})

describe("the choice of the way", () => {
  const LONG = 599
  let port: number
  const listener = createServer()

  beforeAll(async () => {
    const { answers } = shortWayOf(server)
    listener.on("request", (request, response) => {
      const goOn = () => void response.writeHead(LONG).end()
      if (!answers(request, response, goOn)) goOn()
    })
    await new Promise<void>((resolve) => listener.listen(0, resolve))
    port = (listener.address() as AddressInfo).port
    await ask(server.port, { path: "/api/v1/users/me", headers: longBearer(token) })
  })

  afterAll(() => new Promise((resolve) => listener.close(resolve)))

  const isTaken = async (question: Ask): Promise<boolean> => {
    await ask(server.port, { path: "/api/v1/users/me", headers: longBearer(token) })
    return (await ask(port, { ...question, headers: { ...bearer(token), ...question.headers } })).status !== LONG
  }
  const post = { method: "POST", path: "/api/v1/stock-movements", body: sale(), headers: { "idempotency-key": "one" } }

  it.each([
    { path: "/api/v1/products/mug" },
    { path: "/api/v1/products/cup" },
    { path: "/api/v1/products?page=1&page_size=20" },
    { path: "/api/v1/products", headers: { "accept-encoding": "gzip, deflate, br" } },
    { path: "/api/v1/products", headers: { "x-forwarded-for": "203.0.113.9" } },
    { path: "/api/v1/cart" },
    post
  ])("is the short one for what is plain: %j", async (question) => {
    assert.isTrue(await isTaken(question))
  })

  it.each([
    { path: "/api/v1/products/m%75g" },
    { path: "/api/v1/products/lookup" },
    { path: "/api/v1//products" },
    { path: "/api/v1/products?limit=0" },
    { path: "/api/v1/products?limit=1&limit=2" },
    { path: "/api/v1/products/mug?limit=1" },
    { path: "/api/v1/locations" },
    { method: "HEAD", path: "/api/v1/products/mug" },
    { path: "/api/v1/products", headers: { "accept-encoding": "br;q=0.5" } },
    { path: "/api/v1/products", headers: { authorization: "Bearer another" } },
    { path: "/api/v1/products", headers: { authorization: "Basic YTpi" } },
    { ...post, body: "{}" },
    { ...post, body: '{"lines":1,"lines":2}' },
    { ...post, headers: { ...post.headers, "content-type": "text/plain" } },
    { ...post, headers: { "idempotency-key": "two words" } },
    { ...post, headers: bearer("of somebody else") }
  ])("is the long one for what is not: %j", async (question) => {
    assert.isFalse(await isTaken(question))
  })
})
