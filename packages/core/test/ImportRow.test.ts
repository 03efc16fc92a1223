// Rows of spreadsheets, and the commands that they stand for.
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { cellOfPacks, cellOfParts, partsOfCell, productRows, stockRows, unitCostFromDecimal } from "../src/index.ts"

const reader = <A>(made: Result.Result<A, unknown>): A => Result.getOrThrow(made)

describe("product rows", () => {
  it("take columns in any order and spelling, and leave alone what is empty", () => {
    const read = reader(productRows([" Price", "NAME", "sku", "currency", "barcodes", "unit", "decimals"]))
    assert.deepStrictEqual(Result.getOrThrow(read(["9.50", " Blue mug ", "MUG", "USD", "1| 2 ||1", "", ""])), {
      sku: "MUG",
      name: "Blue mug",
      barcodes: ["1", "2"],
      price: { amount: 950, currency: "USD" }
    })
    assert.deepStrictEqual(Result.getOrThrow(read(["", "Beans", "B", "", "", "kg", "3"])), {
      sku: "B",
      name: "Beans",
      unit: { name: "kg", decimals: 3 }
    })
    const counted = reader(productRows(["sku", "name", "decimals"]))
    assert.deepStrictEqual(Result.getOrThrow(counted(["B", "Beans", "2"])).unit, { name: "piece", decimals: 2 })
  })

  it("have each barcode again as it was, whatever characters it has", () => {
    for (const codes of [
      ["1", "2"],
      ["a|b", "|", "c\\"],
      ["\\|", "\\\\", "x\\y", "a|"]
    ]) {
      assert.deepStrictEqual(partsOfCell(cellOfParts(codes)), codes)
    }
    assert.strictEqual(cellOfParts(["1", "2"]), "1|2")
    assert.deepStrictEqual(partsOfCell("back\\slash| |2"), ["back\\slash", "2"])
  })

  it("have each pack again as it was, and name one that is none", () => {
    const read = reader(productRows(["sku", "name", "packs"]))
    const odd = [
      { unit: "case", steps: 24, per: 1, barcodes: ["4006381333948", "a=b|c\\"] },
      { unit: "lb = pound", steps: 45_359_237, per: 100_000, barcodes: [] }
    ]
    const packsOf = (cell: string) => Result.getOrThrow(read(["M", "Mug", cell])).packs
    assert.deepStrictEqual(packsOf(cellOfPacks(odd)), odd)
    assert.strictEqual(cellOfPacks([{ unit: "case", steps: 24, per: 1, barcodes: ["12"] }]), "case=24=12")
    assert.deepStrictEqual(packsOf(" case = 24 | box=6/1"), [
      { unit: "case", steps: 24, per: 1, barcodes: [] },
      { unit: "box", steps: 6, per: 1, barcodes: [] }
    ])
    assert.isUndefined(packsOf(""))
    for (const cell of ["case", "case=", "case=2.5", "case=24|box", "=24"]) {
      assert.isTrue(Result.isFailure(read(["M", "Mug", cell])), cell)
    }
  })

  it("name every fault of a row by its column", () => {
    const read = reader(productRows(["sku", "name", "price", "currency", "decimals"]))
    const faults = (cells: ReadonlyArray<string>) => {
      const row = read(cells)
      return Result.isFailure(row) ? row.failure.faults.map(({ path }) => path) : []
    }
    assert.deepStrictEqual(faults(["", "", "1.005", "USD", "7"]), ["price", "decimals", "sku", "name"])
    assert.deepStrictEqual(faults(["A", "First", "1", "", ""]), ["currency"])
    assert.deepStrictEqual(faults(["A", "First"]), ["row"])
  })

  it("refuse a header with every fault at once", () => {
    const made = productRows(["name", "colour", "name"])
    assert.isTrue(Result.isFailure(made))
    if (Result.isFailure(made)) {
      assert.deepStrictEqual(made.failure.faults, [
        'the column "sku" is missing',
        'there is no column "colour"',
        '"name" is there twice'
      ])
    }
  })
})

describe("stock rows", () => {
  it("keep their texts, which mean something only with their product", () => {
    const read = reader(stockRows(["sku", "location", "quantity", "unit_cost"]))
    assert.deepStrictEqual(Result.getOrThrow(read(["MUG", "Shop", "1.5", ""])), {
      sku: "MUG",
      location: "Shop",
      quantity: "1.5"
    })
    const wrong = read(["MUG", "", " ", "1"])
    assert.deepStrictEqual(Result.isFailure(wrong) ? wrong.failure.faults.map(({ path }) => path) : [], [
      "location",
      "quantity"
    ])
  })
})

describe("unit costs", () => {
  const cost = (decimal: string, currency: string) =>
    Result.getOrElse(
      Result.map(unitCostFromDecimal(decimal, currency), ({ amount }) => amount),
      () => "refused"
    )

  it("become minor units exactly, however fine they are", () => {
    const table = [
      ["1.25", "USD", "125"],
      ["0.0049", "USD", "0.49"],
      ["11.3499", "USD", "1134.99"],
      ["7", "JPY", "7"],
      ["7.5", "JPY", "7.5"],
      ["0", "USD", "0"],
      ["1.00000001", "USD", "100.000001"],
      ["1.000000001", "USD", "refused"],
      ["-1", "USD", "refused"],
      ["1,5", "USD", "refused"],
      ["1", "usd", "refused"],
      ["1", "", "refused"]
    ] as const
    for (const [decimal, currency, expected] of table) assert.strictEqual(cost(decimal, currency), expected, decimal)
  })
})
