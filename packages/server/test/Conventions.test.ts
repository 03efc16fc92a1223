import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { undocumented } from "./Contract.ts"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
})
afterAll(() => server.stop())

const createProduct = async (fields: object) =>
  server.ask("POST", "/api/v1/products", { token: admin, body: { name: "Thing", ...fields } })

const faultPaths = (reply: { readonly body: { readonly faults: ReadonlyArray<{ readonly path: string }> } }) =>
  reply.body.faults.map(({ path }) => path)

describe("a request", () => {
  it("is refused with the path of each fault, unknown fields included", async () => {
    const reply = await createProduct({ sku: "", name: 7, colour: "blue", price: { amount: 9.5, currency: "usd" } })
    assert.strictEqual(reply.status, 400)
    assert.includeMembers(faultPaths(reply), ["payload.sku", "payload.name", "payload.colour", "payload.price.amount"])
  })

  it.each([
    ["/api/v1/products?limit=0", "query.limit"],
    ["/api/v1/products?limit=1000000000", "query.limit"],
    ["/api/v1/products?limit=1&limit=2", "query.limit"],
    ["/api/v1/products?sort_by=price", "query.sort_by"],
    ["/api/v1/products?colour=blue", "query.colour"],
    ["/api/v1/products?page=1&cursor=x", "query"],
    ["/api/v1/cart?verbose=1", "query.verbose"],
    ["/health/live?verbose=1", "query.verbose"]
  ])("with %s is refused at %s", async (path, fault) => {
    const reply = await server.ask("GET", path, { token: admin })
    assert.strictEqual(reply.status, 400)
    assert.include(faultPaths(reply), fault)
  })

  it.each([-1, 0, 1.5, Number.POSITIVE_INFINITY, 2 ** 53, "1", null, 1e-7])(
    "with a quantity of %s pieces is refused",
    async (quantity) => {
      const product = await createProduct({ sku: `Q-${String(quantity)}` })
      const text = JSON.stringify({
        lines: [{ kind: "purchase", product: product.body.id, location: "l", quantity: "?" }]
      })
      const reply = await server.ask("POST", "/api/v1/stock-movements", {
        token: admin,
        headers: { "idempotency-key": "q", "content-type": "application/json" },
        body: text.replace('"?"', quantity === Number.POSITIVE_INFINITY ? "1e309" : JSON.stringify(quantity))
      })
      assert.strictEqual(reply.status, 400)
      assert.deepStrictEqual(faultPaths(reply), ["payload.lines.0.quantity"])
    }
  )

  it("takes as many decimals as the product's unit has", async () => {
    const cheese = await createProduct({ sku: "CHEESE", unit: { name: "kg", decimals: 3 } })
    await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "deli", name: "Deli" } })
    const receive = (quantity: number) =>
      server.ask("POST", "/api/v1/stock-movements", {
        token: admin,
        headers: { "idempotency-key": `cheese-${quantity}` },
        body: { lines: [{ kind: "purchase", product: cheese.body.id, location: "deli", quantity }] }
      })
    assert.strictEqual((await receive(1.2345)).status, 400)
    assert.strictEqual((await receive(1.25)).body.levels[0].onHand, 1.25)
  })

  it("without a type of its body, or with another, is refused", async () => {
    const typed = (type: string | undefined) =>
      server.ask("POST", "/api/v1/products", {
        token: admin,
        body: "{}",
        headers: type === undefined ? {} : { "content-type": type }
      })
    assert.strictEqual((await typed("text/xml")).status, 415)
    const reply = await typed("text/plain")
    assert.strictEqual(reply.status, 415)
    assert.deepInclude(reply.body, {
      type: "https://onhand.dev/problems/unsupported-media-type",
      contentType: "text/plain"
    })
  })

  it("that is no JSON is refused", async () => {
    const headers = { "content-type": "application/json" }
    const reply = await server.ask("POST", "/api/v1/products", { token: admin, body: "{", headers })
    assert.strictEqual(reply.status, 400)
  })

  it("cannot reach a prototype", async () => {
    const headers = { "content-type": "application/json" }
    const body = '{"sku":"P","name":"P","__proto__":{"polluted":true}}'
    assert.strictEqual((await server.ask("POST", "/api/v1/products", { token: admin, body, headers })).status, 400)
    assert.isUndefined(({} as { polluted?: boolean }).polluted)
  })

  it("with too large a body is refused before it is read", async () => {
    const reply = await createProduct({ sku: "BIG", description: "x".repeat(2 * 1024 * 1024) })
    assert.strictEqual(reply.status, 413)
    assert.deepInclude(reply.body, { limit: 1024 * 1024 })
  })

  it("of an unknown path or method is told so", async () => {
    assert.strictEqual(
      (await server.ask("GET", "/api/v1/nothing")).body.type,
      "https://onhand.dev/problems/no-such-route"
    )
    const wrong = await server.ask("PUT", "/api/v1/products", { token: admin })
    assert.strictEqual(wrong.status, 405)
    assert.strictEqual(wrong.headers.get("allow"), "GET, POST")
  })

  it.each(["", "x".repeat(181), "\u00fc", 'a"b', "a b"])("with the idempotency key '%s' is refused", async (key) => {
    const headers = { "idempotency-key": key }
    const reply = await server.ask("POST", "/api/v1/checkout", { token: admin, headers, body: {} })
    assert.strictEqual(reply.status, 400)
    assert.deepStrictEqual(faultPaths(reply), ["headers.idempotency-key"])
  })
})

