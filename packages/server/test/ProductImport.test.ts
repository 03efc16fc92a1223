import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { parseCsv } from "../src/index.ts"
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

describe("a table", () => {
  it("is read as spreadsheets write it", () => {
    const text = '\uFEFFa,b\r\n"x, ""y""","two\nlines"\r\n\r\n,\n'
    assert.deepStrictEqual(parseCsv(text), [
      ["a", "b"],
      ['x, "y"', "two\nlines"],
      ["", ""]
    ])
  })
})

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
    assert.strictEqual(body.rows[3].faults[0].path, "price.amount")
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

  it("refuses a table whose columns it does not know", async () => {
    const { status, body } = await importCsv("sku,name,colour\nA,B,blue\n", "import-4")
    assert.strictEqual(status, 400)
    assert.include(body.detail, "colour")
  })
})
