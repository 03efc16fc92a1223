import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
})
afterAll(() => server.stop())

const importCsv = (text: string, key: string) =>
  server.ask("POST", "/api/v1/products/import", {
    token: admin,
    headers: { "content-type": "text/csv", "idempotency-key": key },
    body: text
  })

const counts = ({ created, updated, unchanged, refused }: Record<string, number>) => [
  created,
  updated,
  unchanged,
  refused
]

describe("an import", () => {
  const table = [
    "SKU,Name,Price,Currency,Barcodes,Unit,Decimals",
    'TEA,"Tea, green",3.20,EUR,111|112,,',
    "MILK,Milk,0.99,EUR,,litre,3",
    ",Nameless,1,EUR,,,",
    "JAM,Jam,1.999,EUR,,,",
    "CLASH,Clash,1.00,EUR,111,,"
  ].join("\n")

  it("creates what is right and reports what is wrong by its row", async () => {
    const { status, body } = await importCsv(table, "import-1")
    assert.strictEqual(status, 200)
    assert.deepStrictEqual(counts(body), [2, 0, 0, 3])
    assert.deepStrictEqual(
      body.rows.map((row: { row: number; outcome: string }) => [row.row, row.outcome]),
      [
        [1, "created"],
        [2, "created"],
        [3, "refused"],
        [4, "refused"],
        [5, "refused"]
      ]
    )
    assert.strictEqual(body.rows[2].faults[0].path, "sku")
    assert.strictEqual(body.rows[3].faults[0].path, "price")
    assert.strictEqual(body.rows[4].problem.type, "https://onhand.dev/problems/code-taken")
    const tea = await server.ask("GET", `/api/v1/products/${body.rows[0].product}`, { token: admin })
    assert.deepInclude(tea.body, { name: "Tea, green", barcodes: ["111", "112"] })
  })

  it("answers the same key the same, and changes nothing when the file comes again under another", async () => {
    const replayed = await importCsv(table, "import-1")
    assert.deepStrictEqual(counts(replayed.body), [2, 0, 0, 3])
    assert.strictEqual(replayed.headers.get("idempotency-replayed"), "true")
    assert.deepStrictEqual(counts((await importCsv(table, "import-2")).body), [0, 0, 2, 3])
    assert.deepStrictEqual(counts((await importCsv(table.replace("3.20", "3.40"), "import-3")).body), [0, 1, 1, 3])
  })

  it("takes rows of JSON, each by itself", async () => {
    const rows = [
      { sku: "OIL", name: "Oil", price: { amount: "5.00", currency: "EUR" } },
      { sku: "OIL2", colour: "green" }
    ]
    const { body } = await server.ask("POST", "/api/v1/products/import", {
      token: admin,
      headers: { "idempotency-key": "import-json" },
      body: { rows }
    })
    assert.deepStrictEqual(counts(body), [1, 0, 0, 1])
    assert.sameMembers(
      body.rows[1].faults.map((fault: { path: string }) => fault.path),
      ["name", "colour"]
    )
  })

  it("reads tables as spreadsheets write them, and says where one is none", async () => {
    const text = '\uFEFFsku,name\r\n"Q-1","A ""two\nline"" name"\r\n\r\nQ-2\n'
    const { body } = await importCsv(text, "import-quoted")
    assert.deepStrictEqual(counts(body), [1, 0, 0, 1])
    assert.strictEqual(body.rows[1].faults[0].path, "row")
    const { product } = body.rows[0]
    const read = await server.ask("GET", `/api/v1/products/${product}`, { token: admin })
    assert.strictEqual(read.body.name, 'A "two\nline" name')
    const broken = await importCsv('sku,name\nA,"never closed', "import-broken")
    assert.deepStrictEqual([broken.status, broken.body.faults[0].path], [400, "payload"])
    assert.match(broken.body.detail, /line 2/i)
  })

  it("takes what was exported, whatever is in it, and finds nothing to change", async () => {
    const barcodes = ["12|34", "|", "back\\", "56"]
    const made = {
      id: "odd",
      sku: "=ODD",
      name: "'@odd",
      description: 'two\nlines, "quoted"',
      category: "Odd",
      barcodes
    }
    assert.strictEqual((await server.ask("POST", "/api/v1/products", { token: admin, body: made })).status, 201)
    const { body: table } = await server.ask("GET", "/api/v1/products/export?category=Odd", { token: admin })
    assert.deepStrictEqual(counts((await importCsv(table, "import-exported")).body), [0, 0, 1, 0])
    const changed = await importCsv(table.replace("two\nlines", "one line"), "import-changed")
    assert.deepStrictEqual(counts(changed.body), [0, 1, 0, 0])
    assert.deepStrictEqual((await server.ask("GET", "/api/v1/products/odd", { token: admin })).body.barcodes, barcodes)
  })

  it("takes many rows, each in its place, also where they are of several commands", async () => {
    const rows = Array.from({ length: 450 }, (_, index) => `M-${index},${index % 100 === 7 ? "" : `Many ${index}`}`)
    const { body } = await importCsv(["sku,name", ...rows, "M-0,Again"].join("\n"), "import-many")
    assert.deepStrictEqual(counts(body), [445, 1, 0, 5])
    assert.deepStrictEqual(
      body.rows.map(({ row }: { row: number }) => row),
      Array.from({ length: 451 }, (_, index) => index + 1)
    )
    assert.deepStrictEqual([body.rows[207].sku, body.rows[207].outcome], ["M-207", "refused"])
    assert.strictEqual(body.rows[450].product, body.rows[0].product)
  })

  it("refuses a table whose columns it does not know", async () => {
    const { status, body } = await importCsv("sku,name,colour\nA,B,blue\n", "import-4")
    assert.strictEqual(status, 400)
    assert.include(body.detail, "colour")
  })
})
