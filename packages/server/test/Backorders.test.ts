// Orders that wait and orders that several locations serve, over HTTP: placed, given what came, shipped, canceled.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { LocationId } from "@onhand/core"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string
let ann: string
let keys = 0

const ask = (method: string, path: string, body: unknown = undefined, token = admin, key = `key-${keys++}`) =>
  server.ask(method, `/api/v1/${path}`, { token, body, headers: { "idempotency-key": key } })

const receive = (location: string, quantity: number) =>
  ask("POST", "stock-movements", { lines: [{ kind: "purchase", product: "tea", location, quantity }] })

const available = async () => {
  const { stock } = (await server.ask("GET", "/api/v1/products/tea", { token: admin })).body
  return Object.fromEntries(stock.map((level: Record<string, unknown>) => [level["location"], level["available"]]))
}

const sources = { locations: ["depot", "shop"], strategy: "inOrder" }
const buy = async (quantity: number, how: unknown, path = "orders") => {
  await ask("POST", "cart/items", { product: "tea", quantity }, ann)
  return ask("POST", path, how, ann)
}

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  ann = await server.customer("ann")
  for (const id of ["shop", "depot"]) await ask("POST", "locations", { id, name: id })
  const unit = { name: "kg", decimals: 1 }
  const price = { amount: "5.00", currency: "EUR" }
  await ask("POST", "products", { id: "tea", sku: "tea", name: "Tea", unit, price })
  await ask("PUT", "stock-policies", { lines: [{ product: "tea", location: "shop", backorders: true }] })
  await receive("shop", 1)
  await receive("depot", 1.5)
})
afterAll(() => server.stop())

interface Listed {
  readonly id: string
  readonly location: string
  readonly lines: ReadonlyArray<{ readonly elsewhere: ReadonlyArray<{ readonly location: string }> }>
  readonly shipments: ReadonlyArray<{ readonly location: string }>
}

/** The locations that a reply says an order was served by. */
const placesOf = ({ location, lines, shipments }: Listed): ReadonlySet<string> =>
  new Set([location, ...[...lines.flatMap(({ elsewhere }) => elsewhere), ...shipments].map((one) => one.location)])

describe("back-orders over HTTP", () => {
  it("wait for what no location has, are listed, and get what comes", async () => {
    const refused = await buy(4, { location: "shop", sources })
    assert.deepStrictEqual([refused.status, refused.body.lines[0].available], [409, 2.5])
    const placed = await ask("POST", "orders", { location: "shop", sources, backorders: true }, ann)
    assert.strictEqual(placed.status, 201)
    const { id } = placed.body
    const [line] = placed.body.lines
    assert.deepInclude(line, { open: 4, backordered: 1.5, elsewhere: [{ location: "depot", quantity: 1.5 }] })
    assert.deepStrictEqual(await available(), { shop: 0, depot: 0 })

    const listed = (await ask("GET", "backorders?product=tea")).body.items
    assert.deepInclude(listed[0], { order: id, line: 1, location: "shop", quantity: 1.5 })
    assert.strictEqual((await ask("GET", "backorders", undefined, ann)).status, 403)

    assert.strictEqual((await ask("POST", `orders/${id}/allocate`, {})).status, 409)
    await receive("shop", 0.5)
    assert.strictEqual((await ask("POST", `orders/${id}/allocate`, {}, ann)).status, 403)
    const given = await ask("POST", `orders/${id}/allocate`, {})
    assert.strictEqual(given.body.lines[0].backordered, 1)

    const shipped = await ask("POST", `orders/${id}/ship`, { location: "depot" })
    assert.deepInclude(shipped.body.shipments[0], { shipment: 1, location: "depot" })
    const nowhere = await ask("POST", `orders/${id}/ship`, { location: "attic" })
    assert.match(nowhere.body.type, /order-elsewhere$/)
    const waits = await ask("POST", `orders/${id}/ship`, { lines: [{ line: 1, quantity: 2 }] })
    assert.deepInclude(waits.body.lines[0], { wanted: 2, left: 1.5 })

    await ask("POST", `orders/${id}/shipments/1/undo`)
    const key = "cancel-once"
    const canceled = await ask("POST", `orders/${id}/cancel`, {}, ann, key)
    assert.deepStrictEqual([canceled.status, canceled.body.status], [200, "canceled"])
    const again = await ask("POST", `orders/${id}/cancel`, {}, ann, key)
    assert.deepStrictEqual([again.status, again.headers.get("idempotency-replayed")], [200, "true"])
    assert.deepStrictEqual(await available(), { shop: 1.5, depot: 1.5 })
  })

  it("are not for a checkout that ships at once; that can be served by several locations", async () => {
    const sold = await buy(2, { location: "shop", sources: { ...sources, strategy: "fewestSplits" } }, "checkout")
    assert.strictEqual(sold.status, 201)
    const from = sold.body.shipments.map(({ location }: Record<string, unknown>) => location)
    assert.deepStrictEqual(from.toSorted(), ["depot", "shop"])
    await ask("POST", "cart/items", { product: "tea", quantity: 9 }, ann)
    const refused = await ask("POST", "checkout", { location: "shop", backorders: true }, ann)
    assert.strictEqual(refused.status, 400)
  })
})

describe("who is limited to a location", () => {
  it("finds the orders that it serves or served, whichever took them, and no others", async () => {
    const bob = await server.customer("bob")
    await receive("shop", 1)
    await ask("POST", "cart/items", { product: "tea", quantity: 0.5 }, bob)
    assert.strictEqual((await ask("POST", "checkout", { location: "shop" }, bob)).status, 201)
    const all: ReadonlyArray<Listed> = (await ask("GET", "orders")).body.items
    for (const location of ["shop", "depot", "attic"]) {
      const keeper = await server.user(`keeper-${location}`, ["warehouse_manager"], [LocationId.make(location)])
      const seen: ReadonlyArray<Listed> = (await ask("GET", "orders", undefined, keeper)).body.items
      const ids = (orders: ReadonlyArray<Listed>) => orders.map(({ id }) => id)
      assert.deepStrictEqual(ids(seen), ids(all.filter((order) => placesOf(order).has(location))), location)
      const statuses = all.map(async ({ id }) => (await ask("GET", `orders/${id}`, undefined, keeper)).status)
      const expected = all.map((order) => (placesOf(order).has(location) ? 200 : 404))
      assert.deepStrictEqual(await Promise.all(statuses), expected, location)
    }
    const [byShop, byDepot] = ["shop", "depot"].map((location) => all.filter((order) => placesOf(order).has(location)))
    assert.isTrue(byShop?.length === all.length && byDepot?.length === all.length - 1, "the depot served all but one")
  })
})
