/**
 * The cost model: what stock is worth, worked out in exact fractions from the words of the valuation's definition. It
 * shares no code with the valuation that it checks; a store whose value differs from it in the last digit is wrong.
 */
import type { LocationId, Movement, Period, ProductId, ProductValue, ValuationMethod, ValueFilter } from "@onhand/core"
import { DateTime } from "effect"

/** A fraction, its denominator above zero; not always in lowest terms, because that is not needed and slow. */
export type Fraction = readonly [numerator: bigint, denominator: bigint]

const ZERO: Fraction = [0n, 1n]
const divisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : divisor(b, a % b))
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => {
  if (b === d) return [a + c, b]
  const common = divisor(b, d)
  return [a * (d / common) + c * (b / common), b * (d / common)]
}
const negated = ([a, b]: Fraction): Fraction => [-a, b]
const minus = (a: Fraction, b: Fraction) => plus(a, negated(b))
const times = ([a, b]: Fraction, by: bigint, over = 1n): Fraction => [a * by, b * over]
/** The sum of fractions. */
export const sumOfFractions = (parts: Iterable<Fraction>) => [...parts].reduce(plus, ZERO)

/** A decimal text as a fraction. */
export const fractionOf = (text: string): Fraction => {
  const [whole = "0", decimals = ""] = text.split(".")
  return [BigInt(whole + decimals), 10n ** BigInt(decimals.length)]
}

/** The digits that a value has: those of a unit cost and those of the product's unit. */
const digitsOf = (decimals: number) => 6 + decimals

/** The nearest value above zero that has so many digits; of two as near, the larger. */
const rounded = (value: Fraction, digits: number): Fraction => {
  const unit = 10n ** BigInt(digits)
  const [numerator, denominator] = times(value, unit)
  return [(2n * numerator + denominator) / (2n * denominator), unit]
}

/** A fraction that has an end as a decimal text, without zeros at its end. */
export const decimalOf = ([numerator, denominator]: Fraction): string => {
  const sign = numerator < 0n ? "-" : ""
  let rest = numerator < 0n ? -numerator : numerator
  let text = `${sign}${rest / denominator}`
  rest %= denominator
  if (rest > 0n) text += "."
  for (let digit = 0; rest > 0n; digit++) {
    if (digit > 40) throw new Error("A value has no end")
    text += (rest * 10n) / denominator
    rest = (rest * 10n) % denominator
  }
  return text
}

/** Goods with what they cost, and since when they are there, in milliseconds. */
interface Goods {
  readonly quantity: bigint
  readonly value: Fraction
  readonly since: number
}

/** What one movement brought in, or took out as a negative; `late` is what of it was gone before it came. */
export interface ModelFlow {
  readonly movement: Movement
  readonly quantity: bigint
  readonly value: Fraction
  readonly late: Fraction
}

interface ModelState {
  /** The oldest first; with the average all of it as one. */
  readonly goods: ReadonlyArray<Goods>
  /** Issued beyond what was there. */
  readonly owed: bigint
  readonly currency: string | null
  readonly isMixed: boolean
  /** Of one step. */
  readonly lastCost: Fraction | null
  readonly withoutCost: bigint
  /** What left for customers and is still with them, by its cause. */
  readonly withCustomers: ReadonlyMap<string, Omit<Goods, "since">>
  readonly flows: ReadonlyArray<ModelFlow>
}

const shelves = ["sellable", "qualityControl", "damaged", "quarantine"]
const isOurs = (place: string) => place === "transit" || shelves.includes(place)
const causeOf = ({ source }: Movement) => (source === null ? "nothing" : JSON.stringify([source.type, source.id]))

/** A part of goods by quantity; the whole of them is worth all of it. */
const partOf = (goods: Omit<Goods, "since">, quantity: bigint, digits: number): Fraction =>
  quantity === goods.quantity ? goods.value : rounded(times(goods.value, quantity, goods.quantity), digits)

const without = <G extends Omit<Goods, "since">>(goods: G, quantity: bigint, value: Fraction): G => ({
  ...goods,
  quantity: goods.quantity - quantity,
  value: minus(goods.value, value)
})

const quantityOf = (goods: ReadonlyArray<Goods>) => goods.reduce((sum, { quantity }) => sum + quantity, 0n)

