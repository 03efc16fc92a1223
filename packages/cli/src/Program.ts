/**
 * The program `onhand`: its commands, and how its failures are told.
 */
import { readFileSync } from "node:fs"
import { Cause, Console, Effect, Predicate, Schema } from "effect"
import { CliConfig, CliError, Command, GlobalFlag } from "effect/cli"
import { backordersCommand } from "./Backorders.ts"
import { forecastCommand } from "./Forecast.ts"
import { importCommand } from "./Import.ts"
import { lotsCommand } from "./Lots.ts"
import { migrateCommand } from "./Migrate.ts"
import { replenishCommand } from "./Replenish.ts"
import { reportCommand } from "./Reports.ts"
import { serveCommand } from "./Serve.ts"
import { stockPoliciesCommand } from "./StockPolicies.ts"
import { verifyCommand } from "./Verify.ts"

const Manifest = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

// The manifest is one folder above both the source and what is built of it.
const manifest = Schema.decodeSync(Manifest)(readFileSync(new URL("../package.json", import.meta.url), "utf8"))

export const onhand = Command.make("onhand").pipe(
  Command.withDescription(
    "Inventory that never oversells, on an immutable ledger. `onhand serve` is all it takes to begin: it makes a " +
      "database in ./.onhand with a sample shop, and says how to sign in. Every command says more with --help. " +
      "Exit codes: 0 done; 1 failed, rows refused or differences found; 2 wrong arguments, configuration or file; " +
      "3 the store is locked, damaged or not reachable; 4 the address is taken; 130 interrupted."
  ),
  Command.withExamples([
    { command: "onhand serve", description: "Serve on http://127.0.0.1:3000" },
    { command: "onhand import products catalogue.csv", description: "Bring in a catalogue" },
    { command: "onhand forecast", description: "See what will probably be asked for" },
    { command: "onhand replenish --why", description: "See what to order, and why" },
    { command: "onhand report sales --every month", description: "See what was sold" },
    { command: "onhand backorders allocate", description: "Give what has come to orders that wait for it" },
    { command: "onhand lots recall --product MILK --lot L-7 --reason 'Glass found'", description: "Recall a lot" },
    { command: "onhand verify", description: "Check that the books balance" }
  ]),
  Command.withSubcommands([
    serveCommand,
    importCommand,
    forecastCommand,
    replenishCommand,
    reportCommand,
    stockPoliciesCommand,
    backordersCommand,
    lotsCommand,
    verifyCommand,
    migrateCommand
  ])
)

/** A failure for the person at the terminal: what happened, without the way there. Bugs keep their whole trace. */
export const explain = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const expected = Cause.hasFails(cause) && Predicate.hasProperty(error, "message") && typeof error.message === "string"
  return expected ? `onhand: ${error.message}` : `onhand: this is a bug\n${Cause.pretty(cause)}`
}

// The parser shows these itself, with the help that they ask for.
const isTold = (cause: Cause.Cause<unknown>): boolean =>
  Cause.hasInterruptsOnly(cause) || CliError.isCliError(Cause.squash(cause))

/** Runs the program with arguments. It fails with what {@link explain} has told on standard error already. */
export const runOnhand = (args: ReadonlyArray<string>) =>
  Command.runWith(
    onhand,
    manifest
  )(args).pipe(
    Effect.provideService(
      CliConfig.CliConfig,
      CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions, GlobalFlag.LogLevel] })
    ),
    Effect.tapCause((cause) => (isTold(cause) ? Effect.void : Console.error(explain(cause))))
  )
