// Who may do what: checks 21 to 29 of docs/internals/security-checks.md, each a test that begins with its number.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { defaultRoles, firstPage, Inventory, LocationId, type NewEvent, permissions, type Roles } from "@onhand/core"
import { Effect } from "effect"
import { maySee } from "../../src/LiveEvent.ts"
import { startServer, type TestServer } from "../TestServer.ts"
import { elsewhere, lines, north, received, seenElsewhere, sold, south } from "./Elsewhere.ts"
import { allows, type Operation, operations } from "./Operations.ts"

const roles: Roles = {
  ...defaultRoles,
  packer: ["orders:write"],
  clerk: ["orders:read"],
  nobody: []
}

let server: TestServer
let admin: string

beforeAll(async () => {
  server = await startServer({ roles })
  admin = await server.admin()
})
afterAll(() => server.stop())

const post = (path: string, key: string, body: unknown = undefined, token = admin) =>
  server.ask("POST", `/api/v1/${path}`, { token, headers: { "idempotency-key": key }, body })

/** How many movements and commands there are: what a refused request must not change. */
const written = () =>
  server.runtime.runPromise(
    Effect.gen(function* () {
      const { read } = yield* Inventory
      return JSON.stringify([yield* read.head, (yield* read.movements({}, firstPage(1))).items])
    })
  )

/** An operation asked with ids that nothing has, and a body that no operation takes. */
const knock = ({ method, path }: Operation, token: string) =>
  server.ask(method, path.replace(/\{\w+\}/g, "nothing"), {
    token,
    headers: { "idempotency-key": "knock", "if-match": "*" },
    ...(method === "GET" || method === "DELETE" ? {} : { body: { "?": 1 } })
  })

describe("a role", () => {
  it.each(Object.keys(roles))("23, 28: %s is let in where it may, and writes nothing anywhere else", async (role) => {
    const token = await server.user(`role-${role.replace("_", "")}`, [role])
    // Whoever has signed out is asked for nothing more.
    const signsOut = ({ name }: Operation) => name === "DELETE /api/v1/users/me/sessions"
    for (const operation of [...operations.filter((one) => !signsOut(one)), ...operations.filter(signsOut)]) {
      if (operation.requires === "anyone" || operation.path === "/api/v1/events") continue
      const before = await written()
      const { status, body } = await knock(operation, token)
      const place = `${role} asks ${operation.name}: ${JSON.stringify(body)}`
      if (allows(roles[role] ?? [], operation)) assert.notInclude([401, 403], status, place)
      else {
        assert.strictEqual(status, 403, place)
        assert.strictEqual(await written(), before, place)
      }
      assert.isBelow(status, 500, place)
    }
  })

  it("28: every operation says who may call it, and names permissions that there are", () => {
    for (const { name, requires } of operations) {
      if (typeof requires === "string") continue
      assert.isNotEmpty(requires, name)
      assert.includeMembers([...permissions], [...requires], name)
    }
  })

  it("27: counts no more with the next request after it was taken away", async () => {
    const token = await server.user("former", ["warehouse_manager"])
    assert.strictEqual((await server.ask("GET", "/api/v1/stock-movements", { token })).status, 200)
    const { id } = (await server.ask("GET", "/api/v1/users/me", { token })).body
    const demoted = { token: admin, headers: { "if-match": "*" }, body: { roles: ["customer"] } }
    assert.strictEqual((await server.ask("PATCH", `/api/v1/users/${id}`, demoted)).status, 200)
    assert.strictEqual((await server.ask("GET", "/api/v1/stock-movements", { token })).status, 403)
  })
})

