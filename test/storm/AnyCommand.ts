// Commands of any kind for a caller of the load: the kit's random histories, each caller's about what he made himself,
// on products and places that all of them share.
import { type CommandName, commands, Inventory, type Submission, type Submitted } from "@onhand/core"
import { allFeatures, learn, nothingKnown, type Step, steps } from "@onhand/testkit"
import { Effect, type Schema } from "effect"
import * as fc from "fast-check"
import { beginning } from "../../packages/testkit/src/HistoryRun.ts"

/** A command under its key, to be sent again as it was. Its payload is as JSON has it, for processes print it. */
export interface Asked {
  readonly key: string
  readonly command: CommandName
  readonly payload: Schema.Json
}

/** What a caller asks, and what he makes of the answer. */
export interface Wish {
  readonly asked: Asked
  readonly learn: (answer: Submitted<unknown>) => void
}

// Who signs in with what is no matter of stock, and secrets are nothing to print.
const features = { ...allFeatures, users: false }
const isPlain = ({ command }: Step): boolean => commands[command].secrets.length === 0

/** Steps that are drawn at once: some more than a caller takes in a round. */
const DRAWN = 40

/** A number for a name, the same each time. */
const seedOf = (name: string): number => [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7)

/** Gives a caller one wish after the other, in an order that follows from his name. */
export const wishesOf = (name: string): ((key: string) => Wish) => {
  const known = nothingKnown()
  const next = (function* () {
    for (let seed = seedOf(name); ; seed++) {
      const [drawn = []] = fc.sample(steps({ features, timePasses: false, minLength: DRAWN, maxLength: DRAWN }), {
        seed,
        numRuns: 1
      })
      yield* drawn.filter(isPlain)
    }
  })()
  return (key) => {
    const step = next.next().value
    const submission = step.submission(known, key, key)
    return {
      asked: { key, command: step.command, payload: JSON.parse(submission.payloadText) },
      learn: (answer) => learn(known, submission, { _tag: "Applied", ...answer })
    }
  }
}

const names = Object.keys(commands) as ReadonlyArray<CommandName>
const nameOf = ({ definition }: Submission): CommandName | undefined =>
  names.find((name) => commands[name].tag === definition.tag)

/** Makes what the kit's histories are about: its products, places, vendors and a little stock. */
export const layBeginning = Effect.flatMap(Inventory, (inventory) =>
  Effect.forEach(
    beginning(features),
    (submission) => {
      const name = nameOf(submission)
      if (name === undefined) return Effect.die(`No command is called ${submission.definition.tag}`)
      // The payload is of the command that its definition is.
      return inventory.submit(name, submission.payload as never, { key: submission.key })
    },
    { discard: true }
  )
)
