// An order over HTTP, from the cart to what comes back: in the product's units, once a key, and only by whom it may.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string
let ann: string
let bob: string

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: { "idempotency-key": key }, body })

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
  ann = await server.customer("ann")
  bob = await server.customer("bob")
  for (const id of ["shop", "depot"]) {
    await server.ask("POST", "/api/v1/locations", { token: admin, body: { id, name: id } })
  }
  const unit = { name: "kg", decimals: 3 }
  const price = { amount: "10.00", currency: "EUR" }
  const tea = { id: "tea", sku: "TEA", name: "Tea", unit, price }
  await server.ask("POST", "/api/v1/products", { token: admin, body: tea })
  await post("stock-movements", "tea", {
    lines: [{ kind: "purchase", product: "tea", location: "shop", quantity: 10 }]
  })
})
afterAll(() => server.stop())

const level = async (location: string) => {
  const { body } = await server.ask("GET", `/api/v1/inventory?product=tea&location=${location}`, { token: admin })
  const [{ onHand, available } = { onHand: 0, available: 0 }] = body.items
  return [onHand, available]
}

/** Places an order of a shopper for so much tea. */
const placed = async (token: string, quantity: number, key: string) => {
  await server.ask("POST", "/api/v1/cart/items", { token, body: { product: "tea", quantity } })
  return await post("orders", key, { location: "shop" }, token)
}

