/**
 * Composition: several commands as one, all or nothing, under one key. Each is decided on what the ones before it left,
 * and where one is refused, nothing of any happens.
 */
import { DateTime, Result, Schema } from "effect"
import {
  type CommandDefinition,
  type Decision,
  type DecisionContext,
  define,
  type Footprint,
  MAX_LINES
} from "./Command.ts"
import type { Slice } from "./Slice.ts"
import { SliceAfter } from "./SliceAfter.ts"

/** The most commands in one: together they are one lock, and one entry in the ledger. */
export const MAX_COMPOSED = 50

/** A command of a composition was refused, and so all of it was. `index` counts them from 0. */
export class StepRefused extends Schema.TaggedError<StepRefused>()("StepRefused", {
  index: Schema.Int,
  command: Schema.String,
  /** The command's own refusal as JSON; its `_tag` says which. */
  refusal: Schema.Json,
  detail: Schema.String
}) {
  override get message() {
    const { index, command, detail } = this
    return `Command ${index} of the composition, ${command}, was refused, and nothing happened: ${detail}`
  }
}

type Definitions = Readonly<Record<string, CommandDefinition>>

/** A command of a composition: its name, and what it takes. */
export type Step<D extends Definitions> = {
  readonly [K in keyof D & string]: { readonly command: K; readonly payload: D[K]["payload"]["Type"] }
}[keyof D & string]

/** What a command of a composition replied. */
export type StepReply<D extends Definitions> = {
  readonly [K in keyof D & string]: { readonly command: K; readonly reply: D[K]["reply"]["Type"] }
}[keyof D & string]

const linesOf = (payload: unknown): number =>
  typeof payload === "object" && payload !== null && "lines" in payload && Array.isArray(payload.lines)
    ? payload.lines.length
    : 1

/** A footprint is asked for before there is a time, an id or a key; none of them decides what a command reads. */
const nobody: DecisionContext = {
  key: "",
  id: "",
  now: DateTime.makeUnsafe(0),
  occurredAt: DateTime.makeUnsafe(0),
  actor: null
}

const joined = (parts: ReadonlyArray<Footprint>): Footprint => ({
  rows: parts.flatMap(({ rows = [] }) => rows),
  stock: parts.flatMap(({ stock = [] }) => stock),
  claims: parts.flatMap(({ claims = [] }) => claims),
  holdings: parts.flatMap(({ holdings = [] }) => holdings),
  movements: parts.flatMap(({ movements = [] }) => movements),
  recounts: parts.flatMap(({ recounts = [] }) => recounts)
})

/** Each command makes what it makes under an id of its own. */
const contextOf = (context: DecisionContext, index: number): DecisionContext => ({
  ...context,
  id: `${context.id}-${index}`
})

/** The command that composes others. */
export const composeOver = <const D extends Definitions>(definitions: D) => {
  const definitionOf = (command: string): CommandDefinition => {
    const definition = definitions[command]
    if (definition === undefined || definition.secrets.length > 0) throw new Error(`${command} cannot be composed`)
    return definition
  }
  const names = Object.keys(definitions)
  const steps = names.map((command) =>
    Schema.Struct({ command: Schema.Literal(command), payload: definitionOf(command).payload })
  )
  const replies = names.map((command) =>
    Schema.Struct({ command: Schema.Literal(command), reply: definitionOf(command).reply })
  )
  // The compiler cannot see the names through the map; each member is made of its definition.
  const AnyStep = Schema.Union(steps) as unknown as Schema.Codec<Step<D>, Schema.Json>
  const AnyReply = Schema.Union(replies) as unknown as Schema.Codec<StepReply<D>, Schema.Json>

  /** What a composition reads: of each command what it reads once those before it are done, as far as that is known. */
  const footprint = (commands: ReadonlyArray<Step<D>>, slice: Slice): Footprint => {
    const after = new SliceAfter(slice)
    let known = true
    return joined(
      commands.map(({ command, payload }, index) => {
        const definition = definitionOf(command)
        const part = definition.footprint(payload, after)
        // What is not loaded yet looks absent, and refuses or breaks the decision: then it is asked again with more.
        const decided = known ? attempt(definition, after, payload, contextOf(nobody, index)) : undefined
        if (decided === undefined) known = false
        else after.apply(decided)
        return part
      })
    )
  }

  return define("Compose", {
    payload: {
      commands: Schema.NonEmptyArray(AnyStep).check(
        Schema.isMaxLength(MAX_COMPOSED),
        Schema.makeFilter(
          (commands) =>
            commands.reduce((sum, { payload }) => sum + linesOf(payload), 0) <= MAX_LINES ||
            `at most ${MAX_LINES} lines in all are accepted`
        )
      )
    },
    reply: Schema.Struct({ replies: Schema.Array(AnyReply) }),
    refusals: [StepRefused],
    locations: ({ commands }) => commands.flatMap(({ command, payload }) => definitionOf(command).locations(payload)),
    footprint: ({ commands }, slice) => footprint(commands, slice),
    decide: (slice, { commands }, context) => {
      const after = new SliceAfter(slice)
      const decisions: Array<Decision<unknown>> = []
      for (const [index, { command, payload }] of commands.entries()) {
        const definition = definitionOf(command)
        const decided = definition.decide(after, payload, contextOf(context, index))
        if (Result.isFailure(decided)) return Result.fail(refused(definition, command, index, decided.failure))
        decisions.push(decided.success)
        after.apply(decided.success)
      }
      const replies = decisions.map(({ reply }, index) => ({ command: commands[index]?.command, reply }))
      return Result.succeed({
        // Each reply is that of the command at its place.
        reply: { replies: replies as unknown as ReadonlyArray<StepReply<D>> },
        movements: decisions.flatMap(({ movements = [] }) => movements),
        claims: decisions.flatMap(({ claims = [] }) => claims),
        rows: decisions.flatMap(({ rows = [] }) => rows),
        events: decisions.flatMap(({ events = [] }) => events),
        floors: decisions.flatMap(({ floors = [] }) => floors),
        reviewed: decisions.flatMap(({ reviewed = [] }) => reviewed),
        composed: true
      })
    }
  })
}

const attempt = (
  definition: CommandDefinition,
  slice: Slice,
  payload: unknown,
  context: DecisionContext
): Decision<unknown> | undefined => {
  try {
    const decided = definition.decide(slice, payload, context)
    return Result.isSuccess(decided) ? decided.success : undefined
  } catch {
    return undefined
  }
}

const refused = (definition: CommandDefinition, command: string, index: number, refusal: Error): StepRefused =>
  new StepRefused({
    index,
    command,
    refusal: definition.codec.encodeRefusal(refusal),
    detail: refusal.message
  })
