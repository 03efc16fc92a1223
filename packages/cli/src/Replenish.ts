/**
 * `onhand replenish`: what to order, and why, from the ledger or from tables of demand and stock.
 */
import {
  ForecastKeeper,
  Inventory,
  type OrderTerms,
  type PlanOptions,
  Replenish,
  supplyTerms,
  type ToOrder,
  USUAL_DAYS
} from "@onhand/core"
import { Console, Effect, Option, Result, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { fileRows, readReorders } from "./DemandFile.ts"
import { allLocations } from "./ImportStock.ts"
import { layerPlanning, type PlanFlags, planFlags, planOptions, WrongFlag } from "./PlanFlags.ts"
import {
  numberCell,
  numberColumn,
  type PlanRow,
  pastColumn,
  percentText,
  quantityText,
  storeRows,
  subjectCells,
  subjectColumns,
  subjectJson
} from "./PlanRow.ts"
import { planThreads } from "./PlanThreads.ts"
import { makeDrafts, sellersOf, toOrder } from "./Purchases.ts"
import { printReport, type Report } from "./Report.ts"
import { settingThresholds } from "./RiskThresholds.ts"

const replenishFlags = {
  ...planFlags,
  stock: Flag.File("stock", { mustExist: true }).pipe(
    Flag.optional,
    Flag.withMetavar("<stock.csv>"),
    Flag.withDescription("With a table of demand: what there is (sku, on_hand) and how it is ordered")
  ),
  leadDays: Flag.String("lead-days").pipe(
    Flag.withDefault(String(USUAL_DAYS)),
    Flag.withMetavar("<days>"),
    Flag.withDescription("How many days an order takes; several as they were seen, such as 5,7,12")
  ),
  reviewDays: Flag.Finite("review-days").pipe(
    Flag.withDefault(USUAL_DAYS),
    Flag.withMetavar("<days>"),
    Flag.withDescription("Days between two looks at the stock")
  ),
  coverDays: Flag.Finite("cover-days").pipe(
    Flag.optional,
    Flag.withMetavar("<days>"),
    Flag.withDescription("About how many days an order should last; two lead times without it")
  ),
  target: Flag.String("target").pipe(
    Flag.optional,
    Flag.withMetavar("<target>"),
    Flag.withDescription(
      "What to aim at: service:95%, fill:98%, marginal:2% or threshold:10; without it service by class, " +
        "98 % for A, 95 % for B and 90 % for C"
    )
  ),
  alertRisk: Flag.String("alert-risk").pipe(
    Flag.optional,
    Flag.withMetavar("<share>"),
    Flag.withDescription("Warn when running out before the next delivery is likelier than this, such as 10%")
  ),
  setThresholds: Flag.Boolean("set-thresholds").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Set the low-stock thresholds so that the store itself warns at this risk, from now on")
  ),
  draft: Flag.Boolean("draft").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Make a draft purchase order for each vendor and location")
  ),
  all: Flag.Boolean("all").pipe(Flag.withDefault(false), Flag.withDescription("Show also what need not be ordered")),
  why: Flag.Boolean("why").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Say under each row of the table why; csv and json always do")
  )
}
type ReplenishFlags = PlanFlags & {
  readonly stock: Option.Option<string>
  readonly leadDays: string
  readonly reviewDays: number
  readonly coverDays: Option.Option<number>
  readonly target: Option.Option<string>
  readonly alertRisk: Option.Option<string>
  readonly setThresholds: boolean
  readonly draft: boolean
  readonly all: boolean
  readonly why: boolean
}

const TARGET = /^(service|fill|marginal|threshold):(\d+(?:\.\d+)?)(%?)$/

/** The target that a text names. */
export const targetOf = (text: string): Result.Result<Replenish.ServiceTarget, WrongFlag> => {
  const accepted = "one such as service:95%, fill:98%, marginal:2% or threshold:10"
  const wrong = Result.fail(new WrongFlag({ flag: "target", text, accepted }))
  const [, kind, number, percent] = TARGET.exec(text) ?? []
  if (kind === undefined) return wrong
  const value = Number(number) / (percent === "%" ? 100 : 1)
  if (kind === "threshold") return percent === "%" ? wrong : Result.succeed({ kind, units: value })
  if (!(value > 0 && value < 1)) return wrong
  if (kind === "marginal") return Result.succeed({ kind, chance: value })
  return Result.succeed({ kind: kind === "fill" ? "fill rate" : "cycle service", level: value })
}

