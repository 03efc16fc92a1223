// Who is it? Checks 1 to 20 of docs/internals/security-checks.md, each a test that begins with its number.
import { createServer } from "node:http"
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { hash } from "@node-rs/argon2"
import { layerLocal } from "@onhand/auth"
import { Inventory, layerMemory, UserId } from "@onhand/core"
import { Effect, Layer, Option, Redacted } from "effect"
import { ensureAdmin } from "../../src/index.ts"
import { ADMIN, startServer, type TestServer, tokenSettings } from "../TestServer.ts"
import { type Change, claimsOf, forged, header, part } from "./Forging.ts"
import { operations } from "./Operations.ts"

let server: TestServer
let admin: string
let ann: string
let annId: string

beforeAll(async () => {
  server = await startServer({ signInsPerMinute: { address: 100_000, account: 20 } })
  admin = await server.admin()
  ann = await server.customer("ann")
  annId = (await server.ask("GET", "/api/v1/users/me", { token: ann })).body.id
})
afterAll(() => server.stop())

const me = (token: string) => server.ask("GET", "/api/v1/users/me", { token })
const post = (path: string, body: unknown, token?: string) =>
  server.ask("POST", `/api/v1/${path}`, { token, body, headers: { "idempotency-key": crypto.randomUUID() } })

const signInOf = async (name: string) => {
  const body = { email: `${name}@example.com`, password: `the password of ${name}` }
  return (await post("auth/login-json", body)).body as { access_token: string; refresh_token: string }
}

