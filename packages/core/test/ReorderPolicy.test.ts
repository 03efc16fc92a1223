import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import {
  firstPage,
  Inventory,
  LocationId,
  layerMemory,
  ProductId,
  type ReorderPolicy,
  Replenish,
  reorderPolicyId,
  termsBy
} from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))
const place = { product: ProductId.make("mug"), location: LocationId.make("shop") }

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: place.location, name: "Shop" })
  yield* inventory.createProduct({ id: place.product, sku: "MUG", name: "Mug" })
  return inventory
})

const policies = Effect.flatMap(Inventory, ({ read }) =>
  Effect.map(read.reorderPolicies({}, firstPage()), ({ items }) => new Map(items.map((policy) => [policy.id, policy])))
)

describe("a reorder policy", () => {
  it.effect("is set for a product at a location, or for a class, and whole each time", () =>
    Effect.gen(function* () {
      const inventory = yield* shop
      const fill = { kind: "fill rate", level: 0.98 } as const
      yield* inventory.setReorderPolicies({
        lines: [
          { ...place, target: fill, leadDays: [5, 9] },
          { abc: "A", reviewDays: 1 }
        ]
      })
      yield* inventory.setReorderPolicies({ lines: [{ ...place, alertRisk: 0.1 }] })
      const set = yield* policies
      assert.deepStrictEqual([...set.keys()].sort(), ["class:A", "mug@shop"])
      const nothing = { target: null, leadDays: null, reviewDays: null, coverDays: null, alertRisk: null }
      const none = { product: null, location: null, abc: null, ...nothing }
      assert.deepStrictEqual<ReorderPolicy | undefined>(set.get("class:A"), {
        ...none,
        id: "class:A",
        abc: "A",
        reviewDays: 1,
        version: 1
      })
      assert.deepStrictEqual<ReorderPolicy | undefined>(set.get("mug@shop"), {
        ...none,
        ...place,
        id: "mug@shop",
        alertRisk: 0.1,
        version: 2
      })
    }).pipe(Effect.provide(Live))
  )

  it.effect("is found by its product or location; those of classes are of no place", () =>
    Effect.gen(function* () {
      const inventory = yield* shop
      yield* inventory.setReorderPolicies({ lines: [{ ...place, reviewDays: 2 }, { abc: "C" }] })
      for (const filter of [{ product: place.product }, { location: place.location }, place]) {
        const { items } = yield* inventory.read.reorderPolicies(filter, firstPage())
        assert.deepStrictEqual(
          items.map(({ id }) => id),
          ["mug@shop"]
        )
      }
      const { items } = yield* inventory.read.reorderPolicies({ product: ProductId.make("plate") }, firstPage())
      assert.deepStrictEqual(items, [])
    }).pipe(Effect.provide(Live))
  )

  it.effect("is refused for what does not exist, with nothing changed", () =>
    Effect.gen(function* () {
      const inventory = yield* shop
      const known = { abc: "B" as const }
      const nowhere = { ...place, location: LocationId.make("moon") }
      const nothing = { ...place, product: ProductId.make("plate") }
      const refusals = yield* Effect.forEach([nowhere, nothing], (line) =>
        Effect.flip(inventory.setReorderPolicies({ lines: [known, line] }))
      )
      assert.deepStrictEqual(
        refusals.map(({ _tag }) => _tag),
        ["UnknownLocation", "UnknownProduct"]
      )
      const level = { kind: "cycle service", level: 1 } as const
      const { _tag } = yield* Effect.flip(inventory.setReorderPolicies({ lines: [{ abc: "A", target: level }] }))
      assert.strictEqual(_tag, "InvalidCommand")
      assert.strictEqual((yield* policies).size, 0)
    }).pipe(Effect.provide(Live))
  )
})

describe("terms", () => {
  const policy = (says: Partial<ReorderPolicy>): ReorderPolicy => ({
    id: "",
    product: null,
    location: null,
    abc: null,
    target: null,
    leadDays: null,
    reviewDays: null,
    coverDays: null,
    alertRisk: null,
    version: 1,
    ...says
  })
  const half = { kind: "fill rate", level: 0.5 } as const

  it("are the place's own, then its class's, then the usual ones; a vendor's lead time is before a class's", () => {
    const own = policy({ reviewDays: 3, coverDays: 20 })
    const shared = policy({ reviewDays: 4, target: half, leadDays: [30], alertRisk: 0.2 })
    const all = new Map([
      [reorderPolicyId(place), own],
      [reorderPolicyId("A"), shared]
    ])
    const rules = { pack: 6 }
    assert.deepStrictEqual(termsBy(all, place, "A", { leadDays: [11], rules }), {
      target: half,
      leadDays: [11],
      reviewDays: 3,
      coverDays: 20,
      rules,
      alertRisk: 0.2
    })
    assert.deepStrictEqual(termsBy(new Map(), place, "B"), {
      target: { kind: "cycle service", level: Replenish.DEFAULT_SERVICE.B },
      leadDays: [7],
      reviewDays: 7,
      coverDays: undefined,
      rules: undefined,
      alertRisk: undefined
    })
  })
})