/** The risk that a text names. */
export const riskShareOf = (text: string): Result.Result<number, WrongFlag> => {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const share = Number(number) / (percent === "%" ? 100 : 1)
  return share > 0 && share < 1
    ? Result.succeed(share)
    : Result.fail(new WrongFlag({ flag: "alert-risk", text, accepted: "a share such as 10% or 0.1" }))
}

const flaggedTerms = (flags: ReplenishFlags): Result.Result<(abc: Replenish.AbcClass) => OrderTerms, WrongFlag> =>
  Result.gen(function* () {
    const { leadDays: text, reviewDays } = flags
    const leadDays = text.split(",").map((days) => Number(days.trim() || Number.NaN))
    if (leadDays.some((days) => !(days >= 0 && days <= 366))) {
      return yield* Result.fail(new WrongFlag({ flag: "lead-days", text, accepted: "days from 0 to 366, such as 5,7" }))
    }
    if (!(reviewDays >= 0 && reviewDays <= 366)) {
      const accepted = "days from 0 to 366"
      return yield* Result.fail(new WrongFlag({ flag: "review-days", text: String(reviewDays), accepted }))
    }
    const target = Option.isSome(flags.target) ? yield* targetOf(flags.target.value) : undefined
    const coverDays = Option.getOrUndefined(flags.coverDays)
    const alertRisk = Option.isSome(flags.alertRisk) ? yield* riskShareOf(flags.alertRisk.value) : undefined
    return (abc) => ({
      target: target ?? { kind: "cycle service", level: Replenish.DEFAULT_SERVICE[abc] },
      leadDays,
      reviewDays,
      coverDays,
      alertRisk
    })
  })

const orderOf = ({ suggestion }: PlanRow): number => suggestion?.order ?? 0
const riskOf = ({ suggestion }: PlanRow): number => suggestion?.stockoutRisk ?? 0

const reportOf = (flags: ReplenishFlags): Report<PlanRow> => ({
  table: [
    ...subjectColumns,
    pastColumn(flags.every),
    numberColumn("ON HAND", ({ stock }) => stock.onHand),
    numberColumn("COMING", ({ stock }) => stock.onOrder),
    numberColumn("PROMISED", ({ stock }) => stock.reserved),
    numberColumn("WILL SELL", ({ suggestion }) => suggestion?.expectedDemand ?? 0),
    numberColumn("REORDER AT", ({ suggestion }) => suggestion?.reorderPoint ?? 0),
    { title: "RISK", right: true, value: (row) => percentText(riskOf(row)) },
    { title: "ORDER", right: true, value: (row) => quantityText(orderOf(row), row.decimals) }
  ],
  ...(flags.why ? { notes: ({ suggestion }) => suggestion?.reasons ?? [] } : {}),
  order: (a, b) => riskOf(b) - riskOf(a),
  csv: [
    ...subjectCells,
    { title: "class", value: ({ abc }) => abc },
    { title: "vendor", value: ({ vendor }) => vendor },
    numberCell("on_hand", ({ stock }) => stock.onHand),
    numberCell("on_order", ({ stock }) => stock.onOrder),
    numberCell("reserved", ({ stock }) => stock.reserved),
    numberCell("expected_until_delivery", ({ suggestion }) => suggestion?.expectedDemand),
    numberCell("safety_stock", ({ suggestion }) => suggestion?.safetyStock),
    numberCell("reorder_point", ({ suggestion }) => suggestion?.reorderPoint),
    numberCell("stockout_risk", ({ suggestion }) => suggestion?.stockoutRisk),
    numberCell("cover_periods", ({ suggestion }) => suggestion?.cover),
    { title: "order", value: (row) => quantityText(orderOf(row), row.decimals) },
    numberCell("unit_cost", ({ unitCost }) => unitCost),
    { title: "why", value: ({ suggestion }) => (suggestion?.reasons ?? []).join(". ") }
  ],
  json: (row) => ({
    ...subjectJson(row),
    vendor: row.vendor,
    unitCost: row.unitCost,
    stock: row.stock,
    suggestion: row.suggestion,
    alert: row.alert
  })
})