describe("a change", () => {
  it("49: needs the version that was seen, and refuses another", async () => {
    const { id } = (await createProduct({ sku: "V-1" })).body
    const change = (headers: Record<string, string>, name = "Changed") =>
      server.ask("PATCH", `/api/v1/products/${id}`, { token: admin, headers, body: { name } })
    assert.strictEqual((await change({})).status, 428)
    const seen = await server.ask("GET", `/api/v1/products/${id}`, { token: admin })
    const changed = await change({ "if-match": seen.headers.get("etag") ?? "" })
    assert.strictEqual(changed.status, 200)
    assert.strictEqual(changed.headers.get("etag"), '"2"')
    const stale = await change({ "if-match": '"1"' })
    assert.strictEqual(stale.status, 412)
    assert.deepInclude(stale.body, { expected: 1, current: 2 })
    assert.strictEqual((await change({ "if-match": "two" })).status, 400)
    assert.strictEqual((await change({ "if-match": "*" }, "Any")).body.name, "Any")
  })

  it("archives and restores, and never forgets", async () => {
    const { id } = (await createProduct({ sku: "A-1", name: "Obsolete widget" })).body
    const gone = await server.ask("DELETE", `/api/v1/products/${id}`, { token: admin, headers: { "if-match": '"1"' } })
    assert.strictEqual(gone.body.status, "archived")
    const list = async (query: string) =>
      (await server.ask("GET", `/api/v1/products?search=obsolete+widget${query}`, { token: admin })).body.items.length
    assert.deepStrictEqual([await list(""), await list("&status=archived"), await list("&status=any")], [0, 1, 1])
    const body = { archived: false }
    const back = await server.ask("PATCH", `/api/v1/products/${id}`, {
      token: admin,
      headers: { "if-match": "*" },
      body
    })
    assert.strictEqual(back.body.status, "active")
  })

  it("of nothing is refused, and so is a code that another product has", async () => {
    const { id } = (await createProduct({ sku: "C-1" })).body
    await createProduct({ sku: "C-2" })
    const change = (body: object) =>
      server.ask("PATCH", `/api/v1/products/${id}`, { token: admin, headers: { "if-match": "*" }, body })
    assert.strictEqual((await change({})).status, 400)
    assert.deepInclude((await change({ sku: "C-2" })).body, { status: 409, field: "sku", code: "C-2" })
  })
})

