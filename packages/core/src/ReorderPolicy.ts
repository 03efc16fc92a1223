/**
 * Reorder policies: how a product is ordered at a location, and how a class of products is, where a product has no
 * policy of its own. What neither says is as {@link usualTerms} has it.
 */
import { Result, Schema } from "effect"
import { define, MAX_LINES } from "./Command.ts"
import { knownLocation, LocationId, UnknownLocation } from "./Location.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { put, ref } from "./Row.ts"
import type { AbcClass } from "./replenish/Classes.ts"
import { DEFAULT_SERVICE } from "./replenish/Policy.ts"
import type { Slice } from "./Slice.ts"
import { type StockPlace, stockPlaceText } from "./StockKey.ts"
import type { OrderTerms } from "./StockPlan.ts"

/** The most days of a time: two years. */
const MAX_DAYS = 730

/** The most lead times that are kept; older ones say less. */
const MAX_LEAD_TIMES = 50

/** Days between an order and its goods, and between two looks at the stock, where nobody says. */
export const USUAL_DAYS = 7

const Days = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_DAYS }))
const Share = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true, exclusiveMaximum: true })
)

/** What a policy aims at; a threshold is in units of the product. */
export const ServiceTarget = Schema.Union([
  Schema.Struct({ kind: Schema.Literals(["cycle service", "fill rate"]), level: Share }),
  Schema.Struct({ kind: Schema.Literal("marginal"), chance: Share }),
  Schema.Struct({ kind: Schema.Literal("threshold"), units: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)) })
])

const Abc = Schema.Literals(["A", "B", "C"])

const said = {
  target: Schema.NullOr(ServiceTarget),
  /** Lead times seen so far, or the one agreed on. */
  leadDays: Schema.NullOr(Schema.NonEmptyArray(Days).check(Schema.isMaxLength(MAX_LEAD_TIMES))),
  reviewDays: Schema.NullOr(Days),
  /** About how many days an order should last. */
  coverDays: Schema.NullOr(Days),
  /** Warn when running out before the next delivery is likelier than this. */
  alertRisk: Schema.NullOr(Share)
}

/** The policy of a product at a location, or of a class. What is null is left to the class, and then to usage. */
export const ReorderPolicy = Schema.Struct({
  id: Schema.String,
  product: Schema.NullOr(ProductId),
  location: Schema.NullOr(LocationId),
  abc: Schema.NullOr(Abc),
  ...said,
  version: Schema.Int
}).annotate({ identifier: "ReorderPolicy" })
export interface ReorderPolicy extends Schema.Schema.Type<typeof ReorderPolicy> {}

/** The row id of the policy of a stock place, or of a class. */
export const reorderPolicyId = (of: StockPlace | AbcClass): string =>
  typeof of === "string" ? `class:${of}` : stockPlaceText(of)

const settable = {
  target: Schema.optionalKey(ServiceTarget),
  leadDays: Schema.optionalKey(said.leadDays.members[0]),
  reviewDays: Schema.optionalKey(Days),
  coverDays: Schema.optionalKey(Days),
  alertRisk: Schema.optionalKey(Share)
}

const PolicyLine = Schema.Union([
  Schema.Struct({ product: ProductId, location: LocationId, ...settable }),
  Schema.Struct({ abc: Abc, ...settable })
])
type PolicyLine = typeof PolicyLine.Type

const idOf = (line: PolicyLine): string => reorderPolicyId("abc" in line ? line.abc : line)

const decideLine = (slice: Slice, line: PolicyLine): Result.Result<ReorderPolicy, UnknownProduct | UnknownLocation> =>
  Result.gen(function* () {
    const place = "abc" in line ? undefined : line
    if (place !== undefined) {
      yield* knownProduct(slice, place.product)
      yield* knownLocation(slice, place.location)
    }
    return {
      id: idOf(line),
      product: place?.product ?? null,
      location: place?.location ?? null,
      abc: "abc" in line ? line.abc : null,
      target: line.target ?? null,
      leadDays: line.leadDays ?? null,
      reviewDays: line.reviewDays ?? null,
      coverDays: line.coverDays ?? null,
      alertRisk: line.alertRisk ?? null,
      version: (slice.row("policies", idOf(line))?.version ?? 0) + 1
    }
  })

/** Sets how products at locations, or classes, are ordered: all of a policy, so that what is left out is left open. */
export const SetReorderPolicies = define("SetReorderPolicies", {
  payload: { lines: Schema.NonEmptyArray(PolicyLine).check(Schema.isMaxLength(MAX_LINES)) },
  reply: Schema.Struct({ policies: Schema.Array(ReorderPolicy) }),
  refusals: [UnknownProduct, UnknownLocation],
  locations: ({ lines }) => lines.flatMap((line) => ("abc" in line ? [] : [line.location])),
  footprint: ({ lines }) => ({
    rows: lines.flatMap((line) => [
      ref("policies", idOf(line)),
      ...("abc" in line ? [] : [ref("products", line.product), ref("locations", line.location)])
    ])
  }),
  decide: (slice, { lines }) =>
    Result.gen(function* () {
      // The last of several lines for one place or class wins, as it would had they come one after the other.
      const last = new Map(lines.map((line) => [idOf(line), line]))
      const policies: Array<ReorderPolicy> = []
      for (const line of last.values()) policies.push(yield* decideLine(slice, line))
      return { reply: { policies }, rows: policies.map((policy) => put("policies", policy)) }
    })
})

/** How a class is ordered where nobody says anything. */
export const usualTerms = (abc: AbcClass): OrderTerms => ({
  target: { kind: "cycle service", level: DEFAULT_SERVICE[abc] },
  leadDays: [USUAL_DAYS],
  reviewDays: USUAL_DAYS
})

/**
 * The terms of a place: its policy's, else its class's, else `usual`. What its vendor says goes before a class, because
 * it is said of this very product.
 */
export const termsBy = (
  policies: ReadonlyMap<string, ReorderPolicy>,
  place: StockPlace,
  abc: AbcClass,
  vendor: Pick<Partial<OrderTerms>, "leadDays" | "rules"> = {},
  usual: OrderTerms = usualTerms(abc)
): OrderTerms => {
  const own = policies.get(reorderPolicyId(place))
  const shared = policies.get(reorderPolicyId(abc))
  return {
    target: own?.target ?? shared?.target ?? usual.target,
    leadDays: own?.leadDays ?? vendor.leadDays ?? shared?.leadDays ?? usual.leadDays,
    reviewDays: own?.reviewDays ?? shared?.reviewDays ?? usual.reviewDays,
    coverDays: own?.coverDays ?? shared?.coverDays ?? usual.coverDays,
    rules: vendor.rules ?? usual.rules,
    alertRisk: own?.alertRisk ?? shared?.alertRisk ?? usual.alertRisk
  }
}