describe("a manager of one location", () => {
  let token: string
  const ids: Record<string, string> = {}

  const created = async (path: string, key: string, body: unknown, by = admin): Promise<string> => {
    const reply = await post(path, key, body, by)
    assert.strictEqual(reply.status, 201, JSON.stringify(reply.body))
    return reply.body.id
  }

  const orderOf = async (key: string, shipped: boolean) => {
    const shopper = await server.customer(`shopper-${key}`)
    await server.ask("POST", "/api/v1/cart/items", { token: shopper, body: { product: "cup", quantity: 2 } })
    const id = await created("orders", key, { location: south }, shopper)
    if (shipped) assert.strictEqual((await post(`orders/${id}/ship`, `${key}-ship`, {})).status, 200)
    return id
  }

  beforeAll(async () => {
    for (const id of [north, south, "west"]) {
      await server.ask("POST", "/api/v1/locations", { token: admin, body: { id, name: id } })
    }
    const price = { amount: "1.00", currency: "EUR" }
    await server.ask("POST", "/api/v1/products", { token: admin, body: { id: "cup", sku: "CUP", name: "Cup", price } })
    const filled = [north, south].map((location) => ({ kind: "purchase", product: "cup", location, quantity: 100 }))
    assert.strictEqual((await post("stock-movements", "fill", { lines: filled })).status, 201)
    await post("vendors", "vendor", { id: "grower", name: "Grower" })
    ids["draft"] = await created("stock-transfers", "t-1", { origin: south, destination: north, lines, draft: true })
    ids["ready"] = await created("stock-transfers", "t-2", { origin: south, destination: north, lines })
    ids["sent"] = await created("stock-transfers", "t-3", { origin: north, destination: south, lines })
    await post(`stock-transfers/${ids["sent"]}/dispatch`, "t-3-sent")
    ids["far"] = await created("stock-transfers", "t-4", { origin: south, destination: "west", lines, draft: true })
    ids["sheet"] = await created("stock-counts", "c-1", { location: south, lines: [{ product: "cup" }] })
    const held = { lines: [{ product: "cup", location: south, quantity: 1 }], seconds: 600 }
    ids["hold"] = (await post("claims", "h-1", held)).body.claims[0]
    const asked = { vendor: "grower", destination: south, lines }
    ids["asked"] = await created("purchase-orders", "p-1", asked)
    ids["ordered"] = await created("purchase-orders", "p-2", asked)
    await post(`purchase-orders/${ids["ordered"]}/place`, "p-2-placed")
    ids["placed"] = await orderOf("o-1", false)
    ids["shipped"] = await orderOf("o-2", true)
    const rule = { product: "cup", location: south, low: 1_000 }
    await server.ask("PUT", "/api/v1/thresholds", { token: admin, body: { lines: [rule] } })
    const raised = await server.ask("GET", "/api/v1/notifications?kind=lowStock", { token: admin })
    ids["raised"] = raised.body.items[0].id
    token = await server.user("northerner", ["warehouse_manager"], [north])
  })

  const placed: ReadonlyArray<string> = [
    "locations:write",
    "stock:write",
    "thresholds:write",
    "notifications:write",
    "orders:write"
  ]
  const writes = operations.filter(
    ({ method, requires }) =>
      method !== "GET" && typeof requires !== "string" && requires.some((one) => placed.includes(one))
  )

  it.each(writes.map(({ name, method }) => [name, method] as const))(
    "24: is refused at another location by %s, and writes nothing",
    async (name, method) => {
      const attempt = elsewhere[name]
      assert.isDefined(attempt, `${name}: say in this test how it is tried at another location, or why it cannot be`)
      if (attempt === undefined || typeof attempt === "string") return
      const { path, body } = attempt(ids)
      const before = await written()
      const refused = await server.ask(method, `/api/v1/${path}`, {
        token,
        headers: { "idempotency-key": encodeURIComponent(name), "if-match": "*" },
        ...(body === undefined ? {} : { body })
      })
      assert.strictEqual(refused.status, 403, JSON.stringify(refused.body))
      if (name !== "POST /api/v1/locations") assert.strictEqual(refused.body.location, south)
      assert.strictEqual(await written(), before)
    }
  )

  it("24: names only operations that there are", () => {
    assert.includeMembers(
      writes.map(({ name }) => name),
      Object.keys(elsewhere)
    )
  })

  const reads = operations.filter(({ method, requires }) => method === "GET" && requires !== "anyone")
  const read = (path: string, by = token) => server.ask("GET", `/api/v1/${path}`, { token: by })

  it.each(reads.map(({ path }) => path.replace("/api/v1", "")))(
    "24: sees what is of its location in %s",
    async (path) => {
      const seen = seenElsewhere[path]
      assert.isDefined(seen, `${path}: say in Elsewhere.ts how it is seen by a manager of another location`)
      if (seen === undefined || typeof seen === "string") return
      if ("list" in seen) {
        const { list, parameter = "location", more = false } = seen
        const at = (place: string) => `${list}${list.includes("?") ? "&" : "?"}${parameter}=${place}`
        const own = await read(list)
        assert.strictEqual(own.status, 200, JSON.stringify(own.body))
        assert.deepStrictEqual(own.body, (await read(at(north))).body)
        // To the administrator there is more, and all that the manager sees.
        const all = (await read(list, admin)).body.items
        assert.isTrue(!more || all.length > own.body.items.length, list)
        const refused = await read(at(south))
        assert.deepStrictEqual([refused.status, refused.body.location], [403, south])
      } else if ("one" in seen) {
        assert.strictEqual((await read(seen.one(ids), admin)).status, 200)
        assert.strictEqual((await read(seen.one(ids))).status, 404)
      } else {
        const refused = await read(seen.whole)
        assert.deepStrictEqual([refused.status, refused.body.everywhere], [403, true])
        assert.include(refused.body.detail, "at every location")
      }
    }
  )

  it("24: asks why at its own location alone, and of several locations about one", async () => {
    for (const [path, at] of [
      ["inventory/cup/explain", "location"],
      ["reports/stock-card", "product=cup&location"]
    ]) {
      assert.strictEqual((await read(`${path}?${at}=${south}`)).status, 403)
      assert.strictEqual((await read(`${path}?${at}=${north}`)).status, 200)
    }
    const both = await server.user("traveller", ["warehouse_manager"], [north, south])
    const asked = await read("stock-counts", both)
    assert.deepStrictEqual([asked.status, asked.body.faults[0].path], [400, "query.location"])
    assert.include(asked.body.faults[0].message, `${north}, ${south}`)
    assert.strictEqual((await read(`stock-counts?location=${south}`, both)).body.items[0].id, ids["sheet"])
    assert.strictEqual((await read(`stock-transfers/${ids["sent"]}`)).status, 200)
  })

  it("24: is told live of what happens at its location, and of its own orders anywhere", () => {
    const manager = { id: "northerner", roles: ["warehouse_manager"], locations: [LocationId.make(north)] }
    const at = (location: string) => LocationId.make(location)
    const told = (event: NewEvent) => maySee(defaultRoles, manager, event)
    const count = (location: string) => ({ count: "c", location: at(location), state: "draft" as const })
    assert.isTrue(told({ _tag: "CountChanged", ...count(north) }))
    assert.isFalse(told({ _tag: "CountChanged", ...count(south) }))
    const transfer = { transfer: "t", state: "ready" as const, origin: at(south) }
    assert.isTrue(told({ _tag: "TransferChanged", ...transfer, destination: at(north) }))
    assert.isFalse(told({ _tag: "TransferChanged", ...transfer, destination: at("west") }))
    const order = { order: "o", location: at(south), locations: [at(south)] }
    assert.isFalse(told({ _tag: "OrderPlaced", ...order, customer: "somebody" }))
    assert.isTrue(told({ _tag: "OrderPlaced", ...order, customer: "northerner" }))
    assert.isTrue(told({ _tag: "OrderPlaced", ...order, locations: [at(south), at(north)], customer: "somebody" }))
    assert.isTrue(told({ _tag: "StockChanged", levels: [] }))
  })

  it("24: writes at its own", async () => {
    assert.strictEqual((await post("stock-movements", "own", { lines: [sold(north)] }, token)).status, 201)
    const sent = { origin: north, destination: south, lines }
    assert.strictEqual((await post("stock-transfers", "own-2", sent, token)).status, 201)
    const returned = { ...received, location: north }
    assert.strictEqual((await post(`orders/${ids["shipped"]}/returns`, "own-3", returned, token)).status, 200)
  })
})

