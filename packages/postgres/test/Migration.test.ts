// Migrations run once each, in the order of their numbers: one whose number is skipped or taken would never be run.
import { assert, it } from "@effect/vitest"
import { migrations } from "../src/Tables.ts"

it("numbers the migrations from one on, in their order and without a gap", () => {
  const numbers = Object.keys(migrations(1)).map((name) => Number.parseInt(name, 10))
  assert.deepStrictEqual(
    numbers,
    numbers.map((_, index) => index + 1)
  )
  assert.isNotEmpty(numbers)
})
