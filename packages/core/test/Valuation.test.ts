// The value of stock agrees with a model in exact fractions to the last digit, and nothing is left when all is gone.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import {
  Inventory,
  layerMemory,
  type Movement,
  ProductId,
  stockValue,
  type Valuation,
  type ValuedMovement,
  valuate
} from "../src/index.ts"

const HISTORIES = 1_000

let seq = 0
const movement = (
  fields: Partial<ValuedMovement> & Pick<Movement, "kind" | "from" | "to" | "quantity">
): ValuedMovement => ({ unitCost: null, source: null, shard: 0, seq: ++seq, line: 0, ...fields })
const receipt = (quantity: number, amount: string | null, currency = "EUR") =>
  movement({
    kind: "receipt",
    from: "supplier",
    to: "sellable",
    quantity,
    unitCost: amount === null ? null : { amount, currency }
  })
const sale = (quantity: number, order?: string) =>
  movement({
    kind: "sale",
    from: "sellable",
    to: "customer",
    quantity,
    source: order === undefined ? null : { type: "order", id: order }
  })
const back = (quantity: number, order: string, kind: "customerReturn" | "reversal" = "customerReturn") =>
  movement({ kind, from: "customer", to: "sellable", quantity, source: { type: "order", id: order } })

const valued = (movements: ReadonlyArray<ValuedMovement>, method: "fifo" | "average", decimals = 0): Valuation =>
  Result.getOrThrow(valuate(movements, { method, decimals }))
const costs = ({ issues }: Valuation) => issues.map(({ cost }) => cost)

/** A fraction in lowest terms. */
type Fraction = readonly [numerator: bigint, denominator: bigint]
const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b))
const fraction = (n: bigint, d: bigint): Fraction => {
  const common = gcd(n < 0n ? -n : n, d)
  return common === 0n ? [0n, 1n] : [n / common, d / common]
}
const plus = ([a, b]: Fraction, [c, d]: Fraction) => fraction(a * d + c * b, b * d)
const minus = ([a, b]: Fraction, [c, d]: Fraction) => fraction(a * d - c * b, b * d)
const times = ([a, b]: Fraction, [c, d]: Fraction) => fraction(a * c, b * d)
const ZERO: Fraction = [0n, 1n]

/** A fraction with so many decimals, half up, without zeros at its end. */
const decimal = ([n, d]: Fraction, places: number): string => {
  const scaled = (2n * n * 10n ** BigInt(places) + d) / (2n * d)
  const digits = scaled.toString().padStart(places + 1, "0")
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "")
}
const rounded = (value: Fraction, places: number): Fraction => {
  const unit = 10n ** BigInt(places)
  const [n, d] = times(value, [unit, 1n])
  return fraction((2n * n + d) / (2n * d), unit)
}

interface Step {
  readonly into: boolean
  readonly quantity: number
  /** Millionths of the minor unit for a whole unit. */
  readonly micros: number
}

const steps = fc.array(
  fc.record({ into: fc.boolean(), quantity: fc.integer({ min: 1, max: 30 }), micros: fc.nat({ max: 3_000_000_000 }) }),
  { minLength: 1, maxLength: 40 }
)

const amountOf = (micros: number) => `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`

/** A history that never takes more than there is, and at last takes all. */
const historyOf = (wanted: ReadonlyArray<Step>) => {
  let there = 0
  const history: Array<Step> = []
  for (const step of wanted) {
    const quantity = step.into ? step.quantity : Math.min(step.quantity, there)
    if (quantity === 0) continue
    there += step.into ? quantity : -quantity
    history.push({ ...step, quantity })
  }
  return { history, there }
}

const movementsOf = (history: ReadonlyArray<Step>) =>
  history.map(({ into, quantity, micros }) => (into ? receipt(quantity, amountOf(micros)) : sale(quantity)))

/** What each step of a unit cost, one after the other; issues take the first ones. */
const fifoModel = (history: ReadonlyArray<Step>, decimals: number) => {
  const stock: Array<Fraction> = []
  const issued: Array<Fraction> = []
  for (const { into, quantity, micros } of history) {
    if (into) {
      const each = fraction(BigInt(micros), 10n ** BigInt(6 + decimals))
      for (let unit = 0; unit < quantity; unit++) stock.push(each)
    } else issued.push(stock.splice(0, quantity).reduce(plus, ZERO))
  }
  return { value: stock.reduce(plus, ZERO), issued }
}

/** Value and quantity as fractions; an issue takes its share, to the digits that a value has. */
const averageModel = (history: ReadonlyArray<Step>, decimals: number) => {
  let [value, there] = [ZERO, 0]
  const issued: Array<Fraction> = []
  for (const { into, quantity, micros } of history) {
    if (into) {
      value = plus(value, fraction(BigInt(micros) * BigInt(quantity), 10n ** BigInt(6 + decimals)))
      there += quantity
    } else {
      const cost = rounded(times(value, fraction(BigInt(quantity), BigInt(there))), 6 + decimals)
      issued.push(cost)
      value = minus(value, cost)
      there -= quantity
    }
  }
  return { value, issued }
}