describe("orders", () => {
  it("23: are seen by who may write them, and only read by who may read them", async () => {
    const shopper = await server.customer("buyer")
    await server.ask("POST", "/api/v1/cart/items", { token: shopper, body: { product: "cup", quantity: 1 } })
    const { id } = (await post("orders", "seen", { location: "north" }, shopper)).body
    const packer = await server.user("packer", ["packer"])
    const clerk = await server.user("clerk", ["clerk"])
    for (const token of [packer, clerk]) {
      assert.strictEqual((await server.ask("GET", `/api/v1/orders/${id}`, { token })).status, 200)
      const list = await server.ask("GET", "/api/v1/orders", { token })
      assert.include(
        list.body.items.map((order: { id: string }) => order.id),
        id
      )
    }
    assert.strictEqual((await post(`orders/${id}/cancel`, "by-clerk", {}, clerk)).status, 403)
    assert.strictEqual((await post(`orders/${id}/ship`, "by-packer", {}, packer)).status, 200)
  })

  it("21: of somebody else are as good as none, in every operation that names one", async () => {
    const [ann, eve] = [await server.customer("ann"), await server.customer("eve")]
    await server.ask("POST", "/api/v1/cart/items", { token: ann, body: { product: "cup", quantity: 1 } })
    const { id } = (await post("orders", "ann", { location: "north" }, ann)).body
    const bodies: Readonly<Record<string, unknown>> = {
      "POST /api/v1/orders/{id}/cancel": {},
      "POST /api/v1/orders/{id}/return-requests": { lines: [{ line: 1, quantity: 1 }] }
    }
    const named = operations.filter(
      ({ path, requires }) => path.startsWith("/api/v1/orders/{id}") && requires.includes("orders:own")
    )
    assert.isAtLeast(named.length, 3)
    for (const { method, path, name } of named) {
      const ask = (order: string) =>
        server.ask(method, path.replace("{id}", order), {
          token: eve,
          headers: { "idempotency-key": encodeURIComponent(`${name}-${order}`) },
          ...(bodies[name] === undefined ? {} : { body: bodies[name] })
        })
      const { requestId: _, instance: __, ...foreign } = (await ask(id)).body
      const { requestId: ___, instance: ____, ...unknown } = (await ask("nothing")).body
      assert.strictEqual(foreign.status, 404, name)
      const text = (body: object, order: string) => JSON.stringify(body).replaceAll(order, "…")
      assert.strictEqual(text(foreign, id), text(unknown, "nothing"), name)
    }
    const list = await server.ask("GET", "/api/v1/orders?customer=somebody", { token: eve })
    assert.deepStrictEqual(list.body.items, [])
  })

  it("29: and their keys are each caller's own: the same key of another replays nothing", async () => {
    const [first, second] = [await server.customer("first"), await server.customer("second")]
    const buy = async (token: string) => {
      await server.ask("POST", "/api/v1/cart/items", { token, body: { product: "cup", quantity: 1 } })
      return post("orders", "the-same-key", { location: "north" }, token)
    }
    const [one, other] = [await buy(first), await buy(second)]
    assert.deepStrictEqual([one.status, other.status], [201, 201])
    assert.notStrictEqual(one.body.id, other.body.id)
    assert.isNull(other.headers.get("idempotency-replayed"))
  })
})

