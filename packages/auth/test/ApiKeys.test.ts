import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { apiKeys } from "../src/ApiKeys.ts"

describe("an API key", () => {
  it.effect("is 256 random bits behind a visible part, and is known by its hash alone", () =>
    Effect.gen(function* () {
      const { id, key, hash } = yield* apiKeys.makeApiKey
      const text = Redacted.value(key)
      assert.match(text, /^onhand_[A-Za-z0-9]{12}_[\w-]{43}$/)
      assert.isTrue(text.startsWith(`${id}_`))
      assert.notInclude(text, hash)
      assert.deepStrictEqual(apiKeys.apiKeyIdOf(key), Option.some(id))
      assert.isTrue(apiKeys.isApiKey(key, hash))
    })
  )

  it.effect("is not another one, nor one with a letter changed, nor its hash", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* apiKeys.makeApiKey, yield* apiKeys.makeApiKey]
      assert.notStrictEqual(one.id, other.id)
      assert.isFalse(apiKeys.isApiKey(one.key, other.hash))
      const text = Redacted.value(one.key)
      const last = text.endsWith("A") ? "B" : "A"
      assert.isFalse(apiKeys.isApiKey(Redacted.make(text.slice(0, -1) + last), one.hash))
      assert.isFalse(apiKeys.isApiKey(Redacted.make(one.hash), one.hash))
      assert.isFalse(apiKeys.isApiKey(one.key, ""))
    })
  )

  it("is told from an access token by its looks", () => {
    for (const text of ["", "a.b.c", "onhand_", "onhand_short_secret", `onhand_${"a".repeat(12)}_${"b".repeat(44)}`]) {
      assert.isTrue(Option.isNone(apiKeys.apiKeyIdOf(Redacted.make(text))), text)
    }
  })
})