describe("the value of stock", () => {
  for (const [method, model] of [
    ["fifo", fifoModel],
    ["average", averageModel]
  ] as const) {
    it(`by ${method} agrees with exact fractions to the last digit, and is 0 when nothing is left`, () => {
      fc.assert(
        fc.property(steps, fc.integer({ min: 0, max: 6 }), (wanted, decimals) => {
          const { history, there } = historyOf(wanted)
          if (history.length === 0) return
          const expected = model(history, decimals)
          const told = valued(movementsOf(history), method, decimals)
          assert.strictEqual(told.value, decimal(expected.value, 6 + decimals))
          assert.deepStrictEqual(
            costs(told),
            expected.issued.map((cost) => decimal(cost, 6 + decimals))
          )
          const rest = there === 0 ? [] : [sale(there)]
          const gone = valued([...movementsOf(history), ...rest], method, decimals)
          assert.deepStrictEqual([gone.quantity, gone.value], [0, "0"])
        }),
        { numRuns: HISTORIES }
      )
    })
  }

  it("takes the oldest first, or an average, of the same history", () => {
    const history = [receipt(2, "100"), receipt(2, "200"), sale(3)]
    assert.deepStrictEqual(costs(valued(history, "fifo")), ["400"])
    assert.deepStrictEqual(costs(valued(history, "average")), ["450"])
    assert.deepStrictEqual([valued(history, "fifo").value, valued(history, "average").value], ["200", "150"])
  })

  it("leaves nothing of a third that does not come out even", () => {
    const history = [receipt(3, "0.1"), sale(1), sale(1), sale(1)]
    assert.deepStrictEqual(costs(valued(history, "average")), ["0.1", "0.1", "0.1"])
    const uneven = [receipt(1, "0.1"), receipt(2, "0.1"), receipt(4, "0.000001"), sale(3), sale(3), sale(1)]
    const told = valued(uneven, "average")
    assert.deepStrictEqual(costs(told), ["0.128573", "0.128573", "0.042858"])
    assert.strictEqual(told.value, "0")
  })

  it("keeps what moves between locations and conditions, and writes off what is scrapped or lost", () => {
    const history = [
      receipt(4, "100"),
      movement({ kind: "transferOut", from: "sellable", to: "transit", quantity: 2 }),
      movement({ kind: "transferIn", from: "transit", to: "sellable", quantity: 1 }),
      movement({ kind: "damage", from: "sellable", to: "damaged", quantity: 1 })
    ]
    assert.deepInclude(valued(history, "fifo"), { quantity: 4, value: "400", issues: [] })
    const gone = [
      ...history,
      movement({ kind: "scrap", from: "damaged", to: "scrap", quantity: 1 }),
      movement({ kind: "adjustment", from: "transit", to: "adjustment", quantity: 1 })
    ]
    assert.deepStrictEqual(
      valued(gone, "fifo").issues.map(({ kind, cost }) => [kind, cost]),
      [
        ["scrap", "100"],
        ["adjustment", "100"]
      ]
    )
  })

  it("gives back what it took when a sale is undone or comes back, whatever goods cost by then", () => {
    const before = [receipt(2, "100"), receipt(2, "300")]
    for (const kind of ["reversal", "customerReturn"] as const) {
      const history = [...before, sale(3, "a"), receipt(5, "900"), back(3, "a", kind)]
      const told = valued(history, "fifo")
      assert.deepStrictEqual([told.quantity, told.value], [9, String(2 * 100 + 2 * 300 + 5 * 900)])
    }
    const part = valued([...before, sale(4, "a"), back(1, "a"), back(3, "a")], "average")
    assert.strictEqual(part.value, "800")
  })

  it("assumes the average, then the last known cost, then none, of what comes in without one", () => {
    assert.strictEqual(valued([receipt(2, "100"), receipt(2, "200"), receipt(2, null)], "average").value, "900")
    assert.strictEqual(valued([receipt(2, "100"), sale(2), receipt(3, null)], "fifo").value, "300")
    assert.deepInclude(valued([receipt(2, null)], "fifo"), { value: "0", currency: null, withoutCost: 2 })
  })

  it("is not told of costs in two currencies", () => {
    const mixed = valuate([receipt(1, "1"), receipt(1, "1", "USD")], { method: "fifo", decimals: 0 })
    assert(Result.isFailure(mixed))
    assert.deepInclude(mixed.failure, { currency: "EUR", other: "USD" })
  })

  it.effect("is told of a product as it is, and as it was known at a time", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id: location } = yield* inventory.createLocation({ name: "Shop" })
      const unit = { name: "kg", decimals: 3 }
      const { id: product } = yield* inventory.createProduct({ sku: "TEA", name: "Tea", unit })
      const unitCost = { amount: "1250.5", currency: "EUR" }
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: 2_000, unitCost }] })
      const then = yield* DateTime.now
      yield* TestClock.adjust("1 minute")
      yield* inventory.recordMovements({ lines: [{ kind: "sale", product, location, quantity: 500 }] })
      const now = yield* stockValue(inventory.read, product, { method: "fifo" })
      assert.deepInclude(now, { currency: "EUR", quantity: 1_500, value: "1875.75" })
      assert.deepStrictEqual(costs(now), ["625.25"])
      const before = yield* stockValue(inventory.read, product, { method: "fifo", recordedBy: then })
      assert.deepInclude(before, { quantity: 2_000, value: "2501", issues: [] })
      const none = yield* Effect.flip(stockValue(inventory.read, ProductId.make("none"), { method: "fifo" }))
      assert.strictEqual(none._tag, "UnknownProduct")
    }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(layerMemory))))
  )
})
