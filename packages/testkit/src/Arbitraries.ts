/**
 * Arbitraries: random values of the domain, shrinking to the simplest. Ids come from small pools, so that commands
 * meet on the same stock.
 */
import {
  type Condition,
  conditions,
  type Entered,
  LocationId,
  MAX_DECIMALS,
  MAX_QUANTITY,
  type Money,
  type MovementKind,
  type MovementLine,
  movementFlows,
  movementKinds,
  ProductId,
  type StockKey,
  type UnitOfMeasure,
  VendorId
} from "@onhand/core"
import * as fc from "fast-check"

/** The products of random histories. The last is never created, and the one before it is not priced. */
export const productPool = ["p0", "p1", "p2", "p3"].map((id) => ProductId.make(id))

/** The locations of random histories. The last is never created. */
export const locationPool = ["l0", "l1", "l2"].map((id) => LocationId.make(id))

/** The vendors of random histories. The last is never created. */
export const vendorPool = ["v0", "v1", "v2"].map((id) => VendorId.make(id))

const mostly = <A>(usual: ReadonlyArray<A>, rare: A) =>
  fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constantFrom(...usual), weight: 40 },
    { arbitrary: fc.constant(rare), weight: 1 }
  )

/** Undefined, and once in so many times a value. */
export const onceIn = <A>(times: number, arbitrary: fc.Arbitrary<A>): fc.Arbitrary<A | undefined> =>
  fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant(undefined), weight: times - 1 },
    { arbitrary, weight: 1 }
  )

/** A product id of the pool, seldom the unknown one. */
export const productId: fc.Arbitrary<ProductId> = mostly(productPool.slice(0, 3), ProductId.make("p3"))

/** A location id of the pool, seldom the unknown one. */
export const locationId: fc.Arbitrary<LocationId> = mostly(locationPool.slice(0, 2), LocationId.make("l2"))

/** A vendor id of the pool, seldom the unknown one. */
export const vendorId: fc.Arbitrary<VendorId> = mostly(vendorPool.slice(0, 2), VendorId.make("v2"))

/** The product of random histories that is counted in lots. */
export const lotTracked = productPool[1]!

/** A lot: mostly none. */
export const lot: fc.Arbitrary<string> = mostly(["", "", "", "A"], "B")

/** A lot as a line of a product may name it; {@link withLot} says which line does. */
export const lotChoice: fc.Arbitrary<string> = mostly(["A", "A", "B", "B", "C"], "")

/** Names a lot where the product has some and does not where it has none, and seldom the other way round. */
export const withLot = <Line extends { readonly product: ProductId }>(line: Line, lot: string) =>
  (line.product === lotTracked) === (lot === "") ? line : { ...line, lot: lot || "A" }

/** A day on which a lot expires: long ago, or long after every history. */
export const expiresOn: fc.Arbitrary<string> = fc.constantFrom("2998-12-31", "2997-12-31", "1960-02-29")

/** A stock key of the pools. */
export const stockKey: fc.Arbitrary<StockKey> = fc.record({ product: productId, location: locationId, lot })

/** A quantity that small stocks can have or lack. */
export const smallQuantity: fc.Arbitrary<number> = fc.integer({ min: 1, max: 12 })

/** Any quantity, the extremes included. */
export const quantity: fc.Arbitrary<number> = fc.integer({ min: 1, max: MAX_QUANTITY })

export const unitOfMeasure: fc.Arbitrary<UnitOfMeasure> = fc.record({
  name: fc.constantFrom("piece", "kg", "l", "m"),
  decimals: fc.integer({ min: 0, max: MAX_DECIMALS })
})

export const currency: fc.Arbitrary<string> = fc.constantFrom("USD", "EUR", "JPY", "KWD", "CLF")

/** Money of any size that stays exact when a thousand of it are summed. */
export const money: fc.Arbitrary<Money> = fc.record({
  amount: fc.integer({ min: -(10 ** 12), max: 10 ** 12 }),
  currency
})

/** What something costs the customer: never below zero. */
export const price: fc.Arbitrary<Money> = fc.record({ amount: fc.integer({ min: 0, max: 10 ** 12 }), currency })

/** A stock-keeping unit: visible ASCII, spaces inside only. */
export const sku: fc.Arbitrary<string> = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,20}[A-Za-z0-9]$/)

export const condition: fc.Arbitrary<Condition> = fc.constantFrom(...conditions)

export const movementKind: fc.Arbitrary<MovementKind> = fc.constantFrom(...movementKinds)

/** An idempotency key as callers make them. */
export const idempotencyKey: fc.Arbitrary<string> = fc.oneof(fc.uuid(), fc.stringMatching(/^[\x21-\x7e]{1,255}$/))

// Arrivals are frequent, so that there is something to refuse and to sell.
const kindInHistories = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.constant<MovementKind>("receipt"), weight: 9 },
  { arbitrary: fc.constant<MovementKind>("sale"), weight: 6 },
  { arbitrary: movementKind, weight: 6 }
)

const flowOf = (kind: MovementKind) =>
  fc.oneof(
    { withCrossShrink: true },
    { arbitrary: fc.constant({}), weight: 12 },
    { arbitrary: fc.constantFrom(...movementFlows[kind]).map(([from, to]) => ({ from, to })), weight: 12 },
    { arbitrary: fc.constant({ from: "supplier" as const, to: "scrap" as const }), weight: 1 }
  )

/** What somebody entered: any decimal, in a unit of any name. */
export const entered: fc.Arbitrary<Entered> = fc.record({
  unit: fc.stringMatching(/^[a-z]{1,32}$/),
  quantity: fc.stringMatching(/^\d{1,16}(\.\d{1,15})?$/)
})

/** Lines of a row, of which some say what was entered. */
export const saying = <A extends object>(line: fc.Arbitrary<A>): fc.Arbitrary<A & { readonly entered?: Entered }> =>
  fc
    .tuple(line, onceIn(3, entered))
    .map(([fields, said]) => (said === undefined ? fields : { ...fields, entered: said }))

/** A line that says its quantity in the product's unit, if it is one of three or seven: so no chance is spent on it. */
export const inPieces = <A extends { readonly quantity: number }>(line: A): A & { readonly entered?: Entered } =>
  line.quantity % 4 === 3 ? { ...line, entered: { unit: "piece", quantity: String(line.quantity) } } : line

/** A line of a movement command; a few are impossible, for most must be what the ledger grows by. */
export const movementLine: fc.Arbitrary<MovementLine> = kindInHistories.chain((kind) =>
  fc
    .record({
      product: productId,
      location: locationId,
      quantity: smallQuantity,
      flow: flowOf(kind),
      lot: lotChoice,
      open: fc.boolean(),
      expiresOn: onceIn(6, expiresOn),
      expected: onceIn(25, fc.integer({ min: 0, max: 12 })),
      unit: onceIn(15, fc.constantFrom("piece", "piece", "case"))
    })
    .map(({ flow, lot, open, expiresOn, expected, unit, ...line }) => ({
      kind,
      // A sale may leave it open which lot it takes.
      ...(kind === "sale" && open ? line : withLot(line, lot)),
      ...flow,
      ...(expiresOn === undefined || line.product !== lotTracked ? {} : { expiresOn }),
      ...(unit === undefined ? {} : { entered: { unit, quantity: String(line.quantity) } }),
      ...(expected === undefined ? {} : { expected })
    }))
)
