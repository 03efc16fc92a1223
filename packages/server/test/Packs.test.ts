// A case is a case at every edge: what is entered in a pack counts as all of it, and the ledger keeps how it was said.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let token: string
let keys = 0

beforeAll(async () => {
  server = await startServer()
  token = await server.admin()
  for (const id of ["cellar", "bar"]) await ask("POST", "/locations", { id, name: id })
  await ask("POST", "/products", {
    id: "beer",
    sku: "BEER",
    name: "Beer",
    price: { amount: "2.00", currency: "EUR" },
    packs: [{ unit: "case", steps: 24, per: 1, barcodes: ["case-24"] }]
  })
  await ask("POST", "/products", {
    id: "rope",
    sku: "ROPE",
    name: "Rope",
    unit: { name: "metre", decimals: 2 },
    packs: [{ unit: "third", steps: 100, per: 3, barcodes: ["third-of-rope"] }]
  })
})
afterAll(() => server.stop())

const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  keys += 1
  const key = method === "GET" ? {} : { "idempotency-key": `packs-${keys}` }
  const request = { token, headers: { ...key, ...headers }, ...(body === undefined ? {} : { body }) }
  return server.ask(method, `/api/v1${path}`, request)
}

/** The last movement of the product: its kind, its quantity, and how it was said. */
const last = async (product = "beer") => {
  const { kind, quantity, entered } = (await ask("GET", `/stock-movements?product=${product}`)).body.items[0]
  return [kind, quantity, entered]
}

const inCases = (quantity: string) => ({ unit: "case", quantity })

