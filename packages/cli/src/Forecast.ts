/**
 * `onhand forecast`: what will probably be asked for, from the ledger or from a table of demand.
 */
import { ForecastKeeper } from "@onhand/core"
import { Console, Effect, Option, type Stream } from "effect"
import { Command } from "effect/cli"
import { fileRows } from "./DemandFile.ts"
import { allLocations } from "./ImportStock.ts"
import { horizonOf, layerPlanning, type PlanFlags, planFlags, planOptions } from "./PlanFlags.ts"
import {
  numberCell,
  numberColumn,
  type PlanRow,
  pastColumn,
  percentText,
  storeRows,
  subjectCells,
  subjectColumns,
  subjectJson
} from "./PlanRow.ts"
import { planThreads } from "./PlanThreads.ts"
import { printReport, type Report, shortNumber } from "./Report.ts"

const reportOf = ({ every, backtest }: PlanFlags, ahead: number): Report<PlanRow> => ({
  table: [
    ...subjectColumns,
    pastColumn(every),
    numberColumn(`A ${every.toUpperCase()}`, ({ expected }) => expected.total.mean / Math.max(1, expected.mean.length)),
    numberColumn(`NEXT ${ahead}`, ({ expected }) => expected.total.mean),
    {
      title: "4 TIMES IN 5",
      right: true,
      value: ({ expected: { total } }) => `${shortNumber(total.lower)} – ${shortNumber(total.upper)}`
    },
    ...(backtest
      ? [
          {
            title: "MISSED",
            right: true,
            value: ({ expected: { error } }: PlanRow) =>
              error === null || error.cumulativeWape === null ? "–" : percentText(error.cumulativeWape)
          }
        ]
      : []),
    { title: "DEMAND", value: ({ expected }) => expected.pattern }
  ],
  csv: [
    ...subjectCells,
    numberCell("periods", ({ expected }) => expected.mean.length),
    numberCell("expected", ({ expected }) => expected.total.mean),
    numberCell("lower_80", ({ expected }) => expected.total.lower),
    numberCell("upper_80", ({ expected }) => expected.total.upper),
    numberCell("history_periods", ({ expected }) => expected.history.length),
    numberCell("repaired_periods", ({ expected }) => expected.repaired),
    { title: "demand", value: ({ expected }) => expected.pattern },
    { title: "method", value: ({ expected }) => expected.method },
    ...(backtest ? [numberCell("missed", ({ expected }) => expected.error?.cumulativeWape)] : []),
    { title: "means", value: ({ expected }) => expected.mean.map((mean) => Number(mean.toPrecision(6))).join("|") },
    { title: "why", value: ({ expected }) => expected.why }
  ],
  json: subjectJson
})

const report = <E, R>(rows: Stream.Stream<PlanRow, E, R>, flags: PlanFlags) =>
  Effect.gen(function* () {
    const horizon = yield* Effect.fromResult(horizonOf(flags))
    const printed = yield* printReport(rows, flags.format, reportOf(flags, horizon))
    if (printed === 0) yield* Console.error("Nothing has moved yet, so there is nothing to forecast")
  })

/** Forecasts the demand in a store. */
export const forecastStore = (flags: PlanFlags) =>
  Effect.gen(function* () {
    const locations = yield* allLocations
    const keeper = yield* ForecastKeeper
    const options = { ...(yield* planOptions(flags, locations)), ...(yield* planThreads()), keeper }
    yield* report(storeRows(options, locations), flags)
  }).pipe(Effect.scoped)

/** Forecasts the demand in a file. */
export const forecastFile = (file: string, flags: PlanFlags) =>
  Effect.gen(function* () {
    yield* report(yield* fileRows(file, flags, yield* planThreads()), flags)
  }).pipe(Effect.scoped)

export const forecastCommand = Command.make("forecast", planFlags, (flags) =>
  Effect.gen(function* () {
    if (Option.isSome(flags.file)) yield* forecastFile(flags.file.value, flags)
    else yield* Effect.provide(forecastStore(flags), layerPlanning(flags))
  })
).pipe(
  Command.withShortDescription("Say what will probably be asked for"),
  Command.withDescription(
    "Forecasts the demand for every product at every location from the sales less returns in the ledger, or in a CSV " +
      "file, for which no store is opened. Periods in which a shelf was empty or the doors were closed are not taken " +
      "for periods without demand. The table shows the past as a line, what to expect in the coming periods, and " +
      "between which bounds it should fall four times in five. A period that is not over yet does not count."
  ),
  Command.withExamples([
    { command: "onhand forecast", description: "The coming eight weeks, for the shop in ./.onhand" },
    {
      command: "onhand forecast --every day --closed sun --product MUG",
      description: "The coming days of one product"
    },
    { command: "onhand forecast demand.csv --format csv", description: "From a table of demand, without a store" }
  ])
)
