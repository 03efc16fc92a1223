/**
 * `onhand import`: brings tables of other systems in.
 */
import { Command } from "effect/cli"
import { importPoliciesCommand } from "./ImportPolicies.ts"
import { importProductsCommand } from "./ImportProducts.ts"
import { importStockCommand } from "./ImportStock.ts"

export const importCommand = Command.make("import").pipe(
  Command.withShortDescription("Bring in products, stock or reorder policies from CSV files"),
  Command.withDescription(
    "Brings in products, stock or reorder policies from CSV files. While a server runs on the embedded database, " +
      "nothing else can open it: stop the server, or use its /api/v1/products/import."
  ),
  Command.withSubcommands([importProductsCommand, importStockCommand, importPoliciesCommand])
)
