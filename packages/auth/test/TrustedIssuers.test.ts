// An issuer on a port of its own, with discovery and published keys; its tokens are accepted, and nobody else's.
import { createServer, type Server } from "node:http"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Auth } from "@onhand/core"
import { Effect, Redacted } from "effect"
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose"
import { layerLocal, type TokenSettings } from "../src/index.ts"

let server: Server
let issuer: string
let key: CryptoKey
let publicText: string
let asked: Array<string> = []

beforeAll(async () => {
  const pair = await generateKeyPair("ES256", { extractable: true })
  key = pair.privateKey
  publicText = await exportSPKI(pair.publicKey)
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: "k-1", alg: "ES256", use: "sig" }]
  server = createServer(({ url = "" }, response) => {
    asked.push(url)
    const pages: Record<string, unknown> = {
      "/.well-known/openid-configuration": { issuer, jwks_uri: `${issuer}/keys` },
      "/keys": { keys }
    }
    const page = pages[url]
    response.writeHead(page === undefined ? 404 : 200, { "content-type": "application/json" })
    response.end(JSON.stringify(page))
  })
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
})
afterAll(() => void server.close())

const settings = (change: Partial<NonNullable<TokenSettings["trusted"]>[number]> = {}): TokenSettings => ({
  key: { _tag: "Secret", secret: Redacted.make("a secret of at least thirty-two bytes") },
  issuer: "onhand",
  audience: "shop",
  lifetimeSeconds: 60,
  trusted: [{ name: "sso", issuer, audience: "shop", rolesClaim: "realm_access.roles", ...change }]
})

const token = (change: { header?: object; claims?: object; with?: CryptoKey | Uint8Array } = {}) =>
  Effect.promise(() =>
    new SignJWT({
      sub: "ann",
      iss: issuer,
      aud: "shop",
      exp: 60,
      realm_access: { roles: ["warehouse_manager"] },
      ...change.claims
    })
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "k-1", ...change.header })
      .sign(change.with ?? key)
  )

const verified = (text: string, change: Parameters<typeof settings>[0] = {}) =>
  Auth.use((auth) => auth.verifyAccessToken(Redacted.make(text))).pipe(Effect.provide(layerLocal(settings(change))))

const refusal = (text: string, change: Parameters<typeof settings>[0] = {}) =>
  Effect.map(Effect.flip(verified(text, change)), ({ _tag }) => _tag)

describe("a token of a trusted issuer", () => {
  it.effect("says who its user is, under the issuer's name, with the roles that the issuer gave", () =>
    Effect.gen(function* () {
      asked = []
      const { actor, session, expiresAt } = yield* verified(yield* token())
      assert.deepStrictEqual(actor, { id: "sso:ann" as never, roles: ["warehouse_manager"], locations: null })
      assert.deepStrictEqual([session, expiresAt], [null, 60_000])
      assert.deepStrictEqual(asked, ["/.well-known/openid-configuration", "/keys"])
      const bare = yield* verified(yield* token({ claims: { realm_access: undefined } }))
      assert.deepStrictEqual(bare.actor.roles, [])
    })
  )

  it.effect("is refused for another audience, of another type, expired, or with a secret in place of a key", () =>
    Effect.gen(function* () {
      const secret = new TextEncoder().encode(publicText)
      const stranger = yield* Effect.promise(() => generateKeyPair("ES256"))
      for (const change of [
        { claims: { aud: "bank" } },
        { claims: { aud: undefined } },
        { claims: { exp: -60 } },
        { claims: { exp: undefined } },
        { claims: { sub: "x".repeat(64) } },
        { claims: { realm_access: { roles: "admin" } } },
        { header: { typ: "JWT" } },
        { header: { kid: "k-2" } },
        { header: { alg: "HS256" }, with: secret },
        { with: stranger.privateKey }
      ]) {
        assert.strictEqual(yield* refusal(yield* token(change)), "InvalidAccessToken", JSON.stringify(change))
      }
    })
  )

  it.effect("is refused of an issuer that is not trusted, of whom nobody asks anything", () =>
    Effect.gen(function* () {
      asked = []
      const text = yield* token({ claims: { iss: `${issuer}/other` } })
      assert.strictEqual(yield* refusal(text), "InvalidAccessToken")
      assert.strictEqual(yield* refusal("no token at all"), "InvalidAccessToken")
      assert.deepStrictEqual(asked, [])
    })
  )

  it.effect("is not decided while its issuer cannot be reached", () =>
    Effect.gen(function* () {
      const gone = { jwksUri: `${issuer}/nowhere` }
      assert.strictEqual(yield* refusal(yield* token(), gone), "AuthUnavailable")
    })
  )

  it.effect("stands beside tokens of our own", () =>
    Effect.gen(function* () {
      const auth = yield* Auth
      const ours = yield* auth.issueAccessToken({ id: "u-1", roles: [], locations: null })
      assert.strictEqual((yield* auth.verifyAccessToken(ours.token)).actor.id, "u-1")
    }).pipe(
      Effect.provide(layerLocal({ ...settings(), trusted: [{ name: "sso", issuer: "https://x", audience: "y" }] }))
    )
  )
})
