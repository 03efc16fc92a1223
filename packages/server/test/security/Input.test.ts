// Security checks 30 to 42: what a request may bring in. The numbers are those of docs/internals/security-checks.md.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { layerLocal } from "@onhand/auth"
import { Inventory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Layer, Redacted } from "effect"
import { createDatabase } from "../../../../test/PostgresDatabase.ts"
import { documentedPaths } from "../DocumentedPaths.ts"
import { type ListeningServer, startListening } from "../ListeningServer.ts"
import { startServer, type TestServer, tokenSettings } from "../TestServer.ts"

let server: TestServer
let listening: ListeningServer
let admin: string
let token: string

beforeAll(async () => {
  server = await startServer()
  listening = await startListening()
  admin = await server.admin()
  token = await listening.signIn()
  await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "shop", name: "Shop" } })
  await server.ask("POST", "/api/v1/products", { token: admin, body: { id: "piece", sku: "PIECE", name: "Piece" } })
})
afterAll(async () => {
  await server.stop()
  await listening.stop()
})

const json = { "content-type": "application/json" }

const createRaw = (body: string) => server.ask("POST", "/api/v1/products", { token: admin, headers: json, body })

/** A byte sequence as the body of a new product, sent as it is. */
const createBytes = (bytes: Uint8Array<ArrayBuffer>) =>
  server.handler(
    new Request("http://localhost/api/v1/products", {
      method: "POST",
      headers: { ...json, authorization: `Bearer ${admin}` },
      body: bytes
    })
  )

const faultsOf = (reply: { readonly body: { readonly faults: ReadonlyArray<{ path: string; message: string }> } }) =>
  reply.body.faults.map(({ message }) => message).join("\n")

interface Parameter {
  readonly name: string
  readonly in: string
}

interface Operation {
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: object
}

/** Each operation of the contract with its query parameters, and whether it takes a body. */
const operations = documentedPaths<Operation>().flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
    method: method.toUpperCase(),
    takesBody: requestBody !== undefined,
    path: path.replace(/\{\w+\}/g, "none"),
    query: parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name)
  }))
)

