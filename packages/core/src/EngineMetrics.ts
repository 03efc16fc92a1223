/**
 * Engine metrics: how many commands are applied and refused, why, in batches of which size, how long a commit takes and
 * how many wait. They are counted once a batch, so that they cost a busy engine nothing, and read through Effect's
 * `Metric`: by OpenTelemetry, by Prometheus, or by a host of its own.
 */
import { Context, Metric, SchemaAST } from "effect"
import type { CommandDefinition } from "./Command.ts"
import type { Outcome, Submission } from "./Submission.ts"

const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30]

const commands = Metric.counter("onhand_commands_total", {
  description: "Commands answered, by name and outcome: applied, refused, replayed or failed",
  incremental: true
})
const lines = Metric.counter("onhand_command_lines_total", {
  description: "Lines of the commands that were applied, by name: for movements and orders, what they move",
  incremental: true
})
const refusals = Metric.counter("onhand_refusals_total", {
  description: "Commands refused, by refusal; InsufficientStock counts the stock-outs that somebody ran into",
  incremental: true
})
const batches = Metric.histogram("onhand_batch_commands", {
  description: "Commands of one commit",
  boundaries: SIZES
})
const commits = Metric.histogram("onhand_commit_seconds", {
  description: "Time from the start of a batch to its known outcome, retries included",
  boundaries: SECONDS
})
const queue = Metric.gauge("onhand_queue_depth", { description: "Commands that wait for the next commit" })

const OUTCOMES = ["applied", "refused", "replayed", "failed"] as const

const outcomeOf = (outcome: Outcome): (typeof OUTCOMES)[number] => {
  if (outcome._tag === "Failed") return "failed"
  if (outcome.replayed) return "replayed"
  return outcome._tag === "Applied" ? "applied" : "refused"
}

const tagOf = (refusal: unknown): string =>
  typeof refusal === "object" && refusal !== null && "_tag" in refusal ? String(refusal._tag) : "unknown"

// A metric with attributes is looked up by them each time it is made, so each is made once.
const labelled = (metric: typeof commands, ...names: ReadonlyArray<string>) => {
  const made = new Map<string, typeof commands>()
  return (...values: ReadonlyArray<string>): typeof commands => {
    const key = values.join()
    const known = made.get(key)
    if (known !== undefined) return known
    const attributes = Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]))
    const one = Metric.withAttributes(metric, attributes)
    made.set(key, one)
    return one
  }
}

const commandsBy = labelled(commands, "command", "outcome")
const linesBy = labelled(lines, "command")
const refusalsBy = labelled(refusals, "refusal")

type Services = Context.Context<never>

/** The refusals of a command, by name. */
const refusalsOf = ({ refusal: { ast } }: CommandDefinition): ReadonlyArray<string> =>
  (SchemaAST.isUnion(ast) ? ast.types : [ast]).flatMap((type) => SchemaAST.resolveIdentifier(type) ?? [])

/** Where it has begun, so that a further engine of the same process costs nothing. */
const begun = new WeakSet<object>()

/**
 * Begins every count of these commands at 0. A count that is not there until something happened does not rise when it
 * first does, and whoever watches it misses that.
 */
export const beginCounting = (definitions: Iterable<CommandDefinition>, context: Services): void => {
  const registry = Context.get(context, Metric.MetricRegistry)
  if (begun.has(registry)) return
  begun.add(registry)
  for (const definition of definitions) {
    for (const outcome of OUTCOMES) commandsBy(definition.tag, outcome).updateUnsafe(0, context)
    linesBy(definition.tag).updateUnsafe(0, context)
    for (const refusal of refusalsOf(definition)) refusalsBy(refusal).updateUnsafe(0, context)
  }
  batches.valueUnsafe(context)
  commits.valueUnsafe(context)
  queue.updateUnsafe(0, context)
}

/** What a batch came to. */
export interface Committed {
  readonly submissions: ReadonlyArray<Submission>
  readonly outcomes: ReadonlyArray<Outcome>
  readonly seconds: number
  /** The commands that wait behind it. */
  readonly waiting: number
}

/** Counts a batch whose outcome is known. */
export const countBatch = (
  { submissions, outcomes, seconds, waiting }: Committed,
  linesOf: (submission: Submission) => number,
  context: Services
): void => {
  const counts = new Map<typeof commands, number>()
  const add = (metric: typeof commands, count: number) => counts.set(metric, (counts.get(metric) ?? 0) + count)
  for (const [index, outcome] of outcomes.entries()) {
    const submission = submissions[index]
    if (submission === undefined) continue
    const what = outcomeOf(outcome)
    add(commandsBy(submission.definition.tag, what), 1)
    if (what === "applied") add(linesBy(submission.definition.tag), linesOf(submission))
    if (outcome._tag === "Refused" && !outcome.replayed) add(refusalsBy(tagOf(outcome.refusal)), 1)
  }
  for (const [metric, count] of counts) metric.updateUnsafe(count, context)
  batches.updateUnsafe(submissions.length, context)
  commits.updateUnsafe(seconds, context)
  queue.updateUnsafe(waiting, context)
}