describe("whoever is not signed in", () => {
  it.each(operations.filter(({ requires }) => requires !== "anyone").map(({ name, ...one }) => [name, one] as const))(
    "1: gets 401 from %s",
    async (_, { method, path }) => {
      const place = path.replace(/\{\w+\}/g, "nothing")
      const body = method === "GET" || method === "DELETE" ? {} : { body: { "?": 1 } }
      for (const token of [undefined, "x.y.z", "onhand_AAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]) {
        const reply = await server.ask(method, place, { token, ...body })
        assert.strictEqual(reply.status, 401)
        assert.match(reply.headers.get("www-authenticate") ?? "", /^Bearer/)
      }
    }
  )

  it("19: is not let in by a credential in the query, and it is in no log", async () => {
    for (const name of ["access_token", "token", "api_key", "authorization"]) {
      assert.strictEqual((await server.ask("GET", `/api/v1/products?${name}=${admin}`)).status, 401)
    }
    assert.notInclude(JSON.stringify(server.entries), admin)
  })
})

describe("a token that is forged", () => {
  it("is let in where it is as ours, so that what follows is refused for what it changes", async () => {
    assert.strictEqual((await me(await forged(annId))).status, 200)
  })

  const now = Math.floor(Date.now() / 1000)
  const changes: ReadonlyArray<readonly [string, Change]> = [
    ["3: with another key", { key: new TextEncoder().encode("another secret of thirty-two bytes") }],
    ["3: in another algorithm", { header: { alg: "HS512" }, key: new Uint8Array(64) }],
    ["5: by a key id that is a path", { header: { kid: "../../../dev/null" }, key: new Uint8Array(32) }],
    ["5: by a key id that is SQL", { header: { kid: "x' UNION SELECT 'key'; --" }, key: new Uint8Array(32) }],
    ["5: without a key id", { header: { kid: undefined } }],
    ["6: that has expired", { claims: { iat: now - 700, nbf: now - 700, exp: now - 61 } }],
    ["6: that is not valid yet", { claims: { nbf: now + 120 } }],
    ["6: that never expires", { claims: { exp: undefined } }],
    ["7: for another audience", { claims: { aud: "bank" } }],
    ["7: for no audience", { claims: { aud: undefined } }],
    ["7: of another issuer", { claims: { iss: "elsewhere" } }],
    ["8: of another type, such as an ID token", { header: { typ: "JWT" } }],
    ["8: of no type", { header: { typ: undefined } }],
    ["10: of a session that there is not", { claims: { sid: "nothing" } }]
  ]
  it.each(changes)("%s is refused", async (_, change) => {
    assert.strictEqual((await me(await forged(annId, change))).status, 401)
  })

  it("2: with the algorithm none is refused, whatever its case", async () => {
    for (const alg of ["none", "None", "NONE"]) {
      const token = `${part({ ...header, alg })}.${part(claimsOf(annId))}.`
      assert.strictEqual((await me(token)).status, 401)
    }
  })

  it("4: that was altered or cut short is refused", async () => {
    const [head = "", , signature = ""] = ann.split(".")
    const altered = [head, part({ ...claimsOf(annId), sub: "somebody else" }), signature].join(".")
    for (const token of [altered, ann.slice(0, -2), `${ann}A`, ann.split(".").slice(0, 2).join(".")]) {
      assert.strictEqual((await me(token)).status, 401)
    }
  })

  it("5: that brings its own keys is refused, and nobody is asked for them", async () => {
    let asked = 0
    const attacker = createServer((_, response) => {
      asked++
      response.end("{}")
    })
    await new Promise<void>((resolve) => void attacker.listen(0, "127.0.0.1", resolve))
    const address = attacker.address()
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/keys`
    const key = new Uint8Array(32)
    const jwk = { kty: "oct", k: Buffer.from(key).toString("base64url") }
    for (const own of [{ jku: url }, { x5u: url }, { jwk }]) {
      for (const kid of [header.kid, undefined]) {
        assert.strictEqual((await me(await forged(annId, { header: { ...own, kid }, key }))).status, 401)
      }
    }
    assert.strictEqual(asked, 0)
    await new Promise((resolve) => attacker.close(resolve))
  })

  it("8: a refresh token is no access token, nor the other way round", async () => {
    const { access_token, refresh_token } = await signInOf("ann")
    assert.strictEqual((await me(refresh_token)).status, 401)
    assert.strictEqual((await post("auth/refresh", { refresh_token: access_token })).status, 401)
  })

  it("9: a secret of less than 32 bytes does not start", async () => {
    const weak = { ...tokenSettings, key: { _tag: "Secret" as const, secret: Redacted.make("0123456789abcdef") } }
    const error = await Effect.runPromise(Effect.scoped(Effect.flip(Layer.build(layerLocal(weak)))))
    assert.strictEqual(error._tag, "WeakTokenKey")
  })
})

describe("a session", () => {
  it("10: that was signed out of is refused with the next request, with both its tokens", async () => {
    await server.customer("leaver")
    const [here, there] = [await signInOf("leaver"), await signInOf("leaver")]
    assert.strictEqual((await me(here.access_token)).status, 200)
    assert.strictEqual((await post("auth/logout", { refresh_token: here.refresh_token })).status, 204)
    assert.strictEqual((await me(here.access_token)).status, 401)
    assert.strictEqual((await post("auth/refresh", { refresh_token: here.refresh_token })).status, 401)
    assert.strictEqual((await me(there.access_token)).status, 200)
    const everywhere = { refresh_token: there.refresh_token, everywhere: true }
    assert.strictEqual((await post("auth/logout", everywhere)).status, 204)
    assert.strictEqual((await me(there.access_token)).status, 401)
    assert.strictEqual((await post("auth/logout", { refresh_token: "nothing" })).status, 204)
  })

  it("10: is traded for new tokens; an old refresh token ends it", async () => {
    await server.customer("trader")
    const first = await signInOf("trader")
    const second = (await post("auth/refresh", { refresh_token: first.refresh_token })).body
    const third = (await post("auth/refresh", { refresh_token: second.refresh_token })).body
    assert.strictEqual((await me(third.access_token)).status, 200)
    // Somebody has a copy of the first one, which was traded twice ago.
    assert.strictEqual((await post("auth/refresh", { refresh_token: first.refresh_token })).status, 401)
    for (const { access_token, refresh_token } of [first, second, third]) {
      assert.strictEqual((await me(access_token)).status, 401)
      assert.strictEqual((await post("auth/refresh", { refresh_token })).status, 401)
    }
  })

  it("10: can ask again at once when the answer was lost, and goes on", async () => {
    await server.customer("unlucky")
    const { refresh_token } = await signInOf("unlucky")
    await post("auth/refresh", { refresh_token })
    const again = await post("auth/refresh", { refresh_token })
    assert.strictEqual(again.status, 200)
    const next = await post("auth/refresh", { refresh_token: again.body.refresh_token })
    assert.strictEqual((await me(next.body.access_token)).status, 200)
  })

  it("10: is in the list of its user alone, who can end it, and the others, from elsewhere", async () => {
    await server.customer("careful")
    const [here, there] = [await signInOf("careful"), await signInOf("careful")]
    const list = await server.ask("GET", "/api/v1/users/me/sessions", { token: here.access_token })
    assert.lengthOf(list.body.items, 3)
    assert.lengthOf(
      list.body.items.filter(({ current }: { current: boolean }) => current),
      1
    )
    const others = list.body.items.filter(({ current }: { current: boolean }) => !current)
    // Somebody else ends nothing by its id.
    for (const { id } of others) await server.ask("DELETE", `/api/v1/users/me/sessions/${id}`, { token: ann })
    assert.strictEqual((await me(there.access_token)).status, 200)
    for (const { id } of others) {
      await server.ask("DELETE", `/api/v1/users/me/sessions/${id}`, { token: here.access_token })
    }
    assert.strictEqual((await me(there.access_token)).status, 401)
    assert.strictEqual((await me(here.access_token)).status, 200)
    await server.ask("DELETE", "/api/v1/users/me/sessions", { token: here.access_token })
    assert.strictEqual((await me(here.access_token)).status, 401)
  })

  it("11: ends when its user is deactivated, and is not there again when the user is", async () => {
    const token = await server.customer("former")
    const { refresh_token } = await signInOf("former")
    const { id } = (await me(token)).body
    const set = (active: boolean) =>
      server.ask("PATCH", `/api/v1/users/${id}`, { token: admin, headers: { "if-match": "*" }, body: { active } })
    assert.strictEqual((await set(false)).status, 200)
    assert.strictEqual((await me(token)).status, 401)
    assert.strictEqual((await set(true)).status, 200)
    assert.strictEqual((await me(token)).status, 401)
    assert.strictEqual((await post("auth/refresh", { refresh_token })).status, 401)
    assert.isString((await signInOf("former")).access_token)
  })

  it("11: ends with a new password, but for the one in which it was set", async () => {
    await server.customer("changer")
    const [here, there] = [await signInOf("changer"), await signInOf("changer")]
    const password = { current: "the password of changer", new: "another password of mine" }
    const changed = await server.ask("PATCH", "/api/v1/users/me", { token: here.access_token, body: { password } })
    assert.strictEqual(changed.status, 200)
    assert.strictEqual((await me(here.access_token)).status, 200)
    assert.strictEqual((await me(there.access_token)).status, 401)
  })

  it("10: is ended by an administrator", async () => {
    const token = await server.customer("guest")
    const { id } = (await me(token)).body
    assert.strictEqual((await server.ask("DELETE", `/api/v1/users/${id}/sessions`, { token: admin })).status, 204)
    assert.strictEqual((await me(token)).status, 401)
  })
})

describe("a password", () => {
  const register = (name: string, password: string) =>
    post("auth/register", { email: `${name}@example.com`, name, password })
  const stored = (email: string) =>
    server.runtime.runPromise(
      Effect.flatMap(Inventory, ({ read }) => Effect.map(read.userByEmail(email), Option.getOrThrow))
    )

  it("12: is kept as argon2id with 19 MiB and two passes, and a weaker one is made anew at sign-in", async () => {
    const password = "a password of before"
    const options = { algorithm: 2, memoryCost: 4_096, timeCost: 1, parallelism: 1 }
    const weak = { email: "old@example.com", name: "Old", credential: await hash(password, options), roles: [] }
    await server.runtime.runPromise(Effect.flatMap(Inventory, (inventory) => inventory.registerUser(weak)))
    await server.signIn(weak.email, password)
    const { credential } = await stored(weak.email)
    assert.match(credential, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    await server.signIn(weak.email, password)
    assert.strictEqual((await stored(weak.email)).credential, credential)
  })

  it("13: may be long, spaced and in any script, and is never cut short", async () => {
    const long = `пароль ünd 密碼 ${"x".repeat(114)}`
    assert.lengthOf(long, 128)
    assert.strictEqual((await register("long", long)).status, 201)
    await server.signIn("long@example.com", long)
    const cut = { email: "long@example.com", password: long.slice(0, -1) }
    assert.strictEqual((await post("auth/login-json", cut)).status, 401)
    // The same letters, composed in another way by another keyboard.
    await server.signIn("long@example.com", long.normalize("NFD"))
  })

  it("13: is refused when it is short, or one that everybody has", async () => {
    for (const password of ["1234567", "password", "12345678", "Football1", "trustno1"]) {
      const reply = await register("common", password)
      assert.deepStrictEqual([reply.status, reply.body.faults[0].path], [400, "payload.password"], password)
    }
    const password = { current: "the password of ann", new: "qwertyuiop" }
    const reply = await server.ask("PATCH", "/api/v1/users/me", { token: ann, body: { password } })
    assert.deepStrictEqual([reply.status, reply.body.faults[0].path], [400, "payload.password.new"])
  })

  it("14: that is wrong, and a user who does not exist, are answered alike and after like work", async () => {
    const work: Record<string, Array<number>> = { ann: [], nobody: [] }
    const bodies: Array<string> = []
    for (let round = 0; round < 9; round++) {
      for (const name of ["ann", "nobody"]) {
        // The time of the processor, on all threads: a busy machine makes the wait longer, but not the work.
        const begun = process.cpuUsage()
        const reply = await post("auth/login-json", { email: `${name}@example.com`, password: "wrong" })
        const { user, system } = process.cpuUsage(begun)
        work[name]?.push(user + system)
        const { requestId: _, ...body } = reply.body
        bodies.push(JSON.stringify([reply.status, body]))
      }
    }
    assert.lengthOf(new Set(bodies), 1)
    assert.include(bodies[0], "401")
    const median = (name: string) => work[name]?.toSorted((a, b) => a - b)[4] ?? 0
    // Without a comparison it would be a hundredth.
    assert.isAbove(median("nobody") / median("ann"), 0.5)
    assert.isBelow(median("nobody") / median("ann"), 2)
  })

  it("15: is tried a hundred times on one account in vain, which locks out nobody else", async () => {
    await server.customer("target")
    const statuses = new Set<number>()
    let after = ""
    for (let attempt = 0; attempt < 100; attempt++) {
      const reply = await post("auth/login-json", { email: "target@example.com", password: `guess ${attempt}` })
      statuses.add(reply.status)
      after = reply.headers.get("retry-after") ?? after
    }
    assert.sameMembers([...statuses], [401, 429])
    assert.isAtMost(Number(after), 60)
    assert.isAtLeast(Number(after), 1)
    await server.customer("bystander")
  })

  const patience = { timeout: 60_000 }
  it(
    "16: of five hundred at once is compared in turns; others are sent away, and the server goes on",
    patience,
    async () => {
      let isOver = false
      const replies: Array<Awaited<ReturnType<typeof post>>> = []
      // Who is compared tries again until who is signed in was answered: waiting for them would be waiting for ever.
      const attack = async (attacker: number) => {
        for (let attempt = 0, status = 401; status === 401 && (attempt === 0 || !isOver); attempt++) {
          const email = `nobody-${attacker}-${attempt}@example.com`
          const reply = await post("auth/login-json", { email, password: "a guess" })
          replies.push(reply)
          status = reply.status
        }
      }
      const attacks = Array.from({ length: 500 }, (_, attacker) => attack(attacker))
      assert.strictEqual((await me(ann)).status, 200)
      isOver = true
      await Promise.all(attacks)
      const away = replies.filter(({ status }) => status === 503)
      assert.isAbove(away.length, 0)
      assert.sameMembers([...new Set(replies.map(({ status }) => status))], [401, 503])
      for (const reply of away) assert.isAtLeast(Number(reply.headers.get("retry-after")), 1)
    }
  )

  it("17: is not there by default, nor chosen to be one that everybody has", async () => {
    for (const password of ["admin", "password", "onhand", "changeme", "admin123"]) {
      const login = await post("auth/login-json", { email: ADMIN.email, password })
      assert.include([401, 429], login.status, password)
    }
    const firstStart = Effect.gen(function* () {
      for (const password of ["password", "changeme", "admin123"]) {
        const refused = yield* Effect.flip(ensureAdmin({ password: Redacted.make(password) }))
        assert.strictEqual(refused._tag, "CommonPassword", password)
      }
      const made = yield* ensureAdmin({})
      assert.deepStrictEqual(yield* ensureAdmin({}), { _tag: "Exists" })
      return made._tag === "Created" && made.password !== null ? Redacted.value(made.password) : ""
    }).pipe(
      Effect.provide(
        Layer.mergeAll(Inventory.layer.pipe(Layer.provide(layerMemory)), layerLocal(tokenSettings).pipe(Layer.orDie))
      )
    )
    const made = [await Effect.runPromise(firstStart), await Effect.runPromise(firstStart)]
    for (const password of made) assert.match(password, /^[\w-]{24}$/)
    assert.lengthOf(new Set(made), 2)
  })
})

describe("an API key", () => {
  const create = (body: object) => post("api-keys", { name: "Till", roles: ["warehouse_manager"], ...body }, admin)
  const movements = (token: string) => server.ask("GET", "/api/v1/stock-movements", { token })

  it("18: is told once; what is kept of it is a hash, and what is shown how it begins", async () => {
    const { status, body } = await create({})
    assert.strictEqual(status, 201)
    assert.match(body.key, /^onhand_[A-Za-z0-9]{12}_[\w-]{43}$/)
    assert.isTrue(body.key.startsWith(`${body.id}_`))
    const shown = await server.ask("GET", `/api/v1/api-keys/${body.id}`, { token: admin })
    const listed = await server.ask("GET", "/api/v1/api-keys", { token: admin })
    const kept = await server.runtime.runPromise(
      Effect.flatMap(Inventory, ({ read }) => Effect.map(read.apiKey(body.id), Option.getOrThrow))
    )
    const secret = body.key.slice(body.id.length + 1)
    assert.match(kept.hash, /^[0-9a-f]{64}$/)
    for (const text of [shown.body, listed.body, kept, server.entries].map((one) => JSON.stringify(one))) {
      assert.notInclude(text, secret)
    }
    assert.notInclude(JSON.stringify([shown.body, listed.body]), kept.hash)
    assert.strictEqual((await movements(body.key)).status, 200)
    const wrong = body.key.slice(0, -1) + (body.key.endsWith("A") ? "B" : "A")
    assert.strictEqual((await movements(wrong)).status, 401)
  })

  it("10: is refused with the next request once it was revoked, and by another server a second later", async () => {
    const { body } = await create({})
    const other = server.another()
    const there = () => other.ask("GET", "/api/v1/stock-movements", { token: body.key })
    assert.strictEqual((await there()).status, 200)
    assert.strictEqual((await movements(body.key)).status, 200)
    const revoke = { token: admin, headers: { "if-match": "*" } }
    const revoked = await server.ask("DELETE", `/api/v1/api-keys/${body.id}`, revoke)
    assert.isString(revoked.body.revokedAt)
    assert.strictEqual((await movements(body.key)).status, 401)
    await vi.waitFor(async () => assert.strictEqual((await there()).status, 401), { timeout: 10_000 })
    await other.stop()
  })

  it("10: is refused once it has expired, and may do what its roles and locations say now", async () => {
    const expired = await create({ expiresAt: "2020-01-01T00:00:00Z" })
    assert.strictEqual((await movements(expired.body.key)).status, 401)
    const { body } = await create({ locations: ["north"] })
    const set = (change: object) =>
      server.ask("PATCH", `/api/v1/api-keys/${body.id}`, { token: admin, headers: { "if-match": "*" }, body: change })
    const lines = [{ kind: "purchase", product: "none", location: "south", quantity: 1 }]
    assert.strictEqual((await post("stock-movements", { lines }, body.key)).status, 403)
    assert.strictEqual((await set({ roles: ["customer"] })).status, 200)
    assert.strictEqual((await movements(body.key)).status, 403)
    assert.strictEqual((await set({ roles: ["emperor"] })).status, 400)
    assert.strictEqual((await me(body.key)).status, 404)
  })

  it("18: says to the hour when it was used last, and is created by whoever administers alone", async () => {
    const { body } = await create({})
    assert.isNull(body.lastUsedAt)
    await movements(body.key)
    const shown = () => server.ask("GET", `/api/v1/api-keys/${body.id}`, { token: admin })
    await vi.waitFor(async () => assert.isString((await shown()).body.lastUsedAt))
    assert.strictEqual((await post("api-keys", { name: "Mine", roles: ["admin"] }, ann)).status, 403)
    assert.strictEqual((await post("api-keys", { name: "Mine", roles: ["admin"] }, body.key)).status, 403)
    assert.strictEqual(UserId.make(body.createdBy), (await me(admin)).body.id)
  })
})