describe("a quantity in a pack", () => {
  it("is what a scanner has in hand", async () => {
    assert.deepStrictEqual((await ask("GET", "/products/lookup?barcode=case-24")).body.scanned, {
      unit: "case",
      quantity: 24
    })
    assert.deepStrictEqual((await ask("GET", "/products/lookup?sku=BEER")).body.scanned, { unit: "piece", quantity: 1 })
    // A third of a metre has no end in centimetres.
    assert.deepStrictEqual((await ask("GET", "/products/lookup?barcode=third-of-rope")).body.scanned, {
      unit: "third",
      quantity: null
    })
  })

  it("is ordered of a vendor and received", async () => {
    const vendor = (await ask("POST", "/vendors", { name: "Brewer" })).body.id
    const lines = [{ product: "beer", quantity: 10, unit: "case" }]
    const order = await ask("POST", "/purchase-orders", { vendor, destination: "cellar", lines })
    assert.deepInclude(order.body.lines[0], { ordered: 240, entered: inCases("10") })
    const path = `/purchase-orders/${order.body.id}`
    await ask("POST", `${path}/place`)
    const arrived = [{ line: 1, quantity: 2.5, unit: "case" }]
    const received = await ask("POST", `${path}/receive`, { lines: arrived })
    assert.deepInclude(received.body.lines[0], { received: 60, open: 180 })
    assert.deepStrictEqual(await last(), ["purchase", 60, inCases("2.5")])
    const canceled = await ask("POST", `${path}/cancel`, { lines: [{ line: 1, quantity: 7.5, unit: "case" }] })
    assert.deepInclude(canceled.body.lines[0], { canceled: 180, open: 0 })

    const draft = await ask("POST", "/purchase-orders", { vendor, destination: "cellar", lines })
    const change = { lines: [{ product: "beer", quantity: 30 }] }
    const changed = await ask("PATCH", `/purchase-orders/${draft.body.id}`, change, { "if-match": "*" })
    assert.deepInclude(changed.body.lines[0], { ordered: 30, entered: null })
  })

  it("is transferred, and received in another one", async () => {
    const lines = [{ product: "beer", quantity: 2, unit: "case" }]
    const transfer = await ask("POST", "/stock-transfers", { origin: "cellar", destination: "bar", lines })
    assert.deepInclude(transfer.body.lines[0], { quantity: 48, entered: inCases("2") })
    const path = `/stock-transfers/${transfer.body.id}`
    await ask("POST", `${path}/dispatch`)
    assert.deepStrictEqual(await last(), ["transfer_out", 48, inCases("2")])
    const arrived = [{ line: 1, quantity: 1, unit: "case" }]
    assert.deepInclude((await ask("POST", `${path}/receive`, { lines: arrived })).body.lines[0], { received: 24 })
    assert.deepStrictEqual(await last(), ["transfer_in", 24, inCases("1")])
    await ask("POST", `${path}/receive`, { lines: [{ line: 1, quantity: 24 }] })
    assert.deepStrictEqual(await last(), ["transfer_in", 24, null])
  })

  it("is counted: what differs is posted in the product's own unit", async () => {
    const { id } = (await ask("POST", "/stock-counts", { location: "bar" })).body
    const found = await ask("POST", `/stock-counts/${id}/lines`, {
      lines: [{ product: "beer", quantity: 1.5, unit: "case" }]
    })
    assert.deepInclude(found.body.lines[0], { counted: 36, difference: -12, entered: inCases("1.5") })
    await ask("POST", `/stock-counts/${id}/finish`, {})
    const again = await ask("POST", `/stock-counts/${id}/recount`, {})
    assert.deepInclude(again.body.lines[0], { counted: null, entered: null })
    const none = await ask("POST", `/stock-counts/${id}/lines`, {
      lines: [{ product: "beer", quantity: 0, unit: "case" }]
    })
    assert.deepInclude(none.body.lines[0], { counted: 0, entered: null })
    await ask("POST", `/stock-counts/${id}/lines`, { lines: [{ product: "beer", quantity: 2, unit: "case" }] })
    await ask("POST", `/stock-counts/${id}/finish`, {})
    await ask("POST", `/stock-counts/${id}/approve`, {})
    assert.strictEqual((await ask("POST", `/stock-counts/${id}/post`)).body.state, "posted")
  })

  it("is put into a cart, bought, shipped and sent back", async () => {
    const add = (quantity: number, unit?: string) =>
      ask("POST", "/cart/items", { product: "beer", quantity, ...(unit === undefined ? {} : { unit }) })
    assert.deepInclude((await add(0.5, "case")).body.lines[0], { quantity: 12, entered: inCases("0.5") })
    assert.deepInclude((await add(0.5, "case")).body.lines[0], { quantity: 24, entered: inCases("1") })
    // A case and a bottle are no number of either.
    assert.deepInclude((await add(1)).body.lines[0], { quantity: 25, entered: null })
    const set = await ask("PATCH", "/cart/items/beer", { quantity: 1.5, unit: "case" })
    assert.deepInclude(set.body.lines[0], { quantity: 36, entered: inCases("1.5") })

    const order = await ask("POST", "/orders", { location: "bar" })
    assert.deepInclude(order.body.lines[0], { ordered: 36, entered: inCases("1.5") })
    const path = `/orders/${order.body.id}`
    await ask("POST", `${path}/ship`, { lines: [{ line: 1, quantity: 1, unit: "case" }] })
    assert.deepStrictEqual(await last(), ["sale", 24, inCases("1")])
    await ask("POST", `${path}/ship`, {})
    assert.deepStrictEqual(await last(), ["sale", 12, null])
    const wish = await ask("POST", `${path}/return-requests`, { lines: [{ line: 1, quantity: 0.5, unit: "case" }] })
    assert.deepInclude(wish.body.lines[0], { requested: 12 })
    await ask("POST", `${path}/returns`, { lines: [{ line: 1, quantity: 0.5, unit: "case", into: "sellable" }] })
    assert.deepStrictEqual(await last(), ["return", 12, inCases("0.5")])

    await add(0.5, "case")
    await ask("POST", "/checkout", { location: "bar" })
    assert.deepStrictEqual(await last(), ["sale", 12, inCases("0.5")])
  })

  it("is refused where it would be rounded, or where there is no such pack", async () => {
    const problem = async (reply: ReturnType<typeof ask>) => (await reply).body.type.split("/").at(-1)
    const transfer = (quantity: number, unit: string) =>
      ask("POST", "/stock-transfers", {
        origin: "cellar",
        destination: "bar",
        lines: [{ product: "beer", quantity, unit }]
      })
    assert.strictEqual(await problem(transfer(0.3, "case")), "inexact-quantity")
    assert.strictEqual(await problem(transfer(1, "pallet")), "unknown-unit")
    assert.strictEqual(await problem(transfer(0, "case")), "invalid-request")
    assert.strictEqual(
      await problem(ask("POST", "/cart/items", { product: "beer", quantity: 1, unit: "crate" })),
      "unknown-unit"
    )
  })

  it("keeps what was said of a cart only as long as it is what is bought", async () => {
    await ask("POST", "/cart/items", { product: "beer", quantity: 0.25, unit: "case" })
    const packs = [{ unit: "case", steps: 12, per: 1, barcodes: ["case-12"] }]
    assert.strictEqual((await ask("PATCH", "/products/beer", { packs }, { "if-match": "*" })).status, 200)
    const bought = await ask("POST", "/checkout", { location: "bar" })
    assert.deepInclude(bought.body.lines[0], { ordered: 6, entered: null })
    const { body } = await ask("GET", "/inventory/verify")
    assert.deepInclude(body, { sound: true, differences: [] })
  })
})
