// The server with an identity provider named in its settings: a real issuer on a port, with discovery and keys.
import assert from "node:assert"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose"
import { afterAll, beforeAll, describe, it } from "vitest"
import { type Running, startOnhand } from "./ServerProcess.ts"

const place = mkdtempSync(join(tmpdir(), "onhand-oidc-"))
let server: Server
let issuer: string
let key: CryptoKey
let running: Running
let url: string

const serve = (settings: Readonly<Record<string, string>>) =>
  startOnhand(["serve", "--data", join(place, "shop"), "--port", "0", "--sample-shop", "false"], settings)

beforeAll(async () => {
  const pair = await generateKeyPair("ES256", { extractable: true })
  key = pair.privateKey
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: "k-1", alg: "ES256", use: "sig" }]
  server = createServer(({ url: path }, response) => {
    const isKeys = path === "/keys"
    response.end(JSON.stringify(isKeys ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }))
  })
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
  running = serve({
    ONHAND_OIDC_ISSUER: issuer,
    ONHAND_OIDC_AUDIENCE: "shop",
    ONHAND_OIDC_NAME: "sso",
    ONHAND_OIDC_TOKEN_TYPE: "JWT",
    ONHAND_OIDC_ROLES_CLAIM: "realm_access.roles",
    ONHAND_OIDC_ROLES: "keepers=warehouse_manager, it=admin"
  })
  url = await running.ready
}, 90_000)
afterAll(() => {
  running.kill("SIGKILL")
  server.close()
  rmSync(place, { recursive: true, force: true })
})

const token = (roles: ReadonlyArray<string>, claims: object = {}) =>
  new SignJWT({ iss: issuer, aud: "shop", sub: "ann", realm_access: { roles }, ...claims })
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: "k-1" })
    .setExpirationTime("5 minutes")
    .sign(key)

const ask = async (bearer: string, path: string, body?: object) =>
  fetch(`${url}/api/v1/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${bearer}`,
      "idempotency-key": path,
      ...(body === undefined ? {} : { "content-type": "application/json" })
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })

describe("a server that trusts an identity provider by its settings", () => {
  it("lets its users in with the roles that its own names stand for", async () => {
    const it = await token(["it", "staff"])
    assert.strictEqual((await ask(it, "locations", { id: "shop", name: "Shop" })).status, 201)
    assert.strictEqual((await ask(it, "products", { id: "tea", sku: "TEA", name: "Tea" })).status, 201)
    const keeper = await token(["keepers"])
    const lines = [{ kind: "purchase", product: "tea", location: "shop", quantity: 3 }]
    assert.strictEqual((await ask(keeper, "stock-movements", { lines })).status, 201)
    const [movement] = ((await (await ask(keeper, "stock-movements")).json()) as { items: Array<{ actor: string }> })
      .items
    assert.strictEqual(movement?.actor, "sso:ann")
    assert.strictEqual((await ask(keeper, "users")).status, 403)
  })

  it("gives nothing for roles that it does not know, even of the same name, and keeps strangers out", async () => {
    for (const roles of [[], ["admin"], ["warehouse_manager"]]) {
      assert.strictEqual((await ask(await token(roles), "stock-movements")).status, 403, roles.join())
    }
    assert.strictEqual((await ask(await token(["it"], { aud: "bank" }), "stock-movements")).status, 401)
    assert.strictEqual((await ask(await token(["it"], { iss: "https://elsewhere" }), "stock-movements")).status, 401)
  })

  it("is told every mistake in its settings at once", async () => {
    const wrong = serve({
      ONHAND_OIDC_ISSUER: "http://login.example.com",
      ONHAND_OIDC_NAME: "Single Sign On",
      ONHAND_ADMIN_EMAIL: "nobody"
    })
    assert.notStrictEqual((await wrong.ended).code, 0)
    for (const name of ["ONHAND_OIDC_NAME", "ONHAND_ADMIN_EMAIL"]) assert.ok(wrong.printed().includes(name), name)
    for (const [settings, told] of [
      [{ ONHAND_OIDC_ISSUER: "http://login.example.com" }, "ONHAND_OIDC_ISSUER: a URL that begins with https"],
      [{ ONHAND_OIDC_ISSUER: "https://login.example.com" }, "ONHAND_OIDC_AUDIENCE"],
      [{ ONHAND_OIDC_ROLES: "keepers=boss" }, "ONHAND_OIDC_ROLES: keepers=boss"],
      [{ ONHAND_OIDC_AUDIENCE: "shop" }, "ONHAND_OIDC_ISSUER"]
    ] as const) {
      const refused = serve(settings)
      assert.notStrictEqual((await refused.ended).code, 0)
      assert.ok(refused.printed().includes(told), refused.printed())
    }
  }, 90_000)
})
