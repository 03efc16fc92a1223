import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { makeCheckPassword } from "../src/CommonPasswords.ts"

const isCommon = (password: string) =>
  Effect.gen(function* () {
    const check = yield* makeCheckPassword
    return (yield* Effect.result(check(Redacted.make(password))))._tag === "Failure"
  })

describe("a password that is to be set", () => {
  it.effect.each(["password", "12345678", "PASSWORD1", "qwertyuiop", "iloveyou", "ｐａｓｓｗｏｒｄ"])(
    "is refused when everybody has it: %s",
    (password) => Effect.map(isCommon(password), (common) => assert.isTrue(common))
  )

  it.effect.each(["correct horse battery", "пароль с пробелами", "password of my own", " password"])(
    "is accepted: %s",
    (password) => Effect.map(isCommon(password), (common) => assert.isFalse(common))
  )
})
