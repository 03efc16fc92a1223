/**
 * `onhand import policies`: how products are ordered, from a CSV file. Importing it again sets the same.
 */
import { type InvalidRow, Inventory, type PayloadOf, type PolicyRow, policyColumns, policyRows } from "@onhand/core"
import { Effect, Result } from "effect"
import { Argument, Command } from "effect/cli"
import { openTable } from "./CsvTable.ts"
import { allowRefused, importing, judge, runImport } from "./ImportRun.ts"
import { allLocations, locationNamed, productNamed, refused } from "./ImportStock.ts"
import type { WrongFlag } from "./PlanFlags.ts"
import { riskShareOf, targetOf } from "./Replenish.ts"
import { storeFlags } from "./StoreChoice.ts"

type PolicyLine = PayloadOf<"setReorderPolicies">["lines"][number]

const ofColumn = <A>(path: string, read: Result.Result<A, WrongFlag>): Result.Result<A, InvalidRow> =>
  Result.mapError(read, ({ text, accepted }) => refused(path, `"${text}" is not understood; ${accepted} is accepted`))

const saysOf = ({ target, leadDays = [], reviewDays, coverDays, alertRisk }: PolicyRow) =>
  Result.gen(function* () {
    const [first, ...rest] = leadDays
    return {
      ...(target === undefined ? {} : { target: yield* ofColumn("target", targetOf(target)) }),
      ...(first === undefined ? {} : { leadDays: [first, ...rest] as const }),
      ...(reviewDays === undefined ? {} : { reviewDays }),
      ...(coverDays === undefined ? {} : { coverDays }),
      ...(alertRisk === undefined ? {} : { alertRisk: yield* ofColumn("alert_risk", riskShareOf(alertRisk)) })
    }
  })

const isClass = (text: string): text is "A" | "B" | "C" => text === "A" || text === "B" || text === "C"

/** Sets the reorder policies in a CSV file; says how many were set and refused. */
export const importPolicies = (file: string) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const table = yield* openTable(file, policyRows)
    const locationOf = locationNamed(yield* allLocations)

    const lineOf = (row: PolicyRow) =>
      Effect.gen(function* () {
        const says = yield* Effect.fromResult(saysOf(row))
        if (row.abc !== undefined) {
          const abc = row.abc.toUpperCase()
          if (!isClass(abc)) return yield* refused("class", `"${row.abc}" is no class; A, B or C is accepted`)
          return { abc, ...says } satisfies PolicyLine
        }
        const { sku = "", location = "" } = row
        const found = yield* inventory.read.productByCode("sku", sku)
        const product = yield* Effect.fromResult(productNamed(sku, found))
        return { product: product.id, location: yield* Effect.fromResult(locationOf(location)), ...says }
      })
    return yield* runImport({
      label: "policies",
      table,
      outcomes: ["set"],
      submit: (row) =>
        Effect.gen(function* () {
          const line: PolicyLine = yield* lineOf(row)
          yield* inventory.setReorderPolicies({ lines: [line] })
          return "set" as const
        })
    })
  })

export const importPoliciesCommand = Command.make(
  "policies",
  {
    file: Argument.File("file.csv", { mustExist: true }).pipe(
      Argument.withDescription("The table, UTF-8, with a header")
    ),
    allowRefused,
    ...storeFlags
  },
  ({ file, ...flags }) =>
    importing(
      Effect.flatMap(importPolicies(file), (tally) =>
        judge(tally, { ...flags, advice: "Correct them and import the file again" })
      ),
      flags
    )
).pipe(
  Command.withShortDescription("Set how products are ordered from a CSV file"),
  Command.withDescription(
    "Sets the reorder policy of a class (class is A, B or C) or of a product at a location (sku and location, by id " +
      `or name). Columns, in any order: ${policyColumns.join(", ")}. target is one such as service:95%, fill:98%, ` +
      "marginal:2% or threshold:10; lead_days are the days that orders took, separated by |; alert_risk is a share " +
      "such as 10%. A row sets all of its policy: what it leaves empty is left to the class, and then to the " +
      "flags of onhand replenish."
  ),
  Command.withExamples([
    { command: "onhand import policies policies.csv", description: "Set them in the shop in ./.onhand" }
  ])
)
