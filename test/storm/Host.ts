// A host process that runs a load on a database until it is killed, or asked to end: then each caller still gets its
// last answer. It prints each line of its diary before it goes on: what it asks before a command is submitted, what it
// was told as soon as the answer is there. Run as `node Host.ts <url> <seed> <shelves>`.
import { writeSync } from "node:fs"
import { Inventory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Effect, Layer, Redacted } from "effect"
import { makeDiary, runCallers } from "./Load.ts"

const [url = "", seed = "", shelves = ""] = process.argv.slice(2)

/** Callers of the host: enough for batches of many commands. */
const CALLERS = 24

// Errors have no fields of their own that JSON would show.
const readable = (_: string, value: unknown) => (value instanceof Error ? String(value) : value)

const diary = makeDiary((line) => writeSync(1, `${JSON.stringify(line, readable)}\n`))
process.once("SIGTERM", () => {
  diary.over = true
})
const store = PostgresStore.layer({ url: Redacted.make(url) })
const load = runCallers(JSON.parse(shelves), diary, CALLERS, seed)
await Effect.runPromise(Effect.provide(load, Inventory.layer.pipe(Layer.provide(store))))
