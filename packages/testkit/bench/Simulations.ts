// Does any law break under faults, over as many simulated commands as are asked for? One simulation after the other,
// each from a seed of its own, until they sent that many; then what was met, and every seed that broke a law.
//
//   npm run simulate                          100,000 commands from seed 1 on
//   npm run simulate -- --commands 2000000    as many as these
//   npm run simulate -- --from 5000           from another seed on
//   npm run simulate -- --seed 28             this one alone, as it was
import { parseArgs } from "node:util"
import { Effect } from "effect"
import { type SimulationReport, simulate } from "../src/index.ts"

/** After so many broken seeds the rest would tell nothing new. */
const ENOUGH_BROKEN = 5

/** Commands between two lines of progress. */
const PROGRESS = 100_000

const { values } = parseArgs({
  options: {
    commands: { type: "string", default: "100000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" }
  }
})

const wholeNumber = (name: string, text: string): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  console.error(`--${name} is ${text}; a whole number above zero is accepted`)
  process.exit(1)
}

// A refusal is an Error; nobody reads the stacks of the hundreds of thousands that are decided here.
Error.stackTraceLimit = 0

const began = performance.now()
const seconds = () => (performance.now() - began) / 1000
const number = (value: number) => Math.round(value).toLocaleString("en-US")

/** Figures by name, summed over all simulations. */
type Table = Map<string, ReadonlyArray<number>>

const kinds: Table = new Map()
const refusals: Table = new Map()
const faults: Table = new Map()
const callers: Table = new Map()
const overlaps: Table = new Map()
const totals = { commands: 0, batches: 0, virtualMillis: 0 }

const add = (table: Table, name: string, ...figures: ReadonlyArray<number>): void => {
  const before = table.get(name) ?? []
  table.set(
    name,
    figures.map((figure, index) => figure + (before[index] ?? 0))
  )
}

const take = (report: SimulationReport): void => {
  for (const [tag, { applied, refused }] of Object.entries(report.kinds)) add(kinds, tag, applied, refused)
  for (const [tag, count] of Object.entries(report.refusals)) add(refusals, tag, count)
  for (const [fault, count] of Object.entries(report.faults)) add(faults, fault, count)
  add(callers, "keys acknowledged", report.acknowledged)
  add(callers, "left before the answer", report.interrupted)
  add(callers, "told unavailable", report.unavailable)
  add(callers, "told outcome unknown", report.unknown)
  add(callers, "poisoned commands", report.poisoned)
  for (const [what, count] of Object.entries(report.overlaps)) add(overlaps, what, count)
  totals.commands += report.commands
  totals.batches += report.batches
  totals.virtualMillis += report.virtualMillis
}

const tell = (title: string, table: Table): void => {
  console.log(`\n${title}`)
  const rows = [...table].toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, figures] of rows) {
    console.log(`  ${name.padEnd(24)}${figures.map((figure) => number(figure).padStart(14)).join("")}`)
  }
}

const wanted = wholeNumber("commands", values.commands)
const only = values.seed === undefined ? undefined : wholeNumber("seed", values.seed)
const first = only ?? wholeNumber("from", values.from)
const broken: Array<number> = []

let seed = first
let told = 0
const goesOn = () => (only === undefined ? totals.commands < wanted && broken.length < ENOUGH_BROKEN : seed === only)
for (; goesOn(); seed++) {
  const result = await Effect.runPromise(Effect.result(simulate({ seed })))
  if (result._tag === "Success") take(result.success)
  else {
    broken.push(seed)
    console.log(`\n${result.failure.message}\n  npm run simulate -- --seed ${seed}\n`)
  }
  if (totals.commands - told < PROGRESS) continue
  told = totals.commands
  console.log(`${number(told)} commands, seed ${seed}, ${number(told / seconds())} commands/s`)
}

tell("in the ledger                   applied       refused", kinds)
tell("refusals", refusals)
tell("batches by what they met", faults)
tell("batches that overlap, and commands that came late", overlaps)
tell("callers", callers)
const { commands, batches, virtualMillis } = totals
console.log(`\n${number(commands)} commands in ${number(batches)} batches, seeds ${first} to ${seed - 1}`)
console.log(`${number(virtualMillis / 86_400_000)} days of virtual time in ${number(seconds())} s`)
console.log(`${number(commands / seconds())} commands/s`)
console.log(`${broken.length} violations${broken.length === 0 ? "" : `, from seeds ${broken.join(", ")}`}`)
process.exitCode = broken.length === 0 ? 0 : 1
