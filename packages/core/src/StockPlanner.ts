/**
 * The planner: reads products, demand and stock from a store, and plans every product at every location. Demand is read
 * and planned page by page; what stays in memory is the catalogue and one number for each product at a location.
 */
import { DateTime, Effect, Option, Stream } from "effect"
import { type DemandCalendar, type DemandSeries, type DemandUnit, type InvalidPeriods, periodBounds } from "./Demand.ts"
import { categoryBelief, type RateBelief } from "./forecast/ColdStart.ts"
import { type ForecastKeeperShape, isLasting, type KeptForecast } from "./KeptForecast.ts"
import type { LocationId } from "./Location.ts"
import { collectPages, type InvalidCursor, MAX_PAGE_SIZE, type Page, type PageRequest } from "./Page.ts"
import type { Product, ProductId } from "./Product.ts"
import type { Level, LevelFilter, Queries } from "./Queries.ts"
import { type AbcClass, abcClasses } from "./replenish/Classes.ts"
import type { StockPosition } from "./replenish/Policy.ts"
import { type StockPlace, stockPlaceText } from "./StockKey.ts"
import {
  type ClosedDays,
  demandPeriods,
  type OrderTerms,
  openShares,
  type PlannedStock,
  type PlanTask,
  planStock
} from "./StockPlan.ts"
import type { StoreUnavailable } from "./Store.ts"

type ReadError = StoreUnavailable | InvalidCursor

/** How many periods of the past a plan looks at where nobody says: seasons need two years. */
export const USUAL_PAST: Readonly<Record<DemandUnit, number>> = { day: 730, week: 156, month: 60 }

/** How many periods ahead a plan looks where nobody says. */
export const USUAL_HORIZON: Readonly<Record<DemandUnit, number>> = { day: 28, week: 8, month: 6 }

/** A product at a location, as its terms may depend on it. */
export interface PlanSubject {
  readonly product: Product
  readonly location: LocationId
  /** By its share of the value of all that was asked for at the location. */
  readonly abc: AbcClass
}

/** How to plan, and what. */
export interface PlanOptions extends LevelFilter {
  readonly calendar: DemandCalendar
  readonly closed?: ClosedDays | undefined
  /** How many periods to forecast. */
  readonly horizon: number
  /**
   * Looks at no other product than the one that is asked for, so that it takes no longer in a large store: a new
   * product's forecast does not follow its category then, and every class is C.
   */
  readonly alone?: boolean | undefined
  readonly backtest?: boolean | undefined
  /** How a product is ordered at a location. Without it nothing is suggested. */
  readonly termsOf?: ((subject: PlanSubject) => OrderTerms) | undefined
  /** Where plans are made: here and now, unless somebody offers threads. Its plans are in the order of its tasks. */
  readonly plan?: ((tasks: ReadonlyArray<PlanTask>) => Effect.Effect<ReadonlyArray<PlannedStock>>) | undefined
  /** Where forecasts are kept, so that only those are worked out whose history has changed. */
  readonly keeper?: ForecastKeeperShape | undefined
  /** How many pages are planned at once; 1 unless there are threads for more. */
  readonly concurrency?: number | undefined
}

/** The plan of one product at one location. Quantities are in units of the product. */
export interface StockPlan extends PlanSubject, PlannedStock {
  /** When the first of the coming periods begins. */
  readonly begins: DateTime.Utc
  readonly stock: StockPosition
}

/** With fewer products than this a category says nothing of a new one. */
const LEAST_MEMBERS = 3

/** What a product sells counts up to this many times the median of its category for what a new one may sell. */
const MOST_MEDIANS = 5

/** A product that was in stock for fewer periods than this says nothing of its category. */
const LEAST_STOCKED = 4

const planHere = (tasks: ReadonlyArray<PlanTask>) => Effect.sync(() => tasks.map(planStock))

/** The pages of a list, one after the other. */
const pagesOf = <A>(list: (page: PageRequest) => Effect.Effect<Page<A>, ReadError>) =>
  Stream.paginate<string | undefined, ReadonlyArray<A>, ReadError>(undefined, (cursor) =>
    Effect.map(
      list({ _tag: "Cursor", limit: MAX_PAGE_SIZE, cursor }),
      ({ items, nextCursor }) => [[items], Option.fromNullOr(nextCursor)] as const
    )
  )

