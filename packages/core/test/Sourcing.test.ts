// Sourcing: whatever the strategy, the parts sum to the demand and take no more than there is, or there are none.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result } from "effect"
import * as fc from "fast-check"
import {
  fewestSplits,
  firstExpired,
  inOrderOf,
  LocationId,
  nearest,
  ProductId,
  type SourcingStrategy,
  type Supply,
  sourceDemands
} from "../src/index.ts"

const milk = ProductId.make("milk")
const [berlin, hamburg, munich] = ["berlin", "hamburg", "munich"].map((id) => LocationId.make(id)) as [
  LocationId,
  LocationId,
  LocationId
]

const supply = (location: LocationId, lot: string, available: number, day: number | null): Supply => ({
  ...{ product: milk, location, lot, available },
  expiresAt: day === null ? null : DateTime.makeUnsafe(day * 86_400_000)
})
const supplies = [
  supply(berlin, "A", 10, 9),
  supply(berlin, "B", 3, 1),
  supply(hamburg, "C", 13, null),
  supply(munich, "D", 20, 5)
]
const distances = new Map([
  [berlin, 3],
  [hamburg, 1],
  [munich, 2]
])
const byDistance = nearest((location) => distances.get(location) ?? 9)

const told = (quantity: number, strategy: SourcingStrategy) =>
  Result.match(sourceDemands(supplies, [{ product: milk, quantity }], strategy), {
    onFailure: ({ lines }) => lines.map(({ wanted, available }) => `${wanted} of ${available}`).join(),
    onSuccess: (parts) => parts.map(({ location, lot, quantity }) => `${quantity} ${location} ${lot}`).join(", ")
  })

describe("a demand", () => {
  it("is taken by expiry, by distance, by a list, or from as few places as can be", () => {
    assert.strictEqual(told(13, firstExpired), "3 berlin B, 10 munich D")
    assert.strictEqual(told(14, byDistance), "13 hamburg C, 1 munich D")
    assert.strictEqual(told(12, inOrderOf([berlin, munich])), "3 berlin B, 9 berlin A")
    // Berlin and Hamburg are both left with nothing; Berlin's expires first.
    assert.strictEqual(told(13, fewestSplits()), "3 berlin B, 10 berlin A")
    assert.strictEqual(told(13, fewestSplits(byDistance)), "13 hamburg C")
    assert.strictEqual(told(14, fewestSplits()), "14 munich D")
    assert.strictEqual(told(30, fewestSplits()), "20 munich D, 3 berlin B, 7 berlin A")
  })

  it("is taken from places and lots in the order of their names, where nothing else tells them apart", () => {
    const alike = [
      ...[supply(munich, "A", 1, null), supply(berlin, "B", 1, null)],
      ...[supply(hamburg, "", 1, null), supply(berlin, "A", 1, null)]
    ]
    const all = ["berlin A", "berlin B", "hamburg ", "munich A"]
    for (const turned of [alike, alike.toReversed()]) {
      const parts = Result.getOrThrow(sourceDemands(turned, [{ product: milk, quantity: 4 }]))
      assert.deepStrictEqual(
        parts.map(({ location, lot }) => `${location} ${lot}`),
        all
      )
    }
  })

  it("is taken in the order of a list, of which the first mention counts, whatever expires first elsewhere", () => {
    const list = inOrderOf([hamburg, munich, berlin, hamburg])
    assert.strictEqual(told(40, list), "13 hamburg C, 20 munich D, 3 berlin B, 4 berlin A")
  })

  it("is taken from the place that is left with least, also where another has not enough, and from that alone", () => {
    const from = (quantity: number, ...there: ReadonlyArray<Supply>) =>
      Result.getOrThrow(sourceDemands(there, [{ product: milk, quantity }], fewestSplits())).map(
        ({ location, lot, quantity }) => `${quantity} ${location} ${lot}`
      )
    const few = supply(munich, "D", 5, 2)
    assert.deepStrictEqual(from(12, supply(hamburg, "C", 20, 1), supply(berlin, "A", 13, 9), few), ["12 berlin A"])
    const parts = [supply(berlin, "A", 10, 9), supply(hamburg, "C", 13, 5), supply(berlin, "B", 3, 1)]
    assert.deepStrictEqual(from(13, ...parts), ["3 berlin B", "10 berlin A"])
  })

  it("of several products is told demand by demand, in the order in which they were asked", () => {
    const tea = ProductId.make("tea")
    const there = [...supplies, { ...supply(hamburg, "", 9, null), product: tea }]
    const asked = [milk, tea, milk, tea].map((product) => ({ product, quantity: 2 }))
    assert.deepStrictEqual(
      Result.getOrThrow(sourceDemands(there, asked)).map(({ product, lot, quantity, demand }) => [
        ...[product, lot, quantity, demand]
      ]),
      [
        [milk, "B", 2, 0],
        [tea, "", 2, 1],
        [milk, "B", 1, 2],
        [milk, "D", 1, 2],
        [tea, "", 2, 3]
      ]
    )
  })

  it("of more than the strategy uses is refused with what there is", () => {
    assert.strictEqual(told(47, firstExpired), "47 of 46")
    assert.strictEqual(told(14, inOrderOf([hamburg])), "14 of 13")
    const two = [
      { product: milk, quantity: 40 },
      { product: milk, quantity: 7 }
    ]
    const short = Result.getOrThrow(Result.flip(sourceDemands(supplies, two)))
    assert.deepStrictEqual(short.lines, [{ product: milk, wanted: 47, available: 46 }])
    assert.include(short.message, "47 of milk (available: 46)")
  })
})