describe("check 30: a body above the limit", () => {
  const head = () =>
    `POST /api/v1/products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`

  it("is refused by the length it declares, before it is sent, and the connection is closed", async () => {
    const answer = await listening.raw(`${head()}Content-Length: 50000000\r\n\r\n{`)
    assert.match(answer.text, /^HTTP\/1\.1 413 /)
    assert.match(answer.text, /connection: close/i)
    assert.isTrue(answer.closed)
  })

  it("is refused in chunks as soon as there are too many, and the connection is closed", async () => {
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`
    const answer = await listening.raw(`${head()}Transfer-Encoding: chunked\r\n\r\n`, ...Array(40).fill(chunk))
    assert.match(answer.text, /^HTTP\/1\.1 413 /)
    assert.isTrue(answer.closed)
  })
})

describe("check 31: JSON that is large in another way", () => {
  it("is refused when it lies ten thousand levels deep", async () => {
    const deep = `{"sku":"DEEP","name":"Deep","metadata":${"[".repeat(10_000)}${"]".repeat(10_000)}}`
    const reply = await createRaw(deep)
    assert.strictEqual(reply.status, 400)
    assert.include(faultsOf(reply), "levels")
  })

  it("is refused when an object has a great many fields", async () => {
    const fields = Array.from({ length: 90_000 }, (_, index) => `"${index}":1`)
    const reply = await createRaw(`{"sku":"WIDE","name":"Wide","metadata":{${fields.join(",")}}}`)
    assert.strictEqual(reply.status, 400)
    assert.include(faultsOf(reply), "fields")
  })

  it("is refused when one string is larger than any body", async () => {
    assert.strictEqual((await createRaw(`{"sku":"${"x".repeat(10_000_000)}"}`)).status, 413)
  })
})

describe("check 32: names of a prototype", () => {
  it.each([
    '"__proto__":{"polluted":1}',
    '"constructor":{"prototype":{"polluted":1}}',
    '"\\u005f_proto__":{"polluted":1}'
  ])("such as %s are refused, and change nothing", async (field) => {
    assert.strictEqual((await createRaw(`{"sku":"PROTO","name":"Proto",${field}}`)).status, 400)
    assert.isUndefined(({} as { polluted?: number }).polluted)
  })

  it("in free fields are either refused or data like any other", async () => {
    const reply = await createRaw('{"sku":"PROTO-2","name":"Proto","metadata":{"__proto__":"x","constructor":"y"}}')
    assert.oneOf(reply.status, [201, 400])
    assert.isUndefined(({} as { polluted?: number }).polluted)
    assert.strictEqual({}.constructor, Object)
  })
})

describe("check 33: what is there twice", () => {
  it.each([
    '{"sku":"A","name":"First","name":"Second"}',
    '{"sku":"A","name":"First","n\\u0061me":"Second"}',
    '{"sku":"A","name":"N","metadata":{"k":1, "k" :2}}'
  ])("in JSON is refused: %s", async (body) => {
    const reply = await createRaw(body)
    assert.strictEqual(reply.status, 400)
    assert.include(faultsOf(reply), "twice")
  })

  it("is no matter in different objects, or as a value", async () => {
    const reply = await createRaw('{"sku":"TWICE","name":"name","metadata":{"name":"sku","sku":"name: \\"x\\":"}}')
    assert.strictEqual(reply.status, 201, JSON.stringify(reply.body))
  })

  it("in a query is refused, whatever the parameter", async () => {
    for (const { method, path, query } of operations) {
      for (const name of query) {
        const reply = await server.ask(method, `${path}?${name}=1&${name}=2`, { token: admin })
        assert.strictEqual(reply.status, 400, `${method} ${path} ${name}`)
      }
    }
  })
})

describe("check 34: text that is none", () => {
  it("is refused when it is not UTF-8", async () => {
    const bytes = Buffer.from('{"sku":"UTF","name":"N?"}')
    bytes[bytes.indexOf("?")] = 0xff
    const reply = await createBytes(new Uint8Array(bytes))
    assert.strictEqual(reply.status, 400)
    assert.include(await reply.text(), "UTF-8")
  })

  it.each(["\\u0000", "\\ud800", "\\udc00x"])("is refused with %s in a name or a value", async (escape) => {
    assert.strictEqual((await createRaw(`{"sku":"NUL","name":"N${escape}"}`)).status, 400)
    assert.strictEqual((await createRaw(`{"sku":"NUL","name":"N","metadata":{"a${escape}":1}}`)).status, 400)
  })

  it("is refused with NUL in a path, a query, a form and a table", async () => {
    const ask = async (method: string, path: string, type?: string, body?: string) => {
      const headers = { "idempotency-key": "nul", ...(type === undefined ? {} : { "content-type": type }) }
      return (await server.ask(method, path, { token: admin, headers, body })).status
    }
    assert.strictEqual(await ask("GET", "/api/v1/products/a%00b"), 400)
    assert.strictEqual(await ask("GET", "/api/v1/products?search=a%00b"), 400)
    const form = "application/x-www-form-urlencoded"
    assert.strictEqual(await ask("POST", "/api/v1/auth/login", form, "username=a%00b&password=x"), 400)
    assert.strictEqual(await ask("POST", "/api/v1/products/import", "text/csv", "sku,name\nA,B\0C\n"), 400)
  })

  it.each(["A\u202eB", "A\u200bB", "\u0410BC", "A\tB"])("is refused in a SKU that only looks like %j", async (sku) => {
    const reply = await createRaw(JSON.stringify({ sku, name: "Looks alike" }))
    assert.strictEqual(reply.status, 400)
  })
})

describe("check 35: a quantity that is none", () => {
  it.each(["-1", "0", "1.5", "1e309", "NaN", "9007199254740992", '"1"', "null", "1e-7", "[]", "{}"])(
    "such as %s is refused",
    async (quantity) => {
      const reply = await server.ask("POST", "/api/v1/stock-movements", {
        token: admin,
        headers: { ...json, "idempotency-key": "quantity" },
        body: `{"lines":[{"kind":"purchase","product":"piece","location":"shop","quantity":${quantity}}]}`
      })
      assert.strictEqual(reply.status, 400, JSON.stringify(reply.body))
    }
  )
})

describe("check 36: SQL in every text", () => {
  it("is stored as it is, searched for as it is, and sorts by nothing that is not listed", async () => {
    const store = PostgresStore.layer({ url: Redacted.make(await createDatabase()) })
    const database = await startListening({
      services: Layer.mergeAll(Inventory.layer.pipe(Layer.provide(store)), layerLocal(tokenSettings)).pipe(Layer.orDie)
    })
    const headers = { ...json, authorization: `Bearer ${await database.signIn()}` }
    const ask = async (path: string, body?: object) => {
      const reply = await fetch(`${database.url}/api/v1${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      // biome-ignore lint/suspicious/noExplicitAny: the test says what the body must be
      return { status: reply.status, body: (await reply.json()) as any }
    }
    const texts = ["'; DROP TABLE onhand_products; --", "' OR '1'='1", "%", "_", "\\", "$1", "{}", '"a"', "%s", "1;2"]
    for (const [index, text] of texts.entries()) {
      const fields = { name: `n${text}`, description: text, category: text, metadata: { [text]: text } }
      const made = await ask("/products", { sku: `SQL-${index}`, barcodes: [`${text}-${index}`], ...fields })
      assert.strictEqual(made.status, 201, JSON.stringify(made.body))
      const read = await ask(`/products/${made.body.id}`)
      assert.deepInclude(read.body, { ...fields, barcodes: [`${text}-${index}`] })
      const found = await ask(`/products?category=${encodeURIComponent(text)}`)
      assert.deepStrictEqual(
        found.body.items.map(({ sku }: { readonly sku: string }) => sku),
        [`SQL-${index}`]
      )
      for (const query of ["search", "sort_by", "cursor", "status"]) {
        const { status } = await ask(`/products?${query}=${encodeURIComponent(text)}`)
        assert.strictEqual(status, query === "search" ? 200 : 400, `${query}=${text}`)
      }
      assert.strictEqual((await ask(`/products/${encodeURIComponent(text)}`)).status, 404)
    }
    assert.strictEqual((await ask("/products?page=1")).body.total, texts.length)
    await database.stop()
  })
})