const catalogueOf = (read: Queries) =>
  Effect.map(
    collectPages((page) => read.products({ sort: "created_asc" }, page)),
    (items) => new Map(items.map(({ product }) => [product.id, product]))
  )

type Catalogue = ReadonlyMap<ProductId, Product>

const catalogueOfOne = (read: Queries, id: ProductId): Effect.Effect<Catalogue, StoreUnavailable> =>
  Effect.map(read.product(id), (product) => new Map(Option.isSome(product) ? [[id, product.value]] : []))

const unitsOf = (steps: number, product: Product): number => steps / 10 ** product.unit.decimals

interface Sold {
  readonly place: StockPlace
  readonly product: Product
  readonly units: number
  /** The share of the time in which it was in stock. */
  readonly share: number
}

/** Without the prices of all, units are the only measure that all have. */
const classesOf = (sold: ReadonlyArray<Sold>): ReadonlyArray<AbcClass> => {
  const priced = sold.every(({ product }) => product.price !== null)
  return abcClasses(sold.map(({ product, units }) => units * (priced ? (product.price?.amount ?? 0) : 1)))
}

/** What products of one category sell in a period; undefined where none of them was in stock for long. */
const beliefOf = (members: ReadonlyArray<Sold>, periods: number): RateBelief | undefined => {
  const rates = members
    .filter(({ share }) => share * periods >= LEAST_STOCKED)
    .map(({ units, share }) => Math.max(0, units) / (share * periods))
    .sort((x, y) => x - y)
  const median = rates[rates.length >> 1] ?? 0
  // A best seller does not speak for all of its category.
  return rates.length < LEAST_MEMBERS
    ? undefined
    : categoryBelief(rates.map((rate) => Math.min(rate, MOST_MEDIANS * median)))
}

const categoryText = ({ location }: { readonly location: LocationId }, { category }: Product) =>
  `${location} ${category}`

/** What the whole past says of each location: the classes of its products, and what their categories sell. */
const overview = (
  read: Queries,
  { location }: LevelFilter,
  bounds: ReadonlyArray<DateTime.Utc>,
  catalogue: Catalogue
) =>
  Effect.gen(function* () {
    const [first, last] = [bounds[0], bounds.at(-1)]
    const whole = first === undefined || last === undefined ? [] : [first, last]
    const all = yield* collectPages((page) => read.demand({ location, bounds: whole }, page))
    const known = all.flatMap(({ product: id, location, quantities: [steps = 0], inStock: [share = 0] }) => {
      const product = catalogue.get(id)
      const place = { product: id, location }
      return product === undefined ? [] : [{ place, product, units: unitsOf(steps, product), share }]
    })
    const classes = new Map<string, AbcClass>()
    const beliefs = new Map<string, RateBelief>()
    for (const sold of Map.groupBy(known, ({ place }) => place.location).values()) {
      const abc = classesOf(sold)
      for (const [index, { place }] of sold.entries()) classes.set(stockPlaceText(place), abc[index] ?? "C")
    }
    for (const [category, members] of Map.groupBy(known, ({ place, product }) => categoryText(place, product))) {
      const belief = members[0]?.product.category === "" ? undefined : beliefOf(members, bounds.length - 1)
      if (belief !== undefined) beliefs.set(category, belief)
    }
    return { classes, beliefs }
  })

const nothingElse: Effect.Success<ReturnType<typeof overview>> = { classes: new Map(), beliefs: new Map() }

const keptOf = (keeper: ForecastKeeperShape | undefined, places: ReadonlyArray<StockPlace>) =>
  Effect.map(
    keeper === undefined ? Effect.succeed([]) : keeper.find(places),
    (found) => new Map(found.map((placed) => [stockPlaceText(placed), placed.forecast]))
  )

const keepChanged = (
  keeper: ForecastKeeperShape | undefined,
  made: ReadonlyArray<{ readonly task: PlanTask; readonly plan: StockPlan }>
) => {
  const changed = made.flatMap(({ task, plan: { product, location, kept } }) =>
    task.kept?.fingerprint === kept.fingerprint || !isLasting(kept)
      ? []
      : [{ product: product.id, location, forecast: kept }]
  )
  return keeper === undefined || changed.length === 0 ? Effect.void : keeper.keep(changed)
}

const isBefore = (a: StockPlace, b: StockPlace): boolean =>
  a.product < b.product || (a.product === b.product && a.location < b.location)

