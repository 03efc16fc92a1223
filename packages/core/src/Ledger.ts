/**
 * The ledger's own command: physical stock that came, went or changed its condition. Everything else that moves stock
 * (a checkout, a transfer, a count) writes the same movements through its own command.
 */
import { type DateTime, Result, Schema } from "effect"
import { allocate, type Demand, InsufficientStock } from "./Allocation.ts"
import { applyMovement, available, type Balance, isSound, onHand } from "./Balance.ts"
import { define, MAX_LINES } from "./Command.ts"
import { activeLocation, knownLocation, LocationInactive, UnknownLocation } from "./Location.ts"
import {
  CalendarDate,
  checkExpiries,
  checkLotNamed,
  checkUsable,
  lotArrivalRefusals,
  lotBlocks,
  lotRefs,
  newLots,
  writtenLots
} from "./Lot.ts"
import { MovementKind, movementFlows, type NewMovement, Source, UnitCost } from "./Movement.ts"
import { checkEntered, enteredQuantity, enteredRefusals, keptEntered } from "./Pack.ts"
import { activeProduct, knownProduct, ProductInactive, UnknownProduct } from "./Product.ts"
import { MAX_QUANTITY } from "./Quantity.ts"
import { ref } from "./Row.ts"
import { balanceOf, type Slice } from "./Slice.ts"
import { isCondition, Lot, NO_LOT, Place, StockKey, stockKeyText } from "./StockKey.ts"

/** A movement of this kind cannot connect these places. */
export class ImpossibleFlow extends Schema.TaggedError<ImpossibleFlow>()("ImpossibleFlow", {
  kind: MovementKind,
  from: Place,
  to: Place,
  accepted: Schema.Array(Schema.String)
}) {
  override get message() {
    return `A ${this.kind} cannot go from ${this.from} to ${this.to}; accepted: ${this.accepted.join(", ")}`
  }
}

/** The stock is not what the caller expected it to be when it decided. */
export class StaleQuantity extends Schema.TaggedError<StaleQuantity>()("StaleQuantity", {
  key: StockKey,
  expected: Schema.Int,
  current: Schema.Int
}) {
  override get message() {
    return `The quantity is ${this.current}, not ${this.expected}; read it and decide again`
  }
}

const MovementLine = Schema.Struct({
  kind: MovementKind,
  product: StockKey.fields.product,
  location: StockKey.fields.location,
  lot: Schema.optionalKey(Lot),
  /** The day until which the lot may be used, where it is not known yet. */
  expiresOn: Schema.optionalKey(CalendarDate),
  ...enteredQuantity,
  from: Schema.optionalKey(Place),
  to: Schema.optionalKey(Place),
  /** What the caller saw in the condition that changes; when given, any other quantity there refuses the command. */
  expected: Schema.optionalKey(Schema.Int),
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
  unitCost: Schema.optionalKey(UnitCost)
})
export interface MovementLine extends Schema.Schema.Type<typeof MovementLine> {}

const toMovement = (line: MovementLine, source: Source | null): Result.Result<NewMovement, ImpossibleFlow> => {
  const flows = movementFlows[line.kind]
  const usual = flows.find(
    ([from, to]) => (line.from === undefined || line.from === from) && (line.to === undefined || line.to === to)
  )
  if (usual === undefined) {
    const [[from, to]] = flows
    return Result.fail(
      new ImpossibleFlow({
        kind: line.kind,
        from: line.from ?? from,
        to: line.to ?? to,
        accepted: flows.map(([from, to]) => `${from} to ${to}`)
      })
    )
  }
  return Result.succeed({
    kind: line.kind,
    product: line.product,
    location: line.location,
    lot: line.lot ?? NO_LOT,
    from: usual[0],
    to: usual[1],
    quantity: line.quantity,
    reason: line.reason ?? null,
    source,
    unitCost: line.unitCost ?? null,
    ...keptEntered(line)
  })
}

/** The balances that the movements would leave, with the movements of each key applied in order. */
const balancesAfter = (slice: Slice, movements: ReadonlyArray<NewMovement>): ReadonlyMap<string, Balance> => {
  const after = new Map<string, Balance>()
  for (const movement of movements) {
    const text = stockKeyText(movement)
    after.set(text, applyMovement(after.get(text) ?? balanceOf(slice.stock(movement), movement.lot), movement))
  }
  return after
}

/**
 * Refuses movements that would leave less than nothing. The net of each key decides; a shortage is told per key
 * and condition, with the sum that was to leave it and what is there. Answers the balances that they would leave.
 */
export const checkMovements = (
  slice: Slice,
  movements: ReadonlyArray<NewMovement>,
  now: DateTime.Utc
): Result.Result<ReadonlyMap<string, Balance>, InsufficientStock> => {
  const after = balancesAfter(slice, movements)
  const leaving: Array<Demand> = []
  const short = new Map<string, InsufficientStock["lines"][number]>()
  for (const movement of movements) {
    const balance = after.get(stockKeyText(movement))
    if (balance === undefined || isSound(balance)) continue
    const key = { product: movement.product, location: movement.location, lot: movement.lot }
    const before = balanceOf(slice.stock(key), key.lot)
    // Where more may be promised than there is, the shelf can be short of it.
    const isPromise = before.floor === 0 || balance.sellable >= 0
    if (movement.from === "sellable" && isPromise) leaving.push({ ...key, quantity: movement.quantity })
    else if (isCondition(movement.from) && balance[movement.from] < 0) {
      const text = `${stockKeyText(key)} ${movement.from}`
      const wanted = Math.min((short.get(text)?.wanted ?? 0) + movement.quantity, MAX_QUANTITY)
      short.set(text, { key, wanted, available: before[movement.from], nextIncoming: null })
    }
  }
  if (short.size > 0) return Result.fail(new InsufficientStock({ lines: [...short.values()] }))
  return Result.map(allocate(slice, leaving, now), () => after)
}

