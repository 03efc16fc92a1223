// A host process that runs a load on a database until it is killed. It prints each line of its diary before it goes on:
// what it asks before a command is submitted, what it was told as soon as the answer is there. Run as
// `node Host.ts <url> <seed> <shelves>`.
import { writeSync } from "node:fs"
import { Inventory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Effect, Layer, Redacted } from "effect"
import { makeDiary, runCallers } from "./Load.ts"

const [url = "", seed = "", shelves = ""] = process.argv.slice(2)

/** Callers of the host: enough for batches of many commands. */
const CALLERS = 24

const diary = makeDiary((line) => writeSync(1, `${JSON.stringify(line)}\n`))
const store = PostgresStore.layer({ url: Redacted.make(url) })
const load = runCallers(JSON.parse(shelves), diary, CALLERS, seed)
await Effect.runPromise(Effect.provide(load, Inventory.layer.pipe(Layer.provide(store))))
