// Reports over HTTP, of a shop with a year that can be added up by hand.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

const ask = (method: string, path: string, body: unknown = undefined, headers = {}, token = admin) =>
  server.ask(method, `/api/v1/${path}`, { token, body, headers })

const get = async (path: string, headers = {}) => (await ask("GET", path, undefined, headers)).body

const move = (
  kind: string,
  day: string,
  line: { readonly product: string; readonly quantity: number; readonly unitCost?: object }
) =>
  ask(
    "POST",
    "stock-movements",
    { lines: [{ kind, location: "shop", ...line }], occurredAt: `${day}T12:00:00Z` },
    { "idempotency-key": `${kind}-${day}-${line.product}` }
  )

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  for (const id of ["shop", "depot"]) await ask("POST", "locations", { id, name: id })
  const unit = { name: "kg", decimals: 3 }
  const price = { amount: "5.00", currency: "EUR" }
  await ask("POST", "products", { id: "tea", sku: "TEA", name: "Tea", category: "Drinks", unit, price })
  // A name that a spreadsheet would run.
  await ask("POST", "products", { id: "cup", sku: "CUP", name: '=HYPERLINK("x")', category: "Cups", price })
  await move("purchase", "2026-01-01", { product: "tea", quantity: 10, unitCost: { amount: "200", currency: "EUR" } })
  await move("purchase", "2026-01-01", { product: "cup", quantity: 4, unitCost: { amount: "100", currency: "EUR" } })
  await move("sale", "2026-01-11", { product: "tea", quantity: 2.5 })
  await move("sale", "2026-02-01", { product: "tea", quantity: 7.5 })
  await move("return", "2026-02-10", { product: "tea", quantity: 0.5 })
  await move("damaged", "2026-02-11", { product: "cup", quantity: 1 })
})
afterAll(() => server.stop())

const QUARTER = "since=2026-01-01&until=2026-04-01"