/** Takes goods out, the oldest first. */
const issue = (state: ModelState, movement: Movement, digits: number): ModelState => {
  let left = BigInt(movement.quantity)
  let cost = ZERO
  const goods = state.goods.flatMap((one) => {
    const quantity = left < one.quantity ? left : one.quantity
    const value = quantity === 0n ? ZERO : partOf(one, quantity, digits)
    left -= quantity
    cost = plus(cost, value)
    return quantity === one.quantity ? [] : [without(one, quantity, value)]
  })
  const cause = causeOf(movement)
  const before = state.withCustomers.get(cause) ?? { quantity: 0n, value: ZERO }
  const sold = { quantity: before.quantity + BigInt(movement.quantity), value: plus(before.value, cost) }
  return {
    ...state,
    goods,
    owed: state.owed + left,
    withCustomers: movement.to === "customer" ? new Map([...state.withCustomers, [cause, sold]]) : state.withCustomers,
    flows: [...state.flows, { movement, quantity: -BigInt(movement.quantity), value: negated(cost), late: ZERO }]
  }
}

/** What goods are taken to cost that come in while nobody says it. */
const assumed = (state: ModelState, quantity: bigint, digits: number): ModelState & { readonly cost: Fraction } => {
  const there = quantityOf(state.goods)
  if (there > 0n) {
    const value = sumOfFractions(state.goods.map((one) => one.value))
    return { ...state, cost: rounded(times(value, quantity, there), digits) }
  }
  if (state.lastCost !== null) return { ...state, cost: times(state.lastCost, quantity) }
  return { ...state, cost: ZERO, withoutCost: state.withoutCost + quantity }
}

/** What a customer brings back: at what it left for, as far as it left for this cause. */
const broughtBack = (state: ModelState, movement: Movement, digits: number) => {
  const cause = causeOf(movement)
  const sold = state.withCustomers.get(cause) ?? { quantity: 0n, value: ZERO }
  const quantity = BigInt(movement.quantity)
  const known = quantity < sold.quantity ? quantity : sold.quantity
  const value = known === 0n ? ZERO : partOf(sold, known, digits)
  const withCustomers = new Map([...state.withCustomers, [cause, without(sold, known, value)]])
  if (known === quantity) return { ...state, withCustomers, cost: value }
  const rest = assumed({ ...state, withCustomers }, quantity - known, digits)
  return { ...rest, cost: plus(value, rest.cost) }
}

const priced = (state: ModelState, movement: Movement, decimals: number) => {
  const { unitCost } = movement
  const quantity = BigInt(movement.quantity)
  if (unitCost === null) {
    return movement.from === "customer"
      ? broughtBack(state, movement, digitsOf(decimals))
      : assumed(state, quantity, digitsOf(decimals))
  }
  const step = times(fractionOf(unitCost.amount), 1n, 10n ** BigInt(decimals))
  const isMixed = state.currency !== null && state.currency !== unitCost.currency
  const cost = times(step, quantity)
  return { ...state, isMixed, currency: unitCost.currency, lastCost: step, cost }
}

/** Puts goods in; first of all they make up for what was issued before they came. */
const receive = (state: ModelState, movement: Movement, method: ValuationMethod, decimals: number): ModelState => {
  const { cost, ...before } = priced(state, movement, decimals)
  const quantity = BigInt(movement.quantity)
  const came = { quantity, value: cost, since: DateTime.toEpochMillis(movement.occurredAt) }
  const gone = quantity < before.owed ? quantity : before.owed
  const late = gone === 0n ? ZERO : partOf(came, gone, digitsOf(decimals))
  const stays = without(came, gone, late)
  const [one] = before.goods
  const together = one && { ...one, quantity: one.quantity + stays.quantity, value: plus(one.value, stays.value) }
  const goods =
    stays.quantity === 0n
      ? before.goods
      : method === "average" && together !== undefined
        ? [together]
        : [...before.goods, stays]
  return {
    ...before,
    goods,
    owed: before.owed - gone,
    flows: [...before.flows, { movement, quantity, value: cost, late }]
  }
}

/** The state after movements, which come in the order in which they were recorded. */
export const costModel = (
  movements: ReadonlyArray<Movement>,
  { method, decimals }: { readonly method: ValuationMethod; readonly decimals: number }
): ModelState =>
  movements.reduce<ModelState>(
    (state, movement) => {
      const [wasOurs, becomesOurs] = [isOurs(movement.from), isOurs(movement.to)]
      if (wasOurs === becomesOurs || state.isMixed) return state
      return wasOurs ? issue(state, movement, digitsOf(decimals)) : receive(state, movement, method, decimals)
    },
    {
      ...{ goods: [], owed: 0n, currency: null, isMixed: false, lastCost: null, withoutCost: 0n },
      ...{ withCustomers: new Map(), flows: [] }
    }
  )

