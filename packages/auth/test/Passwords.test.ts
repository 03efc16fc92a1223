import { assert, layer } from "@effect/vitest"
import { hash } from "@node-rs/argon2"
import { Auth } from "@onhand/core"
import { Effect, Redacted } from "effect"
import { layerLocal } from "../src/index.ts"

const auth = layerLocal({
  key: { _tag: "Secret", secret: Redacted.make("a secret of at least thirty-two bytes") },
  issuer: "onhand",
  audience: "onhand",
  lifetimeSeconds: 60
})

const password = Redacted.make("correct horse battery staple")

layer(auth)("passwords", (it) => {
  it.effect("are kept as argon2id with 19 MiB and two passes, each with a salt of its own", () =>
    Effect.gen(function* () {
      const { hashPassword } = yield* Auth
      const [one, two] = yield* Effect.all([hashPassword(password), hashPassword(password)])
      assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
      assert.notStrictEqual(one, two)
      assert.notInclude(one, Redacted.value(password))
    })
  )

  it.effect("match their own credential and no other", () =>
    Effect.gen(function* () {
      const { hashPassword, verifyPassword } = yield* Auth
      const credential = yield* hashPassword(password)
      assert.strictEqual(yield* verifyPassword(password, credential), "right")
      assert.strictEqual(yield* verifyPassword(Redacted.make("correct horse battery stapl"), credential), "wrong")
    })
  )

  it.effect("are not cut short, whatever their letters", () =>
    Effect.gen(function* () {
      const { hashPassword, verifyPassword } = yield* Auth
      const long = `пароль с пробелами ${"x".repeat(200)}`
      const credential = yield* hashPassword(Redacted.make(`${long}1`))
      assert.strictEqual(yield* verifyPassword(Redacted.make(`${long}2`), credential), "wrong")
      assert.strictEqual(yield* verifyPassword(Redacted.make(`${long}1`), credential), "right")
    })
  )

  it.effect("ask for a new credential when theirs was made with weaker parameters", () =>
    Effect.gen(function* () {
      const { verifyPassword } = yield* Auth
      const weak = yield* Effect.promise(() =>
        hash(Redacted.value(password), { algorithm: 2, memoryCost: 8_192, timeCost: 1, parallelism: 1 })
      )
      assert.strictEqual(yield* verifyPassword(password, weak), "needsRehash")
    })
  )

  it.effect("match nobody who does not exist, nor a credential that cannot be read", () =>
    Effect.gen(function* () {
      const { verifyPassword } = yield* Auth
      assert.strictEqual(yield* verifyPassword(password, undefined), "wrong")
      assert.strictEqual(yield* verifyPassword(password, "not a credential"), "wrong")
    })
  )

  it.effect("send people away when too many come at once, and serve those who wait", () =>
    Effect.gen(function* () {
      const { verifyPassword } = yield* Auth
      const results = yield* Effect.forEach(
        Array.from({ length: 250 }),
        () => Effect.result(verifyPassword(password, "-")),
        {
          concurrency: "unbounded"
        }
      )
      const away = results.filter((result) => result._tag === "Failure")
      assert.strictEqual(away.length, 50)
      assert.strictEqual(yield* verifyPassword(password, "-"), "wrong")
    })
  )
})