/** Levels in step with demand, which comes in the same order: none is read twice, and none kept once it is used. */
const levelsInStep = (read: Queries, filter: LevelFilter) => {
  const waiting = new Map<string, Level>()
  let cursor: string | null | undefined
  let newest: Level | undefined
  return (series: ReadonlyArray<DemandSeries>) =>
    Effect.gen(function* () {
      const last = series.at(-1)
      while (last !== undefined && cursor !== null && (newest === undefined || isBefore(newest, last))) {
        const page: Page<Level> = yield* read.levels(filter, { _tag: "Cursor", limit: MAX_PAGE_SIZE, cursor })
        for (const level of page.items) waiting.set(stockPlaceText(level), level)
        newest = page.items.at(-1) ?? newest
        cursor = page.nextCursor
      }
      return series.map((one) => {
        const level = waiting.get(stockPlaceText(one))
        waiting.delete(stockPlaceText(one))
        return level
      })
    })
}

/**
 * Plans every product at every location that the filter lets through, in the order of product and location. The same
 * ledger, calendar and terms give the same plans.
 */
export const planAll = (read: Queries, options: PlanOptions): Stream.Stream<StockPlan, ReadError | InvalidPeriods> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { calendar, closed, horizon, backtest, termsOf, keeper, plan = planHere, concurrency = 1 } = options
      const { every, timeZone } = calendar
      const filter = { product: options.product, location: options.location }
      const bounds = yield* Effect.fromResult(periodBounds(calendar))
      const begins = bounds.at(-1) ?? calendar.to
      const only = options.alone === true ? filter.product : undefined
      const catalogue = yield* only === undefined ? catalogueOf(read) : catalogueOfOne(read, only)
      const { classes, beliefs } = only === undefined ? yield* overview(read, filter, bounds, catalogue) : nothingElse
      const levelsOf = levelsInStep(read, filter)

      // Orders look further ahead than the forecast that was asked for; a year ahead is enough for any.
      const ahead = { every, timeZone, from: begins, to: DateTime.add(begins, { days: 400 }) }
      const shares =
        closed === undefined
          ? undefined
          : openShares([...bounds, ...(yield* Effect.fromResult(periodBounds(ahead))).slice(1)], timeZone, closed)
      const coming = shares?.slice(bounds.length - 1)

      const preparedOf = (series: DemandSeries, level: Level | undefined, kept: KeptForecast | undefined) => {
        const product = catalogue.get(series.product)
        if (product === undefined) return []
        const place = stockPlaceText(series)
        const subject = { product, location: series.location, abc: classes.get(place) ?? "C" }
        const stock: StockPosition = {
          onHand: unitsOf(level?.sellable ?? 0, product),
          onOrder: unitsOf(level?.incoming ?? 0, product),
          reserved: unitsOf((level?.held ?? 0) + (level?.committed ?? 0), product),
          backordered: 0
        }
        const task: PlanTask = {
          demand: demandPeriods(series, product.unit.decimals, shares),
          every,
          horizon,
          coming,
          belief: beliefs.get(categoryText(series, product)),
          backtest,
          kept,
          // What is not sold any more is not ordered either.
          order: termsOf === undefined || product.status !== "active" ? undefined : { stock, terms: termsOf(subject) }
        }
        return [{ subject, stock, task }]
      }

      return pagesOf((page) => read.demand({ ...filter, bounds }, page)).pipe(
        Stream.mapEffect((series) =>
          Effect.gen(function* () {
            const levels = termsOf === undefined ? [] : yield* levelsOf(series)
            const kept = yield* keptOf(keeper, series)
            return series.flatMap((one, index) => preparedOf(one, levels[index], kept.get(stockPlaceText(one))))
          })
        ),
        Stream.mapEffect(
          (prepared) =>
            Effect.gen(function* () {
              const plans = yield* plan(prepared.map(({ task }) => task))
              const made = prepared.flatMap(({ subject, stock, task }, index) => {
                const planned = plans[index]
                return planned === undefined ? [] : [{ task, plan: { ...subject, ...planned, begins, stock } }]
              })
              yield* keepChanged(keeper, made)
              return made.map(({ plan }): StockPlan => plan)
            }),
          { concurrency }
        ),
        Stream.flattenIterable
      )
    })
  )