const someSupplies = fc
  .uniqueArray(
    fc.record({
      product: fc.constantFrom("milk", "tea"),
      location: fc.constantFrom("berlin", "hamburg", "munich"),
      lot: fc.constantFrom("", "A", "B"),
      available: fc.integer({ min: 0, max: 20 }),
      day: fc.option(fc.nat(5))
    }),
    { maxLength: 10, selector: ({ product, location, lot }) => `${product} ${location} ${lot}` }
  )
  .map((all) =>
    all.map(({ product, location, day, ...rest }) => ({
      ...rest,
      product: ProductId.make(product),
      location: LocationId.make(location),
      expiresAt: day === null ? null : DateTime.makeUnsafe(day)
    }))
  )
const someDemands = fc.array(
  fc.record({
    product: fc.constantFrom("milk", "tea").map((id) => ProductId.make(id)),
    quantity: fc.integer({ min: 1, max: 25 })
  }),
  { minLength: 1, maxLength: 4 }
)
/** One that makes supplies up, names some twice and forgets others: what it says decides the order and nothing else. */
const wild: SourcingStrategy = (all) =>
  [...all.slice(1), ...all, ...all.map((one) => ({ ...one, available: 99 }))].reverse()
const strategy = fc.constantFrom(firstExpired, byDistance, inOrderOf([berlin, munich]), fewestSplits(), wild)

describe("the parts of demands", () => {
  it("sum to each of them and take no more of a supply than there is, whatever the strategy", () => {
    fc.assert(
      fc.property(someSupplies, someDemands, strategy, (there, wanted, strategy) => {
        const parts = Result.getOrElse(sourceDemands(there, wanted, strategy), () => undefined)
        if (parts === undefined) return
        for (const [index, { product, quantity }] of wanted.entries()) {
          const own = parts.filter(({ demand }) => demand === index)
          assert.strictEqual(
            own.reduce((sum, part) => sum + part.quantity, 0),
            quantity
          )
          assert.isTrue(own.every((part) => part.product === product && part.quantity > 0))
        }
        for (const { product, location, lot, available } of there) {
          const taken = parts.filter(
            (part) => part.product === product && part.location === location && part.lot === lot
          )
          assert.isAtMost(
            taken.reduce((sum, part) => sum + part.quantity, 0),
            available
          )
        }
      })
    )
  })

  it("are there whenever there is enough of what the strategy uses, and only then", () => {
    const usesAll = fc.constantFrom(firstExpired, byDistance, fewestSplits(), wild)
    fc.assert(
      fc.property(someSupplies, someDemands, usesAll, (there, wanted, strategy) => {
        const total = <A>(all: ReadonlyArray<A>, of: (one: A) => number) => all.reduce((sum, one) => sum + of(one), 0)
        const enough = wanted.every(({ product }) => {
          const isOf = (one: { readonly product: ProductId }) => one.product === product
          const demand = total(wanted.filter(isOf), ({ quantity }) => quantity)
          return demand <= total(there.filter(isOf), ({ available }) => available)
        })
        assert.strictEqual(Result.isSuccess(sourceDemands(there, wanted, strategy)), enough)
      })
    )
  })

  it("come from one place whenever one has enough, if they are to be split least", () => {
    fc.assert(
      fc.property(someSupplies, fc.integer({ min: 1, max: 40 }), (all, quantity) => {
        const there = all.filter(({ product }) => product === milk)
        const sums = Map.groupBy(there, ({ location }) => location)
        const one = [...sums.values()].some(
          (here) => here.reduce((sum, { available }) => sum + available, 0) >= quantity
        )
        const parts = Result.getOrElse(sourceDemands(there, [{ product: milk, quantity }], fewestSplits()), () => [])
        if (one) assert.strictEqual(new Set(parts.map(({ location }) => location)).size, 1)
      })
    )
  })
})