describe("check 37: a body of no type, or another", () => {
  it("is refused by every write that takes one", async () => {
    const writes = operations.filter(({ takesBody }) => takesBody)
    assert.isAbove(writes.length, 40)
    for (const { method, path } of writes) {
      const types: ReadonlyArray<Record<string, string>> = [{ "content-type": "text/plain" }, {}]
      for (const type of types) {
        const headers = { ...type, "content-length": "2", "idempotency-key": "typed", "if-match": "*" }
        // A movement has an id of its own form; any other is refused before the body is looked at.
        const named = path.replace("stock-movements/none", "stock-movements/0-1-1")
        const request = server.request(method, named, { token: admin, headers, body: "{}" })
        if (type["content-type"] === undefined) request.headers.delete("content-type")
        assert.strictEqual((await server.handler(request)).status, 415, `${method} ${path}`)
      }
    }
  })
})

describe("check 38: an Accept that nothing here is", () => {
  it("is answered in JSON, as the guide says", async () => {
    const reply = await server.ask("GET", "/api/v1/categories", { token: admin, headers: { accept: "text/xml" } })
    assert.strictEqual(reply.status, 200)
    assert.strictEqual(reply.headers.get("content-type"), "application/json")
  })
})

describe("check 39: a page that nobody was given", () => {
  it.each(["limit=1000000000", "limit=0", "limit=1e3", "cursor=AAAA", "cursor=..%2F..", "page=-1", "page_size=101"])(
    "is refused: %s",
    async (query) => {
      for (const { method, path, query: known } of operations) {
        if (!known.includes(query.split("=", 1)[0] ?? "")) continue
        const { status } = await server.ask(method, `${path}?${query}`, { token: admin })
        assert.oneOf(status, [400, 404], `${method} ${path}?${query}`)
      }
    }
  )
})

describe("check 40: strings that send a pattern astray", () => {
  const long = 50_000
  const strings = [
    "a".repeat(long),
    `${"a@".repeat(long / 2)}`,
    `${"a.".repeat(long / 2)}!`,
    " ".repeat(long),
    `${"\\".repeat(long)}"`,
    `"${"0".repeat(long)}x`,
    "-".repeat(long)
  ]

  it("are refused or taken at once, in every field that is text", async () => {
    const bodies = (text: string): ReadonlyArray<readonly [string, object, Record<string, string>]> => [
      ["/api/v1/products", { sku: text, name: "N", barcodes: [text], price: { amount: text, currency: text } }, {}],
      ["/api/v1/auth/login-json", { email: text, password: "x" }, {}],
      ["/api/v1/auth/register", { email: text, name: text, password: text }, {}],
      ["/api/v1/locations", { id: text, name: text }, {}],
      ["/api/v1/stock-movements", { lines: [], occurredAt: text }, { "idempotency-key": "redos" }]
    ]
    for (const text of strings) {
      for (const [path, body, headers] of bodies(text)) {
        const begun = process.cpuUsage()
        const { status } = await server.ask("POST", path, { token: admin, body, headers })
        const { user, system } = process.cpuUsage(begun)
        assert.strictEqual(status, 400, path)
        // A pattern that backtracks takes minutes for this; a second of this process leaves room for a busy machine.
        assert.isBelow(user + system, 1_000_000, path)
      }
    }
  })
})

describe("check 41: a path that wants out", () => {
  it.each([
    "/api/v1/products/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/api/v1/../../etc/passwd",
    "//api/v1/products",
    "/api//v1/products",
    "/api/v1/products;admin=true",
    "/api/v1%2fproducts",
    "/api/v1/products/%ff",
    "/api/v1/products/%",
    "/.git/config",
    "/.env",
    "/api/v1/products\\..\\users"
  ])("finds nothing: %s", async (path) => {
    const answer = await listening.raw(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`
    )
    assert.match(answer.text, /^HTTP\/1\.1 (400|404) /)
    assert.notInclude(answer.text, "root:")
  })

  it("of 16 kilobytes is too long", async () => {
    const answer = await listening.raw(`GET /api/v1/products/${"a".repeat(16_384)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    assert.match(answer.text, /^HTTP\/1\.1 414 /)
    assert.include(answer.text, "uri-too-long")
  })
})
