import { assert, describe, it } from "@effect/vitest"
import { type Actor, Auth, SessionId, UserId } from "@onhand/core"
import { DateTime, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import {
  base64url,
  calculateJwkThumbprint,
  decodeProtectedHeader,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  SignJWT
} from "jose"
import { layerLocal, type TokenSettings } from "../src/index.ts"

const secret = "a secret of at least thirty-two bytes"
const settings: TokenSettings = {
  key: { _tag: "Secret", secret: Redacted.make(secret) },
  issuer: "onhand",
  audience: "shop",
  lifetimeSeconds: 60
}
const actor: Actor = { id: "u-1", roles: ["customer"], locations: null }
const key = new TextEncoder().encode(secret)
const kid = await calculateJwkThumbprint({ kty: "oct", k: base64url.encode(key) })

/** A token as this issuer would make it, but for what the test changes. */
const forged = (
  change: { header?: Record<string, unknown>; claims?: Record<string, unknown>; with?: Uint8Array } = {}
): Effect.Effect<string> =>
  Effect.promise(() =>
    new SignJWT({
      sub: "u-1",
      roles: ["admin"],
      locations: null,
      iss: "onhand",
      aud: "shop",
      iat: 0,
      nbf: 0,
      exp: 60,
      ...change.claims
    })
      .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid, ...change.header })
      .sign(change.with ?? key)
  )

const verify = (token: string) => Auth.use((auth) => auth.verifyAccessToken(Redacted.make(token)))

const refused = (token: Effect.Effect<string>) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(verify(yield* token))
    assert.strictEqual(error._tag, "InvalidAccessToken")
  })

const part = (value: unknown) => base64url.encode(JSON.stringify(value))