describe("a read", () => {
  it("50: is answered empty when the reader has it, until the stock or the product changes", async () => {
    const { id } = (await createProduct({ sku: "E-1" })).body
    await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "etag", name: "Etag" } })
    const read = (etag?: string) =>
      server.ask("GET", `/api/v1/products/${id}`, {
        token: admin,
        headers: etag === undefined ? {} : { "if-none-match": etag }
      })
    const etag = (await read()).headers.get("etag") ?? ""
    const known = await read(etag)
    assert.strictEqual(known.status, 304)
    assert.strictEqual(known.body, "")
    await server.ask("POST", "/api/v1/stock-movements", {
      token: admin,
      headers: { "idempotency-key": "etag-1" },
      body: { lines: [{ kind: "opening", product: id, location: "etag", quantity: 1 }] }
    })
    assert.strictEqual((await read(etag)).status, 200)
  })

  it("of a list goes through every item once, by cursor and by number", async () => {
    for (let index = 0; index < 7; index++) await createProduct({ sku: `PAGE-${index}`, category: "paged" })
    const skus: Array<string> = []
    let cursor = ""
    for (;;) {
      const path = `/api/v1/products?category=paged&sort_by=sku_desc&limit=3${cursor}`
      const { body } = await server.ask("GET", path, { token: admin })
      skus.push(...body.items.map((item: { sku: string }) => item.sku))
      if (body.nextCursor === null) break
      cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`
    }
    assert.deepStrictEqual(
      skus,
      [6, 5, 4, 3, 2, 1, 0].map((index) => `PAGE-${index}`)
    )
    const path = "/api/v1/products?category=paged&sort_by=sku_asc&page=3&page_size=3"
    const { body } = await server.ask("GET", path, { token: admin })
    assert.deepStrictEqual([body.items.length, body.items[0].sku, body.total], [1, "PAGE-6", 7])
    const foreign = await server.ask("GET", `/api/v1/products?limit=3${cursor}`, { token: admin })
    assert.strictEqual(foreign.status, 400)
    const { body: categories } = await server.ask("GET", "/api/v1/categories", { token: admin })
    assert.include(categories.items, "paged")
  })
})

describe("a reply", () => {
  it("that the contract does not have would fail these tests", () => {
    assert.include(undocumented("GET", "/api/v1/categories", { status: 418, body: {} }) ?? "", "not documented")
    assert.isString(undocumented("GET", "/api/v1/categories", { status: 200, body: { items: [1] } }))
    assert.isString(undocumented("GET", "/api/v1/categories", { status: 200, body: { items: [], more: 1 } }))
    assert.isUndefined(undocumented("GET", "/api/v1/categories", { status: 200, body: { items: [] } }))
  })

  it("carries the request's id, if it is sane, and its log line tells nothing else of the request", async () => {
    const sane = await server.ask("GET", "/health/live", { headers: { "x-request-id": "req-42" } })
    assert.strictEqual(sane.headers.get("x-request-id"), "req-42")
    const made = await server.ask("GET", "/health/live", { headers: { "x-request-id": "a b<script>" } })
    assert.match(made.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/)
    await server.ask("GET", "/api/v1/products?search=secret", { token: admin })
    const entry = server.entries.at(-1)
    assert.deepInclude(entry, { method: "GET", path: "/api/v1/products", status: 200 })
    assert.isString(entry?.actor)
  })

  it("tells browsers to guess nothing, frame nothing and keep nothing", async () => {
    const { headers } = await server.ask("GET", "/api/v1/users/me", { token: admin })
    assert.strictEqual(headers.get("x-content-type-options"), "nosniff")
    assert.strictEqual(headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'")
    assert.strictEqual(headers.get("cache-control"), "no-store")
    assert.isNull(headers.get("access-control-allow-origin"))
  })

  it("to a browser is a page that needs nobody else", async () => {
    for (const path of ["/", "/docs"]) {
      const { status, headers, body } = await server.ask("GET", path)
      assert.strictEqual(status, 200)
      assert.match(headers.get("content-type") ?? "", /^text\/html/)
      assert.notMatch(body.slice(0, 3_000), /(src|href)="https?:/)
    }
    const { body: docs, headers } = await server.ask("GET", "/docs")
    // Scalar offers to send the contract to its servers, unless it is told not to; the policy would refuse that too.
    for (const off of [`"showDeveloperTools":"never"`, `"hideClientButton":true`]) assert.include(docs, off)
    assert.include(headers.get("content-security-policy"), "connect-src 'self';")
    const home = (await server.ask("GET", "/")).body
    for (const link of ["/docs", "/openapi.json", "/health/ready"]) assert.include(home, `href="${link}"`)
    assert.strictEqual((await server.ask("GET", "/openapi.json")).body.openapi, "3.1.0")
  })
})
