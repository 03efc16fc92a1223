// Lots over HTTP: listed by expiry, recalled, traced, and given back.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: { "idempotency-key": key }, body })
const get = (path: string, token = admin) => server.ask("GET", `/api/v1/${path}`, { token })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["shop", "depot"]) {
    await server.ask("POST", "/api/v1/locations", { token: admin, body: { id, name: id } })
  }
  const unit = { name: "l", decimals: 1 }
  const milk = { id: "milk", sku: "MILK", name: "Milk", unit, lotTracked: true }
  await server.ask("POST", "/api/v1/products", { token: admin, body: milk })
  const receipt = { kind: "purchase", product: "milk", location: "shop" }
  const received = await post("stock-movements", "in", {
    lines: [
      { ...receipt, lot: "L-17", expiresOn: "2999-03-01", quantity: 10 },
      { ...receipt, lot: "L-18", expiresOn: "2999-02-20", quantity: 2.5 }
    ]
  })
  assert.strictEqual(received.status, 201, JSON.stringify(received.body))
})
afterAll(() => server.stop())

const codes = async (query: string) =>
  (await get(`lots?product=milk&${query}`)).body.items.map(({ lot }: { readonly lot: string }) => lot)

describe("lots over HTTP", () => {
  it("are listed, the first to expire first, in the product's unit", async () => {
    const { body } = await get("lots?product=milk")
    assert.deepInclude(body.items[0], { lot: "L-18", expiresOn: "2999-02-20", onHand: 2.5, available: 2.5 })
    assert.deepStrictEqual(await codes("expiring_before=2999-03-01"), ["L-18"])
    assert.deepStrictEqual(await codes("location=depot"), [])
    assert.deepStrictEqual(await codes("stocked=true"), ["L-18", "L-17"])
    assert.strictEqual((await get("lots?expiring_before=2999-02-30")).body.faults[0].path, "query.expiring_before")
  })

  it("are recalled once, found where they are and with whom, and given back", async () => {
    await post("stock-movements", "sold", {
      lines: [{ kind: "sale", product: "milk", location: "shop", lot: "L-17", quantity: 1.5 }]
    })
    const recalled = await post("lots/milk/L-17/recall", "recall", { reason: "glass" })
    assert.deepStrictEqual([recalled.status, recalled.headers.get("etag")], [200, '"2"'])
    assert.deepInclude(recalled.body, { lot: "L-17", status: "recalled", reason: "glass" })
    const again = await post("lots/milk/L-17/recall", "recall", { reason: "glass" })
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    const level = (await get("inventory?product=milk")).body.items[0]
    assert.deepInclude(level, { onHand: 11, available: 2.5 })
    const sale = await post("stock-movements", "blocked", {
      lines: [{ kind: "sale", product: "milk", location: "shop", lot: "L-17", quantity: 1 }]
    })
    assert.deepStrictEqual([sale.status, sale.body.type], [409, "https://onhand.dev/problems/lot-recalled"])

    const trace = (await get("lots/milk/L-17")).body
    assert.deepInclude(trace.places[0], { location: "shop", sellable: 8.5, held: 0 })
    assert.deepStrictEqual(trace.inTransit, [])
    const recipients = (await get("lots/milk/L-17/recipients")).body
    assert.deepStrictEqual(recipients.items, [{ source: null, customer: null, sold: 1.5, returned: 0 }])
    assert.strictEqual((await post("lots/milk/L-17/reinstate", "back")).body.status, "active")
    assert.strictEqual((await get("inventory?product=milk")).body.items[0].available, 11)
    const expiry = await post("lots/milk/L-17/expiry", "expiry", { expiresOn: "2020-01-31" })
    assert.strictEqual(expiry.body.expiresOn, "2020-01-31")
    assert.strictEqual((await get("inventory?product=milk")).body.items[0].available, 2.5)
  })

  it("are changed by nobody who is limited to some locations, and only if they exist", async () => {
    const clerk = await server.user("clerk", ["warehouse_manager"], ["shop"])
    assert.strictEqual((await post("lots/milk/L-18/recall", "c-1", { reason: "mine" }, clerk)).status, 403)
    for (const path of ["lots/milk/L-99", "lots/none/L-17/recipients"]) {
      assert.strictEqual((await get(path)).status, 404)
    }
    assert.strictEqual((await post("lots/milk/L-99/recall", "c-2", { reason: "none" })).status, 404)
    assert.strictEqual((await get("lots/milk/L-18", await server.customer("ann"))).status, 403)
  })
})
