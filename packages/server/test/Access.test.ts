import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startServer, type TestServer } from "./TestServer.ts"

let server: TestServer
let admin: string

beforeAll(async () => {
  server = await startServer()
  admin = await server.admin()
})
afterAll(() => server.stop())

const userOf = async (role: string, name = role.replace("_", "")) => {
  const token = await server.customer(name)
  const { id, version } = (await server.ask("GET", "/api/v1/users/me", { token })).body
  const changed = await server.ask("PATCH", `/api/v1/users/${id}`, {
    token: admin,
    headers: { "if-match": `"${version}"` },
    body: { roles: [role] }
  })
  assert.strictEqual(changed.status, 200)
  return { token, id }
}

describe("a role", () => {
  it("that nobody defined cannot be given", async () => {
    const { id } = await userOf("customer", "promoted")
    const body = { roles: ["emperor"] }
    const reply = await server.ask("PATCH", `/api/v1/users/${id}`, { token: admin, headers: { "if-match": "*" }, body })
    assert.strictEqual(reply.status, 400)
    assert.strictEqual(reply.body.faults[0].path, "payload.roles.0")
  })
})

describe("a user", () => {
  it("who is deactivated is out at once, and cannot sign in again", async () => {
    const { token, id } = await userOf("customer", "leaver")
    const off = { token: admin, headers: { "if-match": "*" }, body: { active: false } }
    assert.strictEqual((await server.ask("PATCH", `/api/v1/users/${id}`, off)).status, 200)
    assert.strictEqual((await server.ask("GET", "/api/v1/users/me", { token })).status, 401)
    const body = { email: "leaver@example.com", password: "the password of leaver" }
    assert.strictEqual((await server.ask("POST", "/api/v1/auth/login-json", { body })).status, 401)
  })

  it("cannot make itself an administrator, neither registering nor later", async () => {
    const body = { email: "eve@example.com", name: "Eve", password: "the password of eve", roles: ["admin"] }
    const reply = await server.ask("POST", "/api/v1/auth/register", { body })
    assert.strictEqual(reply.status, 400)
    assert.strictEqual(reply.body.faults[0].path, "payload.roles")
    const { token } = await userOf("customer", "eve")
    assert.strictEqual(
      (await server.ask("PATCH", "/api/v1/users/me", { token, body: { roles: ["admin"] } })).status,
      400
    )
  })

  it("changes its password by knowing the current one", async () => {
    const { token } = await userOf("customer", "forgetful")
    const change = (current: string) => ({ token, body: { password: { current, new: "a better password" } } })
    const current = "the password of forgetful"
    assert.strictEqual((await server.ask("PATCH", "/api/v1/users/me", change("wrong"))).status, 401)
    assert.strictEqual((await server.ask("PATCH", "/api/v1/users/me", change(current))).status, 200)
    await server.signIn("forgetful@example.com", "a better password")
  })

  it("that is limited to some locations writes stock at no other", async () => {
    const place = async (id: string) =>
      server.ask("POST", "/api/v1/locations", { token: admin, body: { id, name: id } })
    await place("north")
    await place("south")
    const product = await server.ask("POST", "/api/v1/products", { token: admin, body: { sku: "CUP", name: "Cup" } })
    const { token, id } = await userOf("warehouse_manager", "northener")
    const limited = { token: admin, headers: { "if-match": "*" }, body: { locations: ["north"] } }
    await server.ask("PATCH", `/api/v1/users/${id}`, limited)
    const receive = (locations: ReadonlyArray<string>, key: string) => {
      const lines = locations.map((location) => ({ kind: "purchase", product: product.body.id, location, quantity: 1 }))
      return server.ask("POST", "/api/v1/stock-movements", {
        token,
        headers: { "idempotency-key": key },
        body: { lines }
      })
    }
    assert.strictEqual((await receive(["north"], "n")).status, 201)
    const refused = await receive(["north", "south"], "s")
    assert.strictEqual(refused.status, 403)
    assert.deepInclude(refused.body, { permission: "stock:write", location: "south" })
    const name = { token, headers: { "if-match": "*" }, body: { name: "Mine" } }
    assert.strictEqual((await server.ask("PATCH", "/api/v1/locations/south", name)).status, 403)
    assert.strictEqual((await server.ask("POST", "/api/v1/locations", { token, body: { name: "New" } })).status, 403)
  })
})

describe("signing in", () => {
  it("answers an unknown address and a wrong password alike", async () => {
    const wrong = { email: "admin@example.com", password: "wrong" }
    const unknown = { email: "nobody@example.com", password: "wrong" }
    const [one, other] = [
      await server.ask("POST", "/api/v1/auth/login-json", { body: wrong }),
      await server.ask("POST", "/api/v1/auth/login-json", { body: unknown })
    ]
    const { requestId: _, ...first } = one.body
    const { requestId: __, ...second } = other.body
    assert.strictEqual(one.status, 401)
    assert.deepStrictEqual(first, second)
  })

  it("is limited for one account, and says when to come back", async () => {
    await server.customer("target")
    const body = { email: "target@example.com", password: "wrong" }
    const statuses: Array<number> = []
    let last = ""
    for (let attempt = 0; attempt < 25; attempt++) {
      const reply = await server.ask("POST", "/api/v1/auth/login-json", { body })
      statuses.push(reply.status)
      last = reply.headers.get("retry-after") ?? ""
    }
    assert.sameMembers([...new Set(statuses)], [401, 429])
    assert.isAtLeast(Number(last), 1)
    await server.customer("bystander")
  })
})
