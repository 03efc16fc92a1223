// What to order, from two tables and nothing else: a year of sales by day, and what is on the shelf. No store, no
// server. `onhand replenish demand.csv --stock stock.csv --why` prints the same as a table.
import { readFileSync } from "node:fs"
import {
  type DatedDemand,
  demandByPeriod,
  demandRows,
  type InvalidTable,
  periodBounds,
  planStock,
  type RowReader,
  reorderRows
} from "@onhand/core"
import { Console, DateTime, Effect, Result, Stream } from "effect"
import * as Csv from "effect/encoding/Csv"

const read = <A>(file: string, reader: (header: ReadonlyArray<string>) => Result.Result<RowReader<A>, InvalidTable>) =>
  Effect.gen(function* () {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), "utf8")
    const [header = [], ...rows] = yield* Stream.make(text).pipe(
      Stream.pipeThroughChannel(Csv.decodeString({ ignoreEmptyLines: true })),
      Stream.runCollect
    )
    const readRow = yield* Effect.fromResult(reader(header))
    return yield* Effect.forEach(rows, (cells) => Effect.fromResult(readRow(cells)))
  })

const weeks = Result.getOrThrow(
  periodBounds({
    every: "week",
    timeZone: DateTime.zoneMakeNamedUnsafe("UTC"),
    from: DateTime.makeUnsafe("2017-01-02T00:00:00Z"),
    to: DateTime.makeUnsafe("2018-01-01T00:00:00Z")
  })
)

const program = Effect.gen(function* () {
  const sold = Map.groupBy(yield* read("demand.csv", demandRows), ({ sku }) => sku)
  for (const { sku, vendor, leadDays, pack, minimum, ...stock } of yield* read("stock.csv", reorderRows)) {
    const days = sold.get(sku) ?? []
    const demand = demandByPeriod(
      days.map((day): DatedDemand => ({ ...day, at: Date.parse(day.date) })),
      weeks
    )
    const rules = { pack: pack ?? 1, minimum: minimum ?? 0 }
    const target = { kind: "cycle service", level: 0.95 } as const
    const terms = { target, leadDays, reviewDays: 7, rules }
    const order = { stock: { ...stock, backordered: 0 }, terms }
    const { expected, suggestion } = planStock({ demand, every: "week", horizon: 4, order })
    const { mean, lower, upper } = expected.total
    yield* Console.log(`${days[0]?.name}: ${Math.round(mean)} in four weeks, four times in five ${lower} to ${upper}`)
    if (suggestion === null || suggestion.order === 0) continue
    yield* Console.log(`  order ${suggestion.order} from ${vendor}:`)
    for (const reason of suggestion.reasons) yield* Console.log(`  - ${reason}`)
  }
})

await Effect.runPromise(program)