const checkExpected = (slice: Slice, line: MovementLine, movement: NewMovement): Result.Result<void, StaleQuantity> => {
  const condition = isCondition(movement.from) ? movement.from : movement.to
  if (line.expected === undefined || !isCondition(condition)) return Result.void
  const current = balanceOf(slice.stock(movement), movement.lot)[condition]
  if (current === line.expected) return Result.void
  const key = { product: movement.product, location: movement.location, lot: movement.lot }
  return Result.fail(new StaleQuantity({ key, expected: line.expected, current }))
}

// An archived product is not bought or sold any more, but what is left of it can still be returned, counted and
// scrapped.
const needsActive: ReadonlySet<MovementKind> = new Set(["opening", "receipt", "sale"])

/** A sale may leave it open which lot it takes; what was expected is expected of one lot. */
const leavesLotOpen = ({ kind, lot = NO_LOT, expected }: MovementLine): boolean =>
  kind === "sale" && lot === NO_LOT && expected === undefined

/** The movement of each line, and in its place one for each lot where a sale leaves the lot open. */
const movementsOf = (slice: Slice, lines: ReadonlyArray<MovementLine>, source: Source | null, now: DateTime.Utc) =>
  Result.gen(function* () {
    const movements: Array<NewMovement> = []
    const open: Array<NewMovement> = []
    for (const line of lines) {
      const product = yield* (needsActive.has(line.kind) ? activeProduct : knownProduct)(slice, line.product)
      if (line.entered !== undefined) yield* checkEntered(product, line.quantity, line.entered)
      const movement = yield* toMovement(line, source)
      // What is left of an archived location's stock can still be counted, sold and scrapped; nothing comes in.
      const comesIn = isCondition(movement.to) && !isCondition(movement.from)
      yield* (comesIn ? activeLocation : knownLocation)(slice, line.location)
      movements.push(movement)
      if (product.lotTracked && leavesLotOpen(line)) {
        open.push(movement)
        continue
      }
      // Most products have no lots, and most lines expect nothing: this is what a busy shop does all day.
      if (product.lotTracked || line.lot !== undefined) {
        yield* checkLotNamed(product, line.lot)
        if (line.kind === "sale") yield* checkUsable(slice, [line], now)
      }
      if (line.expected !== undefined) yield* checkExpected(slice, line, movement)
    }
    if (open.length === 0) return movements
    const demands = open.map(({ product, location, quantity }) => ({ product, location, quantity }))
    const parts = Map.groupBy(yield* allocate(slice, demands, now), ({ demand }) => open[demand])
    return movements.flatMap((movement) => {
      const taken = parts.get(movement) ?? [movement]
      // What was entered is said of the whole line, and of none of its parts.
      const said = taken.length > 1 ? { entered: null } : {}
      return taken.map(({ lot, quantity }) => ({ ...movement, lot, quantity, ...said }))
    })
  })

/**
 * Records movements, all or none: what was received, adjusted, damaged, returned, scrapped. Of a product that is
 * counted in lots each line names one; only a sale may leave it open, and takes those that expire first.
 */
export const RecordMovements = define("RecordMovements", {
  payload: {
    lines: Schema.NonEmptyArray(MovementLine).check(Schema.isMaxLength(MAX_LINES)),
    source: Schema.optionalKey(Source)
  },
  reply: Schema.Struct({
    levels: Schema.Array(Schema.Struct({ key: StockKey, onHand: Schema.Int, available: Schema.Int }))
  }),
  refusals: [
    InsufficientStock,
    ImpossibleFlow,
    StaleQuantity,
    UnknownProduct,
    ProductInactive,
    UnknownLocation,
    LocationInactive,
    ...enteredRefusals,
    ...lotArrivalRefusals,
    ...lotBlocks
  ],
  locations: ({ lines }) => lines.map((line) => line.location),
  footprint: ({ lines }) => ({
    stock: lines,
    rows: [
      ...lines.flatMap((line) => [ref("products", line.product), ref("locations", line.location)]),
      ...lotRefs(lines)
    ]
  }),
  decide: (slice, { lines, source }, context) =>
    Result.gen(function* () {
      const movements = yield* movementsOf(slice, lines, source ?? null, context.now)
      const named = lines.filter(({ lot }) => lot !== undefined)
      if (named.length > 0) yield* checkExpiries(slice, named)
      const after = yield* checkMovements(slice, movements, context.now)
      const levels = [...after.values()].map((balance) => ({
        key: { product: balance.product, location: balance.location, lot: balance.lot },
        onHand: onHand(balance),
        available: available(balance)
      }))
      if (named.length === 0) return { reply: { levels }, movements }
      return { reply: { levels }, movements, ...writtenLots(newLots(slice, named, context)) }
    })
})