describe("access tokens", () => {
  const it_ = (name: string, test: Effect.Effect<void, unknown, Auth>) =>
    it.effect(name, () => test.pipe(Effect.provide(layerLocal(settings))))

  it_(
    "say who the actor is, for as long as they are valid",
    Effect.gen(function* () {
      const auth = yield* Auth
      const { token, expiresIn } = yield* auth.issueAccessToken({ ...actor, locations: ["l-1" as never] })
      assert.strictEqual(expiresIn, 60)
      const claims = yield* auth.verifyAccessToken(token)
      assert.deepStrictEqual(claims.actor, { ...actor, locations: ["l-1" as never] })
      assert.strictEqual(claims.expiresAt, 60_000)
      yield* TestClock.adjust("89 seconds")
      yield* auth.verifyAccessToken(token)
      yield* TestClock.adjust("2 seconds")
      yield* Effect.flip(auth.verifyAccessToken(token))
    })
  )

  it_(
    "are accepted as forged here, so that the refusals below are for what they change",
    Effect.asVoid(Effect.flatMap(forged(), verify))
  )

  const none = Effect.sync(
    () =>
      `${part({ alg: "none", typ: "at+jwt", kid })}.` +
      `${part({ sub: "u-1", roles: ["admin"], iss: "onhand", aud: "shop" })}.`
  )
  it_("are refused without a signature", refused(none))
  it_(
    "are refused when somebody altered them",
    refused(
      Effect.map(forged(), (token) => {
        const [header, , signature] = token.split(".")
        return [header, part({ sub: "u-2", roles: ["admin"], iss: "onhand", aud: "shop", exp: 60 }), signature].join(
          "."
        )
      })
    )
  )
  it_("are refused when the signature is cut short", refused(Effect.map(forged(), (token) => token.slice(0, -4))))
  it_(
    "are refused from another key",
    refused(forged({ with: new TextEncoder().encode("another secret of thirty-two bytes") }))
  )
  it_("are refused from another issuer", refused(forged({ claims: { iss: "elsewhere" } })))
  it_("are refused for another audience", refused(forged({ claims: { aud: "bank" } })))
  it_("are refused without an audience", refused(forged({ claims: { aud: undefined } })))
  it_("are refused without an expiry", refused(forged({ claims: { exp: undefined } })))
  it_("are refused before their time", refused(forged({ claims: { nbf: 60 } })))
  it_("are refused of another type, such as an ID token", refused(forged({ header: { typ: "JWT" } })))
  it_("are refused with roles that are no roles", refused(forged({ claims: { roles: "admin" } })))
  it_("are refused in another algorithm", refused(forged({ header: { alg: "HS512" }, with: new Uint8Array(64) })))
  it_(
    "never bring their own key",
    refused(
      forged({
        header: { jku: "https://attacker.test/keys", kid: "../../etc/passwd" },
        with: new TextEncoder().encode("the attacker's secret of enough bytes")
      })
    )
  )

  it_("are refused when they name no key", refused(forged({ header: { kid: undefined } })))
  it_("are refused when they name a key that there is not", refused(forged({ header: { kid: "' OR 1=1 --" } })))
  it_(
    "say in which session they were issued",
    Effect.gen(function* () {
      const auth = yield* Auth
      const session = SessionId.make("s-1")
      const { token } = yield* auth.issueAccessToken(actor, session)
      assert.strictEqual((yield* auth.verifyAccessToken(token)).session, session)
      assert.isNull((yield* verify(yield* forged())).session)
    })
  )

  it_(
    "are no refresh tokens, nor the other way round",
    Effect.gen(function* () {
      const auth = yield* Auth
      const claims = { user: UserId.make("u-1"), session: SessionId.make("s-1"), generation: 7 }
      const refresh = yield* auth.issueRefreshToken(claims, 60_000)
      assert.deepStrictEqual(yield* auth.verifyRefreshToken(refresh), claims)
      yield* refused(Effect.succeed(Redacted.value(refresh)))
      const { token } = yield* auth.issueAccessToken(actor, claims.session)
      assert.strictEqual((yield* Effect.flip(auth.verifyRefreshToken(token)))._tag, "InvalidAccessToken")
      yield* TestClock.adjust("91 seconds")
      yield* Effect.flip(auth.verifyRefreshToken(refresh))
    })
  )

  it.effect("are accepted from a retired key until its time is up, and not issued with it", () =>
    Effect.gen(function* () {
      const { token: old } = yield* Effect.provide(
        Auth.use((auth) => auth.issueAccessToken(actor)),
        layerLocal({ ...settings, lifetimeSeconds: 600 })
      )
      const next = Redacted.make("the next secret of at least thirty-two bytes")
      const until = DateTime.makeUnsafe(120_000)
      const rotated = { ...settings, key: { _tag: "Secret" as const, secret: next } }
      yield* Effect.gen(function* () {
        const auth = yield* Auth
        const { token } = yield* auth.issueAccessToken(actor)
        assert.notStrictEqual(decodeProtectedHeader(Redacted.value(token)).kid, kid)
        yield* auth.verifyAccessToken(old)
        yield* TestClock.adjust("119 seconds")
        yield* auth.verifyAccessToken(old)
        yield* TestClock.adjust("1 second")
        yield* refused(Effect.succeed(Redacted.value(old)))
      }).pipe(Effect.provide(layerLocal({ ...rotated, retired: [{ key: settings.key, until }] })))
    })
  )

  it.effect("refuse to be signed with a secret that is too short", () =>
    Effect.gen(function* () {
      const weak = { ...settings, key: { _tag: "Secret" as const, secret: Redacted.make("short") } }
      const error = yield* Effect.flip(Layer.build(layerLocal(weak)))
      assert.include(error.message, "at least 32 bytes")
      assert.notInclude(error.message, "short")
    })
  )

  it.effect("may be signed with an Ed25519 key, whose public half then is no secret to sign with", () =>
    Effect.gen(function* () {
      const { pem, spki, id } = yield* Effect.promise(async () => {
        const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true })
        const id = await calculateJwkThumbprint(publicKey)
        return { pem: await exportPKCS8(privateKey), spki: await exportSPKI(publicKey), id }
      })
      const signed = { ...settings, key: { _tag: "Ed25519" as const, privateKey: Redacted.make(pem) } }
      yield* Effect.gen(function* () {
        const auth = yield* Auth
        const { token } = yield* auth.issueAccessToken(actor)
        assert.deepStrictEqual((yield* auth.verifyAccessToken(token)).actor, actor)
        assert.strictEqual(decodeProtectedHeader(Redacted.value(token)).kid, id)
        yield* refused(forged())
        yield* refused(forged({ header: { kid: id }, with: new TextEncoder().encode(spki) }))
      }).pipe(Effect.provide(layerLocal(signed)))
    })
  )
})
