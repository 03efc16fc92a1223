// The catalogue as a scanner, a spreadsheet and an editor use it.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const mug = {
  id: "mug",
  sku: "MUG",
  name: "Blue mug",
  category: "Kitchen",
  barcodes: ["4006381333931", "MUG 1"],
  price: { amount: "9.50", currency: "EUR" }
}
const formulas = {
  id: "odd",
  sku: "=1+1",
  name: '=HYPERLINK("http://evil.test","click")',
  description: "two\nlines, and a comma",
  category: "'+tagged",
  unit: { name: "kg", decimals: 3 }
}

const ask = (method: string, path: string, options: Parameters<TestServer["ask"]>[2] = {}) =>
  server.ask(method, `/api/v1/products${path}`, { token: admin, ...options })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  await server.ask("POST", "/api/v1/locations", { token: admin, body: { id: "shop", name: "Shop" } })
  for (const body of [mug, formulas]) assert.strictEqual((await ask("POST", "", { body })).status, 201)
  await server.ask("POST", "/api/v1/stock-movements", {
    token: admin,
    headers: { "idempotency-key": "fill" },
    body: { lines: [{ kind: "purchase", product: "mug", location: "shop", quantity: 5 }] }
  })
})
afterAll(() => server.stop())

describe("a product", () => {
  it("is found by the whole code that a scanner reads", async () => {
    const byId = await ask("GET", "/mug")
    for (const query of ["barcode=4006381333931", "barcode=MUG%201", "sku=MUG"]) {
      const found = await ask("GET", `/lookup?${query}`)
      const { scanned, ...product } = found.body
      assert.deepStrictEqual([found.status, product, scanned.quantity], [200, byId.body, 1])
      assert.match(found.headers.get("etag") ?? "", /^"1-/, "it begins with the version, which If-Match takes")
    }
    const none = await ask("GET", "/lookup?barcode=400638133393")
    assert.deepStrictEqual([none.status, none.body.field, none.body.code], [404, "barcode", "400638133393"])
    for (const query of ["", "?sku=MUG&barcode=MUG%201"]) {
      assert.strictEqual((await ask("GET", `/lookup${query}`)).body.faults[0].path, "query.barcode")
    }
  })

  it("is replaced as a whole, but for its unit", async () => {
    const { id: _, barcodes, ...rest } = { ...mug, name: "Green mug" }
    const put = (body: unknown, headers: Record<string, string>) => ask("PUT", "/mug", { body, headers })
    assert.strictEqual((await put({ ...rest }, {})).status, 428)
    const before = (await ask("GET", "/mug")).headers.get("etag") ?? ""
    const replaced = await put({ sku: "MUG", name: "Green mug" }, { "if-match": before })
    assert.strictEqual(replaced.status, 200)
    assert.deepInclude(replaced.body, { name: "Green mug", category: "", barcodes: [], price: null, version: 2 })
    assert.strictEqual((await put(rest, { "if-match": before })).status, 412)
    const other = await put({ ...rest, unit: { name: "kg", decimals: 3 } }, { "if-match": "*" })
    assert.deepStrictEqual([other.status, other.body.unit.decimals], [409, 0])
    const taken = await put({ ...rest, sku: "=1+1" }, { "if-match": "*" })
    assert.deepStrictEqual([taken.status, taken.body.product], [409, "odd"])
    assert.strictEqual((await put({ name: "No SKU" }, { "if-match": "*" })).status, 400)
    const back = await put({ ...rest, name: mug.name, barcodes, unit: replaced.body.unit }, { "if-match": "*" })
    assert.deepInclude(back.body, { name: mug.name, barcodes, version: 3 })
  })

  it("that is archived keeps its stock, is left out of the list, and comes back", async () => {
    const archived = await ask("DELETE", "/mug", { headers: { "if-match": "*" } })
    assert.deepStrictEqual([archived.status, archived.body.status], [200, "archived"])
    const ids = async (query: string) => {
      const { body } = await ask("GET", `?${query}`)
      return body.items.map(({ id }: { readonly id: string }) => id)
    }
    assert.notInclude(await ids(""), "mug")
    assert.deepStrictEqual(await ids("status=archived"), ["mug"])
    assert.strictEqual((await ask("GET", "/mug")).body.onHand, 5)
    const restored = await ask("PATCH", "/mug", { headers: { "if-match": "*" }, body: { archived: false } })
    assert.strictEqual(restored.body.status, "active")
    assert.include(await ids(""), "mug")
  })
})

describe("an export", () => {
  it("is a table that an import takes back without a change, and that no spreadsheet runs", async () => {
    const packs = [{ unit: "case", steps: 24, per: 1, barcodes: ["CASE-1"] }]
    await ask("PATCH", "/mug", { headers: { "if-match": "*" }, body: { packs } })
    const exported = await ask("GET", "/export")
    assert.strictEqual(exported.status, 200)
    assert.match(exported.headers.get("content-type") ?? "", /^text\/csv/)
    const text: string = exported.body
    assert.isTrue(text.startsWith("sku,name,barcodes,description,category,price,currency,unit,decimals,packs\r\n"))
    assert.include(text, "MUG,Blue mug,4006381333931|MUG 1|CASE-1,,Kitchen,9.50,EUR,piece,0,case=24=CASE-1\r\n")
    for (const cell of text.split(/,|\r\n/)) assert.notMatch(cell, /^"?[=+@]/)
    const imported = await ask("POST", "/import", {
      body: text,
      headers: { "content-type": "text/csv", "idempotency-key": "back" }
    })
    assert.deepInclude(imported.body, { created: 0, updated: 0, unchanged: 2, refused: 0 })

    const changed = await ask("POST", "/import", {
      body: "sku,name,packs\r\nMUG,Blue mug,case=12=CASE-1|pallet=1200\r\nMUG,Blue mug,case\r\n",
      headers: { "content-type": "text/csv", "idempotency-key": "packs" }
    })
    assert.deepInclude(changed.body, { updated: 1, refused: 1 })
    assert.deepStrictEqual((await ask("GET", "/mug")).body.packs, [
      { ...packs[0], steps: 12 },
      { unit: "pallet", steps: 1_200, per: 1, barcodes: [] }
    ])
  })

  it("has every product, however many there are, or those that are asked for", async () => {
    const rows = Array.from({ length: 250 }, (_, index) => ({ sku: `BULK-${index}`, name: "Bulk", category: "Bulk" }))
    await ask("POST", "/import", { body: { rows }, headers: { "idempotency-key": "bulk" } })
    const lines = async (query: string) =>
      ((await ask("GET", `/export${query}`)).body as string).split("\r\n").slice(1, -1)
    assert.strictEqual((await lines("")).length, 252)
    const bulk = await lines("?category=Bulk")
    assert.deepStrictEqual(new Set(bulk.map((line) => line.split(",")[0])), new Set(rows.map(({ sku }) => sku)))
    assert.strictEqual((await lines("?search=blue")).length, 1)
    assert.deepStrictEqual(await lines("?status=archived"), [])
    assert.strictEqual((await ask("GET", "/export?sort_by=name_asc")).status, 400)
  })
})