describe("a movement that is recorded by hand", () => {
  it.each(["order", "transfer", "count", "purchaseOrder"])("24: cannot be passed off as one of a %s", async (type) => {
    const lines = [{ kind: "adjustment", product: "cup", location: "north", quantity: 1 }]
    const reply = await post("stock-movements", `of-${type}`, { lines, source: { type, id: "1" } })
    assert.deepStrictEqual([reply.status, reply.body.faults[0].path], [400, "payload.source.type"])
    assert.strictEqual(
      (await post("stock-movements", `as-${type}`, { lines, source: { type: "recount", id: "1" } })).status,
      201
    )
  })
})

describe("what nobody is to say or to see", () => {
  const taken = operations.filter(({ takesJson, requires }) => takesJson && requires !== "anyone")

  it.each(taken.map(({ name, ...one }) => [name, one] as const))(
    "25: is refused in the body of %s",
    async (name, { method, path }) => {
      const body = { tenantId: "t-1", version: 7, onHand: 99, role: "admin" }
      const id = path.includes("movements") ? "0-1-1" : "nothing"
      const reply = await server.ask(method, path.replace(/\{\w+\}/g, id), {
        token: admin,
        headers: { "idempotency-key": encodeURIComponent(`25-${name}`), "if-match": "*" },
        body
      })
      assert.strictEqual(reply.status, 400, JSON.stringify(reply.body))
      const paths = reply.body.faults.map((fault: { path: string }) => fault.path)
      assert.includeMembers(paths, ["payload.tenantId", "payload.onHand", "payload.role"])
    }
  )

  it("26: costs, suppliers and hashes are in no reply that a customer may get", () => {
    const secret = ["unitCost", "cost", "vendor", "vendorSku", "margin", "credential", "hash"]
    const open = operations.filter((operation) => allows(defaultRoles["customer"] ?? [], operation))
    assert.isAtLeast(open.length, 20)
    for (const { name, path, told } of open) {
      // Events are sent to who may see each, and documented all together.
      if (path === "/api/v1/events") continue
      for (const field of secret) assert.isFalse(told.has(field), `${name} tells ${field}`)
    }
  })
})