/** Prints the rows that are to be ordered, and tells how many they are. */
const report = <E, R>(rows: Stream.Stream<PlanRow, E, R>, flags: ReplenishFlags) =>
  Effect.gen(function* () {
    const told = { planned: 0, ordered: 0, alerts: 0 }
    const counted = rows.pipe(
      Stream.tap((row) =>
        Effect.sync(() => {
          told.planned += 1
          if (orderOf(row) > 0) told.ordered += 1
          if (row.alert?.raised === true) told.alerts += 1
        })
      ),
      Stream.filter((row) => flags.all || orderOf(row) > 0)
    )
    yield* printReport(counted, flags.format, reportOf(flags))
    const [ordered, planned, alerts] = [told.ordered, told.planned, told.alerts].map((count) =>
      count.toLocaleString("en")
    )
    yield* Console.error(`${ordered} of ${planned} products at their locations should be ordered now`)
    if (told.alerts > 0)
      yield* Console.error(`${alerts} will run out before the next delivery with more than the risk taken`)
  })

/** Proposes orders for a store; what its policies leave open is as the flags say. */
export const replenishStore = (flags: ReplenishFlags) =>
  Effect.gen(function* () {
    const usual = yield* Effect.fromResult(flaggedTerms(flags))
    const locations = yield* allLocations
    const options = yield* planOptions(flags, locations)
    const supply = yield* supplyTerms((yield* Inventory).read)
    const termsOf: PlanOptions["termsOf"] = (subject) => supply.termsOf(subject, usual)
    const keeper = yield* ForecastKeeper
    const planned = { ...options, ...(yield* planThreads()), keeper, termsOf }
    const orders: Array<ToOrder> = []
    const rows = storeRows(planned, locations, sellersOf(supply)).pipe(
      Stream.tap((row) =>
        Effect.sync(() => {
          const order = flags.draft ? toOrder(row) : undefined
          if (order !== undefined) orders.push(order)
        })
      )
    )
    const changed: Array<number> = []
    yield* report(flags.setThresholds ? settingThresholds(rows, (count) => changed.push(count)) : rows, flags)
    if (flags.setThresholds) {
      const set = changed.reduce((sum, count) => sum + count, 0)
      yield* Console.error(`${set.toLocaleString("en")} thresholds were set`)
    }
    if (flags.draft) yield* makeDrafts(orders, supply)
  }).pipe(Effect.scoped)

/** Proposes orders for what two files say. */
export const replenishFile = (file: string, flags: ReplenishFlags) =>
  Effect.gen(function* () {
    const terms = yield* Effect.fromResult(flaggedTerms(flags))
    if (Option.isNone(flags.stock)) {
      const accepted = "with a table of demand, a table of stock with sku and on_hand"
      return yield* new WrongFlag({ flag: "stock", text: "", accepted })
    }
    if (flags.setThresholds || flags.draft) {
      const flag = flags.draft ? "draft" : "set-thresholds"
      return yield* new WrongFlag({ flag, text: "demand.csv", accepted: "this flag with a store and no file" })
    }
    const reorders = yield* readReorders(flags.stock.value)
    yield* report(yield* fileRows(file, flags, yield* planThreads(), { reorders, termsOf: terms }), flags)
  }).pipe(Effect.scoped)

export const replenishCommand = Command.make("replenish", replenishFlags, (flags) =>
  Effect.gen(function* () {
    if (Option.isSome(flags.file)) yield* replenishFile(flags.file.value, flags)
    else yield* Effect.provide(replenishStore(flags), layerPlanning(flags))
  })
).pipe(
  Command.withShortDescription("Say what to order, and why"),
  Command.withDescription(
    "Proposes what to order of every product at every location: as much as covers what may be asked for until an " +
      "order placed at the next look would be there, beyond what is on hand and on its way. Risk is the chance of " +
      "running out before an order placed now can arrive. --why says for each row what it follows from."
  ),
  Command.withExamples([
    { command: "onhand replenish --lead-days 5,7,12 --why", description: "For the shop in ./.onhand" },
    { command: "onhand replenish demand.csv --stock stock.csv", description: "From two tables, without a store" }
  ])
)