/** How much of a product is at each location, and with null how much is on its way; nothing where there is none. */
const whereabouts = (movements: ReadonlyArray<Movement>) => {
  const places = new Map<LocationId | null, bigint>()
  for (const { from, to, location, quantity } of movements) {
    for (const [place, sign] of [[from, -1n] as const, [to, 1n] as const]) {
      if (!isOurs(place)) continue
      const at = place === "transit" ? null : location
      places.set(at, (places.get(at) ?? 0n) + sign * BigInt(quantity))
    }
  }
  const there = [...places].filter(([, quantity]) => quantity !== 0n)
  const known = there.flatMap(([at, quantity]) => (at === null ? [] : [[at, quantity] as const]))
  const sorted = known.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [...sorted, ...there.filter(([at]) => at === null)]
}

const told = (quantity: bigint, value: Fraction) => ({ quantity: Number(quantity), value: decimalOf(value) })

/** The flows of a period, by business time. */
const modelPeriod = (flows: ReadonlyArray<ModelFlow>, { from, to }: Period): ProductValue["period"] => {
  const [first, last] = [DateTime.toEpochMillis(from), DateTime.toEpochMillis(to)]
  const at = ({ movement }: ModelFlow) => DateTime.toEpochMillis(movement.occurredAt)
  const total = (some: ReadonlyArray<ModelFlow>) =>
    [
      some.reduce((sum, { quantity }) => sum + quantity, 0n),
      sumOfFractions(some.map(({ value, late }) => minus(value, late)))
    ] as const
  const other = ({ movement }: ModelFlow) => (isOurs(movement.from) ? movement.to : movement.from)
  const before = flows.filter((flow) => at(flow) < last)
  const during = before.filter((flow) => at(flow) >= first)
  const sold = during.filter((flow) => other(flow) === "customer")
  const vendors = during.filter((flow) => other(flow) === "supplier" || other(flow) === "opening")
  const rest = during.filter((flow) => !sold.includes(flow) && !vendors.includes(flow))
  // What turned out to cost late was sold: the goods that came for it never became stock.
  const whole = (some: ReadonlyArray<ModelFlow>) => told(total(some)[0], sumOfFractions(some.map(({ value }) => value)))
  const late = sumOfFractions(during.map((flow) => flow.late))
  const [soldQuantity] = total(sold)
  const weights = before.map((flow) => BigInt(last - Math.max(first, at(flow))))
  const mean = (of: (flow: ModelFlow) => Fraction) =>
    Number(decimalOf(sumOfFractions(before.map((flow, index) => times(of(flow), weights[index] ?? 0n))))) /
    (last - first)
  return {
    opening: told(...total(before.filter((flow) => at(flow) < first))),
    received: whole(vendors),
    sold: told(-soldQuantity, minus(late, sumOfFractions(sold.map(({ value }) => value)))),
    adjusted: whole(rest),
    closing: told(...total(before)),
    meanQuantity: mean(({ quantity }) => [quantity, 1n]),
    meanValue: mean((flow) => minus(flow.value, flow.late))
  }
}

const isBy = (time: DateTime.Utc, limit: DateTime.Utc | undefined) =>
  limit === undefined || DateTime.isLessThanOrEqualTo(time, limit)

/** The value of a product, of whose movements all are given, in the order in which they were recorded. */
export const modelValue = (
  product: ProductId,
  decimals: number,
  all: ReadonlyArray<Movement>,
  filter: Omit<ValueFilter, "product" | "category" | "location">
): ProductValue => {
  const movements = all.filter(
    ({ occurredAt, recordedAt }) => isBy(occurredAt, filter.occurredBy) && isBy(recordedAt, filter.recordedBy)
  )
  const state = costModel(movements, { method: filter.method, decimals })
  const { goods, currency, isMixed: mixed } = state
  const there = whereabouts(movements)
  const quantity = Number(there.reduce((sum, [, part]) => sum + part, 0n))
  if (mixed) {
    const places = there.map(([location, part]) => ({ location, quantity: Number(part), value: "0" }))
    const none = { currency: null, value: "0", withoutCost: 0, layers: [], period: null }
    return { product, mixed, quantity, places, ...none }
  }
  let rest = { quantity: quantityOf(goods), value: sumOfFractions(goods.map(({ value }) => value)) }
  const places = there.map(([location, part]) => {
    const most: bigint = rest.quantity
    const shared: bigint = part < 0n ? 0n : part < most ? part : most
    const value = rest.quantity === 0n ? ZERO : partOf(rest, shared, digitsOf(decimals))
    rest = without(rest, shared, value)
    return { location, ...told(part, value) }
  })
  return {
    product,
    currency,
    mixed,
    quantity,
    value: decimalOf(sumOfFractions(goods.map(({ value }) => value))),
    withoutCost: Number(state.withoutCost),
    places,
    layers: goods.map((layer) => ({
      since: DateTime.makeUnsafe(layer.since),
      ...told(layer.quantity, layer.value)
    })),
    period: filter.period === undefined ? null : modelPeriod(state.flows, filter.period)
  }
}
