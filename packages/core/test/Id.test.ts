// Ids are UUIDs of version 7: unique, and in order of the time they were made.
import { assert, describe, it } from "@effect/vitest"
import { uuidV7 } from "../src/index.ts"

describe("an id", () => {
  it("is a UUID of version 7 that carries its time", () => {
    const millis = Date.UTC(2026, 5, 1, 12, 30)
    const id = uuidV7(millis)
    assert.match(id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    assert.strictEqual(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), millis)
  })

  it("is made only once, and sorts by its time", () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => uuidV7(1_000_000 + index))
    assert.strictEqual(new Set(ids.map((id) => id.slice(15))).size, ids.length)
    assert.deepStrictEqual(ids.toSorted(), ids)
  })
})
