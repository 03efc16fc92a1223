// Packs are exact: what is entered becomes steps and the same decimal again, or is refused; a scan knows its pack.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import * as fc from "fast-check"
import {
  decimalInUnit,
  enteredSteps,
  entering,
  firstPage,
  InexactQuantity,
  Inventory,
  layerMemory,
  MAX_QUANTITY,
  type Transfer,
  type Units,
  unitOfBarcode
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const ratio = fc.record({ steps: fc.integer({ min: 1, max: 10_000 }), per: fc.integer({ min: 1, max: 10_000 }) })
const decimal = fc
  .record({ whole: fc.integer({ min: 0, max: 99_999 }), fraction: fc.stringMatching(/^\d{0,6}$/) })
  .map(({ whole, fraction }) => (fraction === "" ? String(whole) : `${whole}.${fraction}`))

const unitsOf = (pack: { readonly steps: number; readonly per: number }): Units => ({
  unit: { name: "kg", decimals: 3 },
  packs: [{ unit: "box", ...pack }]
})

describe("what is entered in a pack", () => {
  it("is exactly its steps by rational arithmetic, or is refused", () => {
    fc.assert(
      fc.property(ratio, decimal, (pack, quantity) => {
        const [whole = "", fraction = ""] = quantity.split(".")
        const product = BigInt(whole + fraction) * BigInt(pack.steps)
        const divisor = 10n ** BigInt(fraction.length) * BigInt(pack.per)
        const found = enteredSteps(unitsOf(pack), { unit: "box", quantity })
        if (product % divisor !== 0n || product === 0n) return assert.isTrue(Result.isFailure(found))
        assert.deepStrictEqual(found, Result.succeed(Number(product / divisor)))
      })
    )
  })

  it("comes back as the decimal that it was", () => {
    fc.assert(
      fc.property(ratio, decimal, (pack, quantity) => {
        const units = unitsOf(pack)
        const found = enteredSteps(units, { unit: "box", quantity })
        if (Result.isFailure(found)) return
        const text = decimalInUnit(units, found.success, "box")
        assert.strictEqual(Number(text), Number(quantity))
        assert.deepStrictEqual(enteredSteps(units, { unit: "box", quantity: text ?? "" }), found)
      })
    )
  })

  it("has no decimal where that would not end", () => {
    const units: Units = { unit: { name: "piece", decimals: 0 }, packs: [{ unit: "case", steps: 24, per: 1 }] }
    assert.strictEqual(decimalInUnit(units, 30, "case"), "1.25")
    assert.strictEqual(decimalInUnit(units, 8, "case"), undefined)
    assert.strictEqual(decimalInUnit(units, 8, "piece"), "8")
    const pound = { unit: "lb", steps: 45_359_237, per: 100_000 }
    const weighed: Units = { unit: { name: "kg", decimals: 3 }, packs: [{ unit: "box", steps: 5, per: 1 }, pound] }
    assert.strictEqual(decimalInUnit(weighed, 45_359_237, "lb"), "100000")
    assert.strictEqual(decimalInUnit(weighed, 1, "box"), "0.2")
  })

  it("is refused in a unit that the product does not have, and when it is no decimal", () => {
    const units = unitsOf({ steps: 24, per: 1 })
    const unknown = entering(units, 1, "pallet")
    assert(Result.isFailure(unknown) && unknown.failure._tag === "UnknownUnit")
    assert.deepStrictEqual(unknown.failure.units, ["kg", "box"])
    for (const wrong of ["", "-1", "1e3", "0", "1.0.0"]) assert.isTrue(Result.isFailure(entering(units, wrong, "box")))
  })

  it.each([
    ["1.5", undefined, 1_500],
    ["0.001", "kg", 1],
    ["0.000", "kg", "a quantity above zero is accepted"],
    ["1.2345", "kg", "a decimal number with at most 3 digits after the point is accepted"],
    ["2", "box", 48],
    ["0.125", "box", 3],
    ["-1", "box", "a decimal number above zero is accepted"],
    ["0", "box", `1 to ${MAX_QUANTITY} steps are accepted`],
    ["0.1", "box", "a multiple of what makes whole steps is: 1 box are 24 steps"],
    [String(MAX_QUANTITY), "step", MAX_QUANTITY],
    [`${MAX_QUANTITY + 1}`, "step", `1 to ${MAX_QUANTITY} steps are accepted`]
  ])("as %s %s is so many steps, or says what would be accepted", (quantity, unit, expected) => {
    const { unit: own, packs } = unitsOf({ steps: 24, per: 1 })
    const found = entering({ unit: own, packs: [...packs, { unit: "step", steps: 1, per: 1 }] }, quantity, unit)
    const entered = { unit: unit ?? "kg", quantity }
    if (typeof expected === "number") assert.deepStrictEqual(found, Result.succeed({ quantity: expected, entered }))
    else assert.deepStrictEqual(found, Result.fail(new InexactQuantity({ entered, accepted: expected })))
  })

  it("is not told in a unit that the product does not have, nor with more digits than can be entered", () => {
    const units = unitsOf({ steps: 24, per: 1 })
    assert.isUndefined(decimalInUnit(units, 24, "pallet"))
    const fine = (power: number): Units => ({ ...units, packs: [{ unit: "box", steps: 2 ** power, per: 1 }] })
    assert.strictEqual(decimalInUnit(fine(15), 1, "box"), "0.000030517578125")
    assert.isUndefined(decimalInUnit(fine(16), 1, "box"))
  })
})

describe("a product with packs", () => {
  const given = Effect.gen(function* () {
    const inventory = yield* Inventory
    const { id: location } = yield* inventory.createLocation({ name: "Shop" })
    const beer = yield* inventory.createProduct({
      sku: "BEER",
      name: "Beer",
      barcodes: ["bottle"],
      packs: [{ unit: "case", steps: 24, per: 1, barcodes: ["case-24"] }]
    })
    return { inventory, location, beer }
  })

  it.effect("is found by the barcode of a pack, which says what is in hand", () =>
    Effect.gen(function* () {
      const { inventory, beer } = yield* given
      const found = yield* Effect.flatMap(inventory.read.productByCode("barcode", "case-24"), Effect.fromOption)
      assert.strictEqual(found.id, beer.id)
      assert.deepStrictEqual([unitOfBarcode(found, "case-24"), unitOfBarcode(found, "bottle")], ["case", "piece"])
      const taken = yield* Effect.flip(
        inventory.createProduct({
          sku: "ALE",
          name: "Ale",
          packs: [{ unit: "case", steps: 6, per: 1, barcodes: ["bottle"] }]
        })
      )
      assert.strictEqual(taken._tag, "CodeTaken")
    }).pipe(Effect.provide(Live))
  )

  it.effect("keeps on the movement what was entered, and refuses a quantity that is another", () =>
    Effect.gen(function* () {
      const { inventory, location, beer } = yield* given
      const said = yield* Effect.fromResult(entering(beer, "2.5", "case"))
      assert.strictEqual(said.quantity, 60)
      const line = { kind: "receipt", product: beer.id, location } as const
      yield* inventory.recordMovements({ lines: [{ ...line, ...said }] })
      const { items } = yield* inventory.read.movements({ product: beer.id }, firstPage())
      assert.deepStrictEqual(
        items.map(({ quantity, entered }) => [quantity, entered]),
        [[60, { unit: "case", quantity: "2.5" }]]
      )
      const other = yield* Effect.flip(inventory.recordMovements({ lines: [{ ...line, ...said, quantity: 59 }] }))
      assert.strictEqual(other._tag, "InexactQuantity")
    }).pipe(Effect.provide(Live))
  )

  it.effect("says of no part of a transfer what was entered of all of it", () =>
    Effect.gen(function* () {
      const { inventory, location } = yield* given
      const { id: cellar } = yield* inventory.createLocation({ name: "Cellar" })
      const packs = [{ unit: "case", steps: 24, per: 1, barcodes: [] }]
      const { id: product } = yield* inventory.createProduct({ sku: "MILK", name: "Milk", lotTracked: true, packs })
      const receipt = { kind: "receipt", product, location } as const
      const lots = [
        { ...receipt, lot: "A", quantity: 20 },
        { ...receipt, lot: "B", quantity: 40 }
      ] as const
      yield* inventory.recordMovements({ lines: lots })
      const entered = { unit: "case", quantity: "1" }
      const send = Effect.gen(function* () {
        const lines = [{ product, quantity: 24, entered }] as const
        const { id } = yield* inventory.createTransfer({ origin: location, destination: cellar, lines })
        return yield* inventory.dispatchTransfer({ transfer: id, origin: location })
      })
      const said = ({ lines }: Transfer) => lines.map((line) => [line.lot, line.quantity, line.entered])
      assert.deepStrictEqual(said(yield* send), [
        ["A", 20, undefined],
        ["B", 4, undefined]
      ])
      assert.deepStrictEqual(said(yield* send), [["B", 24, entered]])
      const { items } = yield* inventory.read.movements({ kind: "transferOut" }, firstPage())
      assert.deepStrictEqual(
        items.map((movement) => [movement.quantity, movement.entered]),
        [
          [24, entered],
          [4, null],
          [20, null]
        ]
      )
    }).pipe(Effect.provide(Live))
  )

  it.effect("gives up the barcodes of a pack that it has no more, once they are left out", () =>
    Effect.gen(function* () {
      const { inventory, beer } = yield* given
      const without = yield* inventory.updateProduct({
        product: beer.id,
        expected: 1,
        packs: [],
        barcodes: ["bottle"]
      })
      assert.deepStrictEqual(without.barcodes, ["bottle"])
      assert.isTrue((yield* inventory.read.productByCode("barcode", "case-24"))._tag === "None")
      const again = yield* inventory.updateProduct({
        product: beer.id,
        expected: 2,
        packs: [{ unit: "crate", steps: 12, per: 1, barcodes: ["crate-12"] }]
      })
      assert.deepStrictEqual(again.barcodes, ["bottle", "crate-12"])
      const same = { sku: "BEER", name: "Beer", packs: again.packs } as const
      const { lines } = yield* inventory.importProducts({ lines: [same] })
      assert.strictEqual(lines[0]?.outcome, "unchanged")
    }).pipe(Effect.provide(Live))
  )
})
