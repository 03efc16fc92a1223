/**
 * `onhand import products`: a catalogue from a CSV file.
 */
import { InvalidRow, Inventory, productColumns, productRows } from "@onhand/core"
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { openTable } from "./CsvTable.ts"
import { allowRefused, importing, judge, runImport } from "./ImportRun.ts"
import { storeFlags } from "./StoreChoice.ts"

const advice = "Correct them and import the file again: the others will not change"

/** Imports the products of a CSV file; says how many were created, updated, left as they are, and refused. */
export const importProducts = (file: string) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const table = yield* openTable(file, productRows)
    return yield* runImport({
      label: "products",
      table,
      outcomes: ["created", "updated", "unchanged"],
      submit: (row) =>
        Effect.flatMap(inventory.importProducts({ lines: [row] }), ({ lines: [line] }) =>
          line === undefined || line.outcome === "refused"
            ? Effect.fail(line?.refusal ?? new InvalidRow({ faults: [] }))
            : Effect.succeed(line.outcome)
        )
    })
  })

export const importProductsCommand = Command.make(
  "products",
  {
    file: Argument.File("file.csv", { mustExist: true }).pipe(
      Argument.withDescription("The table, UTF-8, with a header")
    ),
    allowRefused,
    ...storeFlags
  },
  ({ file, ...flags }) =>
    importing(
      Effect.flatMap(importProducts(file), (tally) => judge(tally, { ...flags, advice })),
      flags
    )
).pipe(
  Command.withShortDescription("Create or update products from a CSV file"),
  Command.withDescription(
    "Creates the products of a CSV file, or updates those whose SKU is known already. Importing a file again changes " +
      `nothing. Columns, in any order: ${productColumns.join(", ")}. sku and name are needed. Several barcodes are ` +
      "separated by |. A price is a decimal such as 9.50 and needs its currency, such as USD. unit and decimals say " +
      "how the product is counted (piece and 0 without them) and never change afterwards. Packs are such as " +
      "case=24|pallet=1440, in the smallest steps of the unit. A column that the table lacks, and an empty cell, " +
      "leave that field alone. Refused rows are told on standard error, counted from 1 without the header, and the " +
      "other rows are imported."
  ),
  Command.withExamples([
    { command: "onhand import products catalogue.csv", description: "Import into the shop in ./.onhand" },
    { command: "onhand import products catalogue.csv 2> refused.txt", description: "Keep what was refused, and why" }
  ])
)
