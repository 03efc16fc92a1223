/**
 * Stock policies: whether a product may be promised at a location beyond what is there. A floor lets claims exceed the
 * stock by so much; back-orders let an order wait for what is missing. Without a policy neither is allowed.
 */
import { Result, Schema } from "effect"
import { available as availableOf, Floor } from "./Balance.ts"
import { define, MAX_LINES } from "./Command.ts"
import { knownLocation, LocationId, UnknownLocation } from "./Location.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { put, ref } from "./Row.ts"
import { balanceOf, type Slice } from "./Slice.ts"
import { NO_LOT, type StockPlace, stockPlaceText } from "./StockKey.ts"

/**
 * The policy of a product at a location. `floor` is the least that may be available, in steps of the product's unit: 0,
 * or less. With `backorders`, an order that asks for it waits for what is not there.
 */
export const StockPolicy = Schema.Struct({
  id: Schema.String,
  product: ProductId,
  location: LocationId,
  floor: Floor,
  backorders: Schema.Boolean,
  version: Schema.Int
}).annotate({ identifier: "StockPolicy" })
export interface StockPolicy extends Schema.Schema.Type<typeof StockPolicy> {}

/** The row id of the policy of a stock place. */
export const stockPolicyId = (place: StockPlace): string => stockPlaceText(place)

/** Less is available already than the floor would allow. */
export class FloorPassed extends Schema.TaggedError<FloorPassed>()("FloorPassed", {
  product: ProductId,
  location: LocationId,
  floor: Schema.Int,
  available: Schema.Int
}) {
  override get message() {
    const { product, location, floor, available } = this
    return `Of ${product} ${available} are available at ${location}, less than ${floor}; at most that is accepted`
  }
}

/** Nobody can promise goods of a lot that are not there: nobody knows which lot they will be of. */
export class FloorOfLots extends Schema.TaggedError<FloorOfLots>()("FloorOfLots", { product: ProductId }) {
  override get message() {
    return `Product ${this.product} is counted by lots; a floor of 0 is accepted, and back-orders are`
  }
}

const PolicyLine = Schema.Struct({
  product: ProductId,
  location: LocationId,
  floor: Schema.optionalKey(Floor),
  backorders: Schema.optionalKey(Schema.Boolean)
})

const decideLine = (slice: Slice, { product, location, floor = 0, backorders = false }: typeof PolicyLine.Type) =>
  Result.gen(function* () {
    const { lotTracked } = yield* knownProduct(slice, product)
    yield* knownLocation(slice, location)
    if (lotTracked && floor < 0) return yield* Result.fail(new FloorOfLots({ product }))
    const balance = balanceOf(slice.stock({ product, location }))
    const available = availableOf(balance)
    if (available < floor) return yield* Result.fail(new FloorPassed({ product, location, floor, available }))
    const id = stockPolicyId({ product, location })
    const version = (slice.row("stockPolicies", id)?.version ?? 0) + 1
    return { id, product, location, floor, backorders, version }
  })

/**
 * Sets what may be promised of products at locations: all of a policy, so that what is left out is not allowed. A floor
 * is refused while more is promised than it lets.
 */
export const SetStockPolicies = define("SetStockPolicies", {
  payload: { lines: Schema.NonEmptyArray(PolicyLine).check(Schema.isMaxLength(MAX_LINES)) },
  reply: Schema.Struct({ policies: Schema.Array(StockPolicy) }),
  refusals: [UnknownProduct, UnknownLocation, FloorOfLots, FloorPassed],
  locations: ({ lines }) => lines.map((line) => line.location),
  footprint: ({ lines }) => ({
    stock: lines,
    rows: lines.flatMap((line) => [
      ref("stockPolicies", stockPolicyId(line)),
      ref("products", line.product),
      ref("locations", line.location)
    ])
  }),
  decide: (slice, { lines }) =>
    Result.gen(function* () {
      // The last of several lines for one place wins, as it would had they come one after the other.
      const last = new Map(lines.map((line) => [stockPolicyId(line), line]))
      const policies: Array<StockPolicy> = []
      for (const line of last.values()) policies.push(yield* decideLine(slice, line))
      // Most policies are about back-orders alone, and leave the floor where it is.
      const floors = policies
        .map(({ product, location, floor }) => ({ product, location, lot: NO_LOT, floor }))
        .filter((key) => balanceOf(slice.stock(key)).floor !== key.floor)
      return { reply: { policies }, rows: policies.map((policy) => put("stockPolicies", policy)), floors }
    })
})