describe("reports over HTTP", () => {
  it("tell sales by month and day, in the shop's days, and for how much", async () => {
    const cart = { "idempotency-key": "item" }
    const shopper = await server.customer("ann")
    await server.ask("POST", "/api/v1/cart/items", {
      token: shopper,
      headers: cart,
      body: { product: "cup", quantity: 1 }
    })
    const bought = await server.ask("POST", "/api/v1/checkout", {
      token: shopper,
      headers: { "idempotency-key": "bought" },
      body: { location: "shop" }
    })
    assert.strictEqual(bought.status, 201)
    const months = await get(`sales/report?${QUARTER}&every=month`)
    assert.deepStrictEqual(
      months.items.map(({ period, sold, returned, unpriced, revenue }: Record<string, unknown>) => [
        period,
        sold,
        returned,
        unpriced,
        revenue
      ]),
      [
        ["2026-01-01", 2.5, 0, 2.5, null],
        ["2026-02-01", 7.5, 0.5, 7.5, null]
      ]
    )
    const today = await get("sales/report?by=product&product=cup")
    assert.deepInclude(today.items[0], { group: "cup", sku: "CUP", sold: 1, currency: "EUR", revenue: "5.00" })
    assert.deepInclude(today.items[0], { costOfGoodsSold: null, margin: null, uncosted: null })
    const costed = await get("sales/report?by=location&product=cup&costs=fifo")
    assert.deepInclude(costed.items[0], { group: "shop", costOfGoodsSold: "1.00", margin: "4.00", uncosted: 0 })
    const zoned = await get(`sales/report?${QUARTER}&by=category&time_zone=Asia/Tokyo&category=Drinks`)
    assert.deepInclude(zoned.items[0], { period: "2026-01-11", from: "2026-01-10T15:00:00.000Z", group: "Drinks" })
    const wrong = await ask("GET", `sales/report?since=2026-04-01&until=2026-01-01`)
    assert.deepStrictEqual([wrong.status, wrong.body.faults[0].path], [400, "query.since"])
    assert.strictEqual((await ask("GET", "sales/report?time_zone=Nowhere")).status, 400)
    assert.strictEqual((await ask("GET", "sales/report?until=2026-02-31")).status, 400)
  })

  it("tell what stock is worth, and what a period did to that", async () => {
    const value = await get("inventory/value?product=tea")
    assert.deepStrictEqual(value.items, [
      {
        product: "tea",
        sku: "TEA",
        name: "Tea",
        category: "Drinks",
        currency: "EUR",
        quantity: 0.5,
        value: "1.00",
        withoutCost: 0,
        mixedCurrencies: false
      }
    ])
    assert.deepInclude((await get("inventory/value?product=tea&location=shop")).items[0], {
      quantity: 0.5,
      value: "1.00"
    })
    assert.deepStrictEqual((await get("inventory/value?location=depot")).items, [])
    const [then] = (await get("inventory/value?product=tea&as_of=2026-01-20T00:00:00Z")).items
    assert.deepInclude(then, { quantity: 7.5, value: "15.00" })
    const [unknown] = (await get("inventory/value?product=tea&known_at=2026-01-20T00:00:00Z")).items
    assert.deepInclude(unknown, { quantity: 0, value: "0" })
    const [line] = (await get(`reports/valuation?since=2026-02-01&until=2026-04-01&category=Drinks`)).items
    assert.deepInclude(line, { openingQuantity: 7.5, openingValue: "15.00", soldQuantity: 7, soldValue: "14.00" })
    assert.deepInclude(line, {
      receivedValue: "0.00",
      adjustedValue: "0.00",
      closingQuantity: 0.5,
      closingValue: "1.00"
    })
    const [turns] = (await get(`reports/turnover?${QUARTER}&product=tea`)).items
    assert.deepInclude(turns, { sold: 9.5, costOfGoodsSold: "19.00", currency: "EUR" })
    assert.approximately(turns.turns, turns.unitTurns, 1e-9)
    assert.approximately(turns.turns * turns.days, 365, 1e-9)
  })

  it("rank products, and tell their age, what lies dead and what sold through", async () => {
    const { items } = await get(`reports/abc?${QUARTER}`)
    assert.deepStrictEqual(
      items.map(({ rank, product, value, abc }: Record<string, unknown>) => [rank, product, value, abc]),
      [[1, "tea", "9.5", "A"]]
    )
    const inEuro = await get("reports/abc?currency=EUR")
    assert.deepInclude(inEuro.items[0], { product: "cup", value: "5.00", share: 1, abc: "A", xyz: "Z" })
    const [age] = (await get("reports/ageing?product=cup")).items
    assert.deepInclude(age, { fromDays: 180, toDays: 365, quantity: 3, value: "3.00" })
    const dead = await get("reports/dead-stock?since=2026-01-02&until=2026-04-01")
    assert.deepStrictEqual(
      dead.items.map(({ product, location, onHand, lastSoldAt, lastReceivedAt }: Record<string, unknown>) => [
        product,
        location,
        onHand,
        lastSoldAt,
        lastReceivedAt
      ]),
      [["cup", "shop", 4, null, "2026-01-01T12:00:00.000Z"]]
    )
    const through = await get(`reports/sell-through?${QUARTER}&location=shop&product=tea`)
    assert.deepInclude(through.items[0], { received: 10, sold: 9.5, closing: 0.5, sellThrough: 0.95 })
  })

  it("tell of empty shelves and what that cost", async () => {
    // Sold out from 1 to 10 February, noon.
    const { items } = await get("reports/stock-outs?since=2026-02-01&until=2026-02-11&product=tea")
    const [line] = items
    assert.approximately(line.share, 0.9, 1e-9)
    assert.approximately(line.lost, 63, 1e-6)
    assert.deepInclude(line, { product: "tea", location: "shop", sold: 7, currency: "EUR", lostRevenue: "315.00" })
  })

  it("have a stock card that runs on from page to page", async () => {
    const path = `reports/stock-card?product=tea&location=shop&${QUARTER}&limit=3`
    const first = await get(path)
    assert.deepStrictEqual(
      first.items.map(({ kind, change, balance }: Record<string, unknown>) => [kind, change, balance]),
      [
        ["customerReturn", 0.5, 0.5],
        ["sale", -7.5, 0],
        ["sale", -2.5, 7.5]
      ]
    )
    assert.strictEqual(first.opening, 10)
    const second = await get(`${path}&cursor=${first.nextCursor}`)
    assert.deepStrictEqual([second.items.length, second.opening, second.nextCursor], [1, 0, null])
    assert.strictEqual((await ask("GET", "reports/stock-card?product=none&location=shop")).status, 404)
    assert.strictEqual((await ask("GET", "reports/stock-card?product=tea&location=none")).status, 404)
    assert.strictEqual((await ask("GET", `${path}&cursor=other`)).status, 400)
  })

  it("come as CSV, whole, and run no formula", async () => {
    const asked = [
      await ask("GET", "inventory/value", undefined, { accept: "text/csv" }),
      await ask("GET", "inventory/value?format=csv&limit=1")
    ]
    for (const { status, headers, body } of asked) {
      assert.strictEqual(status, 200)
      assert.match(headers.get("content-type") ?? "", /^text\/csv/)
      const lines = body.trim().split("\r\n")
      assert.strictEqual(lines[0], "product,sku,name,category,currency,quantity,value,withoutCost,mixedCurrencies")
      assert.strictEqual(lines[1], `cup,CUP,"'=HYPERLINK(""x"")",Cups,EUR,3,3.00,0,false`)
      assert.strictEqual(lines.length, 3)
    }
    const card = await ask("GET", `reports/stock-card?product=tea&location=shop&${QUARTER}&format=csv`)
    assert.include(card.body, ",2.5,-2.5,7.5,")
    const wrong = await ask("GET", "reports/ageing?format=csv&cursor=x&until=2026-01-01")
    assert.strictEqual(wrong.status, 400)
  })

  it("are tables, all ten of them, whatever names their products have, and have a header at least", async () => {
    const reports = [
      "sales/report?by=product&costs=average&",
      "inventory/value?",
      "reports/dead-stock?until=2026-04-01&since=2026-01-02&",
      ...["valuation", "turnover", "abc", "ageing", "sell-through", "stock-outs"].map((name) => `reports/${name}?`),
      "reports/stock-card?product=cup&location=shop&"
    ]
    assert.strictEqual(reports.length, 10)
    for (const report of reports) {
      const through = /inventory|ageing|dead-stock/.test(report) ? "" : "since=2026-01-01&"
      const { status, headers, body } = await ask("GET", `${report}${through}format=csv`)
      assert.strictEqual(status, 200, report)
      assert.match(headers.get("content-type") ?? "", /^text\/csv/, report)
      const lines: ReadonlyArray<string> = body.trim().split("\r\n")
      assert.isAbove(lines.length, 1, report)
      for (const line of lines) assert.notMatch(line, /(?:^|,)"?[=+@]/, report)
      const none = report.includes("stock-card") ? "since=2020-01-01&until=2020-01-02&" : "product=none&"
      const empty = await ask("GET", `${report}${none}format=csv`)
      assert.deepStrictEqual([empty.status, empty.body], [200, `${lines[0]}\r\n`], report)
    }
  })

  it("are for those who may read reports", async () => {
    const shopper = await server.customer("bob")
    for (const path of ["sales/report", "inventory/value", "reports/turnover"]) {
      assert.strictEqual((await ask("GET", path, undefined, {}, shopper)).status, 403, path)
    }
  })
})