describe("an order over HTTP", () => {
  it("is placed once, shipped in parts, canceled for the rest, and sent back in part", async () => {
    const before = await level("shop")
    const order = await placed(ann, 2.5, "o-1")
    assert.strictEqual(order.status, 201)
    assert.deepInclude(order.body, { status: "placed", fulfilment: "unfulfilled", payment: "none", shipments: [] })
    assert.deepInclude(order.body.lines[0], { line: 1, ordered: 2.5, open: 2.5, shipped: 0 })
    assert.notProperty(order.body.lines[0], "claims")
    const again = await post("orders", "o-1", { location: "shop" }, ann)
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    assert.strictEqual(again.body.id, order.body.id)
    assert.deepStrictEqual(await level("shop"), [before[0], before[1] - 2.5])

    const path = `orders/${order.body.id}`
    const part = await post(`${path}/ship`, "o-1-part", { lines: [{ line: 1, quantity: 1.25 }] })
    assert.deepStrictEqual([part.status, part.body.fulfilment, part.body.lines[0].open], [200, "partial", 1.25])
    assert.deepStrictEqual(part.body.shipments[0].lines, [{ line: 1, lot: "", quantity: 1.25, returned: 0 }])

    const more = await post(`${path}/ship`, "o-1-more", { lines: [{ line: 1, quantity: 1.5 }] })
    assert.deepStrictEqual([more.status, more.body.title], [409, "The order has less than that left"])
    assert.deepStrictEqual(more.body.lines, [{ line: 1, product: "tea", wanted: 1.5, left: 1.25 }])

    const rest = await post(`${path}/cancel`, "o-1-rest", {}, ann)
    assert.deepStrictEqual([rest.body.status, rest.body.lines[0].canceled], ["completed", 1.25])
    const closed = await post(`${path}/cancel`, "o-1-closed", {}, ann)
    assert.deepStrictEqual([closed.status, closed.body.title], [409, "Nothing of the order is open"])

    const wish = await post(`${path}/return-requests`, "o-1-wish", { lines: [{ line: 1, quantity: 0.5 }] }, ann)
    assert.deepStrictEqual([wish.body.returns, wish.body.lines[0].requested], ["requested", 0.5])
    const back = await post(`${path}/returns`, "o-1-back", {
      location: "depot",
      lines: [{ line: 1, quantity: 0.5, into: "damaged" }]
    })
    assert.deepStrictEqual([back.body.returns, back.body.lines[0].damaged], ["partial", 0.5])
    assert.deepStrictEqual(await level("depot"), [0.5, 0])
    assert.deepStrictEqual(await level("shop"), [before[0] - 1.25, before[1] - 1.25])

    const undone = await post(`${path}/shipments/1/undo`, "o-1-undo")
    assert.deepStrictEqual([undone.status, undone.body.because], [409, "returned"])
    const read = await server.ask("GET", `/api/v1/${path}`, { token: ann })
    assert.deepStrictEqual(read.body, back.body)
  })

  it("is shipped whole, taken back, and shipped again", async () => {
    const { body } = await placed(ann, 1, "o-2")
    const before = await level("shop")
    assert.strictEqual((await post(`orders/${body.id}/ship`, "o-2-ship", {})).body.fulfilment, "fulfilled")
    const undone = await post(`orders/${body.id}/shipments/1/undo`, "o-2-undo")
    assert.deepStrictEqual([undone.body.status, undone.body.fulfilment], ["placed", "unfulfilled"])
    assert.deepStrictEqual(await level("shop"), before)
    const ledger = await server.ask("GET", `/api/v1/stock-movements?order=${body.id}`, { token: admin })
    assert.deepStrictEqual(
      ledger.body.items.map(({ kind, change }: { kind: string; change: number }) => [kind, change]),
      [
        ["reversal", 1],
        ["sale", -1]
      ]
    )
    assert.strictEqual((await post(`orders/${body.id}/shipments/2/undo`, "o-2-two")).status, 404)
    assert.strictEqual((await post(`orders/${body.id}/ship`, "o-2-again", {})).body.status, "completed")
  })

  it("is paid as the host reports, in an order that makes sense", async () => {
    const { body } = await placed(ann, 1, "o-3")
    const pay = (payment: string) =>
      server.ask("PUT", `/api/v1/orders/${body.id}/payment`, { token: admin, body: { payment } })
    assert.strictEqual((await pay("paid")).body.payment, "paid")
    const refused = await pay("authorized")
    assert.deepStrictEqual([refused.status, refused.body.accepted], [409, ["partiallyRefunded", "refunded"]])
  })

  it("is nobody else's business", async () => {
    const { body } = await placed(ann, 0.5, "o-4")
    const path = `orders/${body.id}`
    assert.strictEqual((await post(`${path}/cancel`, "o-4-bob", {}, bob)).status, 404)
    assert.strictEqual((await post(`${path}/ship`, "o-4-ann", {}, ann)).status, 403)
    const manager = await server.customer("manager")
    const { id } = (await server.ask("GET", "/api/v1/users/me", { token: manager })).body
    await server.ask("PATCH", `/api/v1/users/${id}`, {
      token: admin,
      headers: { "if-match": "*" },
      body: { roles: ["warehouse_manager"], locations: ["depot"] }
    })
    const elsewhere = await post(`${path}/ship`, "o-4-depot", {}, manager)
    assert.deepStrictEqual([elsewhere.status, elsewhere.body.location], [403, "shop"])
    const lines = [{ line: 1, quantity: 0.5 }]
    const others = {
      cancel: {},
      returns: { lines: [{ line: 1, quantity: 0.5, into: "sellable" }] },
      "return-requests": { lines },
      "shipments/1/undo": undefined
    }
    for (const [what, body] of Object.entries(others)) {
      assert.strictEqual((await post(`${path}/${what}`, `o-4-depot-${what}`, body, manager)).status, 403, what)
    }
    const pay = await server.ask("PUT", `/api/v1/${path}/payment`, { token: manager, body: { payment: "paid" } })
    assert.strictEqual(pay.status, 403)
    assert.strictEqual((await post(`${path}/cancel`, "o-4-done", {}, ann)).body.status, "canceled")
  })

  it("changes no stock without a key, so that a second try is none", async () => {
    const { body } = await placed(ann, 1, "o-7")
    for (const path of ["ship", "cancel", "returns", "shipments/1/undo"]) {
      const lines = path === "returns" ? { lines: [{ line: 1, quantity: 0.5, into: "sellable" }] } : {}
      const refused = await server.ask("POST", `/api/v1/orders/${body.id}/${path}`, {
        token: admin,
        body: path.endsWith("undo") ? undefined : lines
      })
      assert.deepStrictEqual([refused.status, refused.body.faults?.[0].path], [400, "headers.idempotency-key"], path)
    }
    const part = { lines: [{ line: 1, quantity: 0.25 }] }
    for (const _ of ["once", "again"]) {
      assert.strictEqual((await post(`orders/${body.id}/cancel`, "o-7-cancel", part, ann)).body.lines[0].canceled, 0.25)
    }
  })

  it("is dated only by whom orders are written by, as what was sold when decides what is bought", async () => {
    const dated = { location: "shop", occurredAt: "2020-03-01T09:30:00Z" }
    for (const path of ["orders", "checkout"]) {
      await server.ask("POST", "/api/v1/cart/items", { token: ann, body: { product: "tea", quantity: 0.25 } })
      const refused = await post(path, `o-8-${path}`, dated, ann)
      assert.deepStrictEqual([refused.status, refused.body.permission], [403, "orders:write"], path)
      await server.ask("POST", "/api/v1/cart/items", { token: admin, body: { product: "tea", quantity: 0.25 } })
      const { body } = await post(path, `o-8-${path}`, dated)
      assert.strictEqual(body.placedAt, "2020-03-01T09:30:00.000Z", path)
    }
    await server.ask("DELETE", "/api/v1/cart", { token: ann })
  })

  it("cannot be placed of more than there is, nor changed by what cannot be", async () => {
    const short = await placed(bob, 1000, "o-5")
    assert.deepStrictEqual([short.status, short.body.lines[0].wanted], [409, 1000])
    const { body } = await placed(ann, 1, "o-6")
    const fine = await post(`orders/${body.id}/ship`, "o-6-fine", { lines: [{ line: 1, quantity: 0.0001 }] })
    assert.strictEqual(fine.status, 400)
    assert.strictEqual(fine.body.faults[0].path, "payload.lines.0.quantity")
    const line = await post(`orders/${body.id}/ship`, "o-6-line", { lines: [{ line: 2, quantity: 1 }] })
    assert.deepStrictEqual([line.status, line.body.title], [404, "The order has no such line"])
    const half = await post(`orders/${body.id}/ship`, "o-6-half", { lines: [{ line: 2, quantity: 0.5 }] })
    assert.deepStrictEqual([half.status, half.body.lines], [404, 1], "it is the line that is wrong, not the quantity")
    assert.strictEqual((await post("orders/none/ship", "o-6-none", {})).status, 404)
  })
})
