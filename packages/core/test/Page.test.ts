// Cursors belong to one list and one sorting, and survive the way through a URL.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import * as fc from "fast-check"
import { cursorAfter, cursorValues, Inventory, layerMemory } from "../src/index.ts"

const values = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 })

describe("a cursor", () => {
  it("gives back the values it was made of, in characters that a URL takes", () => {
    fc.assert(
      fc.property(fc.string(), values, (list, sort) => {
        const cursor = cursorAfter(list, sort)
        assert.match(cursor, /^[\w-]*$/)
        assert.deepStrictEqual(cursorValues(list, cursor, sort.length), Result.succeed(sort))
      })
    )
  })

  it("is refused by another list, by another width, and when it was tampered with", () => {
    const cursor = cursorAfter("products:name_asc", ["Mug", "id-1"])
    for (const [list, text, width] of [
      ["products:name_desc", cursor, 2],
      ["products:name_asc", cursor, 3],
      ["products:name_asc", cursor.slice(3), 2],
      ["products:name_asc", "%%%", 2],
      ["products:name_asc", "", 2]
    ] as const) {
      const read = cursorValues(list, text, width)
      assert(Result.isFailure(read), `${list} took ${text}`)
      assert.strictEqual(read.failure._tag, "InvalidCursor")
    }
  })

  it.effect("leafs through a list without repeating or skipping when names are alike", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      for (let index = 0; index < 7; index++) yield* inventory.createProduct({ sku: `S${index}`, name: "Mug" })
      const seen: Array<string> = []
      let cursor: string | undefined
      do {
        const page = yield* inventory.read.products({}, { _tag: "Cursor", limit: 3, cursor })
        seen.push(...page.items.map(({ product }) => product.sku))
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      assert.deepStrictEqual(seen.toSorted(), ["S0", "S1", "S2", "S3", "S4", "S5", "S6"])
      const wrong = inventory.read.products({ sort: "sku_desc" }, { _tag: "Cursor", limit: 3, cursor: "AAAA" })
      assert.strictEqual((yield* Effect.flip(wrong))._tag, "InvalidCursor")
    }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))
  )
})
