// Allocation takes what is wanted and nothing else: its parts sum to the demand, or nobody gets anything.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result } from "effect"
import * as fc from "fast-check"
import {
  allocate,
  available,
  type Balance,
  type Demand,
  emptyBalance,
  LocationId,
  ProductId,
  stockKeyText,
  WorkingSlice
} from "../src/index.ts"

const product = ProductId.make("mug")
const location = LocationId.make("shop")
const place = { product, location }
const now = DateTime.makeUnsafe(0)

interface Lot {
  readonly lot: string
  readonly sellable: number
  readonly held: number
}

const noLookups = { holdings: [], movements: [], recounts: [] }

/** A slice in which a product rests in lots, some of it held. */
const shelf = (lots: ReadonlyArray<Lot>): WorkingSlice => {
  const slice = new WorkingSlice()
  const balances: ReadonlyArray<Balance> = lots.map(({ lot, sellable, held }) => ({
    ...emptyBalance({ ...place, lot }),
    sellable,
    held: Math.min(held, sellable)
  }))
  slice.fill(
    { rows: [], stock: [place], holds: [], claims: [], ...noLookups },
    { rows: [], balances, claims: [], ...noLookups }
  )
  return slice
}

const lots = fc.uniqueArray(
  fc.record({ lot: fc.constantFrom("", "A", "B", "C"), sellable: fc.nat(10), held: fc.nat(5) }),
  { selector: ({ lot }) => lot, maxLength: 4 }
)
const demands = fc.array(
  fc.record({
    lot: fc.constantFrom(undefined, undefined, "", "A", "B", "C"),
    quantity: fc.integer({ min: 1, max: 8 })
  }),
  { minLength: 1, maxLength: 4 }
)
const demandOf = ({ lot, quantity }: { readonly lot: string | undefined; readonly quantity: number }): Demand =>
  lot === undefined ? { ...place, quantity } : { ...place, lot, quantity }

/** Whether the demands can be met at all: those of a lot by that lot, and all together by everything. */
const feasible = (slice: WorkingSlice, wanted: ReadonlyArray<Demand>): boolean => {
  const stock = [...slice.stock(place).balances.values()]
  const total = stock.reduce((sum, balance) => sum + available(balance), 0)
  const ofLot = (lot: string) =>
    wanted.filter((demand) => demand.lot === lot).reduce((sum, { quantity }) => sum + quantity, 0)
  return (
    wanted.reduce((sum, { quantity }) => sum + quantity, 0) <= total &&
    ["", "A", "B", "C"].every((lot) => {
      const balance = stock.find((one) => one.lot === lot)
      return ofLot(lot) <= (balance === undefined ? 0 : available(balance))
    })
  )
}

describe("an allocation", () => {
  it("has parts that sum to each demand and never exceed what a lot has available", () => {
    fc.assert(
      fc.property(lots, demands, (stock, wishes) => {
        const slice = shelf(stock)
        const wanted = wishes.map(demandOf)
        const parts = Result.getOrElse(allocate(slice, wanted, now), () => undefined)
        if (parts === undefined) return
        for (const [index, { quantity, lot }] of wanted.entries()) {
          const own = parts.filter((part) => part.demand === index)
          assert.strictEqual(
            own.reduce((sum, part) => sum + part.quantity, 0),
            quantity
          )
          if (lot !== undefined) assert.deepStrictEqual(new Set(own.map((part) => part.lot)), new Set([lot]))
        }
        for (const part of parts) assert.isAbove(part.quantity, 0)
        for (const [text, same] of Map.groupBy(parts, stockKeyText)) {
          const free = available(slice.balance(same[0]!))
          assert.isAtMost(
            same.reduce((sum, part) => sum + part.quantity, 0),
            free,
            text
          )
        }
      })
    )
  })

  it("is refused exactly when there is not enough, with a shortage that says so", () => {
    fc.assert(
      fc.property(lots, demands, (stock, wishes) => {
        const slice = shelf(stock)
        const wanted = wishes.map(demandOf)
        const result = allocate(slice, wanted, now)
        assert.strictEqual(Result.isSuccess(result), feasible(slice, wanted))
        if (Result.isSuccess(result)) return
        assert.isAbove(result.failure.lines.length, 0)
        for (const line of result.failure.lines) assert.isAbove(line.wanted, line.available)
      })
    )
  })

  it("gives a lot to who asked for it, even when one that does not care came first", () => {
    const slice = shelf([
      { lot: "A", sellable: 5, held: 0 },
      { lot: "B", sellable: 3, held: 0 }
    ])
    const result = allocate(
      slice,
      [
        { ...place, quantity: 5 },
        { ...place, lot: "A", quantity: 3 }
      ],
      now
    )
    assert.deepStrictEqual(
      Result.map(result, (parts) => parts.map(({ lot, quantity, demand }) => [demand, lot, quantity])),
      Result.succeed([
        [0, "A", 2],
        [0, "B", 3],
        [1, "A", 3]
      ])
    )
  })

  it("takes lots in the order of their names, whatever order they are in", () => {
    const slice = shelf([
      { lot: "C", sellable: 5, held: 0 },
      { lot: "A", sellable: 2, held: 0 },
      { lot: "B", sellable: 2, held: 1 }
    ])
    const result = allocate(slice, [{ ...place, quantity: 4 }], now)
    assert.deepStrictEqual(
      Result.map(result, (parts) => parts.map(({ lot, quantity }) => [lot, quantity])),
      Result.succeed([
        ["A", 2],
        ["B", 1],
        ["C", 1]
      ])
    )
  })

  it("tells a shortage with all that was wanted of that very thing, and what there is of it", () => {
    const depot = LocationId.make("depot")
    const slice = shelf([
      { lot: "A", sellable: 4, held: 1 },
      { lot: "B", sellable: 2, held: 0 }
    ])
    const nowhere = { product, location: depot }
    slice.fill(
      { rows: [], stock: [nowhere], holds: [], claims: [], ...noLookups },
      { rows: [], balances: [], claims: [], ...noLookups }
    )
    const shortages = (...wanted: ReadonlyArray<Demand>) => {
      const result = allocate(slice, wanted, now)
      assert(Result.isFailure(result), "it was allocated")
      return result.failure.lines.map(({ key, wanted, available }) => [key.location, key.lot, wanted, available])
    }
    const any = { ...place, quantity: 6 }
    const ofA = { ...place, lot: "A", quantity: 4 }
    const ofB = { ...place, lot: "B", quantity: 1 }
    const away = { ...nowhere, quantity: 2 }
    assert.deepStrictEqual(shortages(any), [[location, "", 6, 5]])
    assert.deepStrictEqual(shortages(ofA, ofB), [[location, "A", 4, 3]])
    assert.deepStrictEqual(shortages({ ...ofA, quantity: 2 }, { ...ofA, quantity: 3 }), [[location, "A", 5, 3]])
    assert.deepStrictEqual(shortages(any, away), [
      [location, "", 6, 5],
      [depot, "", 2, 0]
    ])
    // Who does not care for a lot competes with who does.
    assert.deepStrictEqual(shortages({ ...any, quantity: 5 }, ofB), [[location, "", 6, 5]])
  })

  it("tells a demand larger than any stock without losing its way", () => {
    const huge = { ...place, quantity: 2 ** 52 }
    const result = allocate(shelf([]), [huge, huge, huge], now)
    assert(Result.isFailure(result), "it was allocated")
    assert.deepStrictEqual(
      result.failure.lines.map(({ wanted, available: free }) => [wanted, free]),
      [[2 ** 52, 0]]
    )
  })
})
