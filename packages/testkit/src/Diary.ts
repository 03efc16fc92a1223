/**
 * The diary of a session: what was asked of a store and what it answered, in order, to be read by whoever is told that
 * a law broke.
 */
import type { Outcome, StoreFailure, Submission } from "@onhand/core"

/** A diary as the kit writes it. */
export interface Diary {
  /** A sentence of its own: that time passed, what a reader saw. */
  readonly note: (line: string) => void
  /** Puts a sentence in the place of all that was written so far. */
  readonly given: (line: string) => void
  /** A batch and its outcomes. Their texts are made only when somebody reads them. */
  readonly batch: (batch: ReadonlyArray<Submission>, textsOf: () => ReadonlyArray<string>) => void
  readonly lines: () => ReadonlyArray<string>
}

/** The first and the last lines that are told of a long diary: how it began, and what led to the end. */
const FIRST_TOLD = 8
const LAST_TOLD = 24
const MAX_ANSWER = 160

const compact = (json: string): string => json.replaceAll(/"([A-Za-z_]\w*)":/g, "$1: ").replaceAll(/,(?=\S)/g, ", ")

/** A submission as a line. */
export const lineOf = (submission: Submission): string =>
  `${submission.definition.tag} ${compact(submission.payloadText)}, key ${submission.key}`

/** What follows the line of a submission: its answer, cut where it goes on about what nobody asked. */
const answerText = (text: string): string =>
  `    → ${text.length <= MAX_ANSWER ? text : `${text.slice(0, MAX_ANSWER)}…`}`

/** An answer with its place in the ledger. */
export const placedText = (text: string, outcome: Outcome): string => {
  if (outcome._tag === "Failed") return text
  const at = outcome.at === null ? "" : ` at ${outcome.at.shard}-${outcome.at.seq}`
  return `${text}${at}${outcome.replayed ? " (replayed)" : ""}`
}

/** The most causes beneath one another that are told. */
const MAX_CAUSES = 4

/** What an error says, where it was thrown, and what caused it: the last of them mostly names a store's mistake. */
export const causeText = (error: unknown): string => {
  const told: Array<string> = []
  for (let current = error; current !== undefined && told.length < MAX_CAUSES; ) {
    const frame = current instanceof Error ? current.stack?.split("\n").find((line) => /^\s+at /.test(line)) : undefined
    told.push([String(current), ...(frame === undefined ? [] : [frame.trim()])].join(" "))
    current = current instanceof Error ? current.cause : undefined
  }
  return told.join("\n  caused by ")
}

/** What a batch's line says of a store that failed it. */
export const failureText = ({ outcome, cause }: StoreFailure): string =>
  `the store failed (${outcome}): ${String(cause)}`

/** An empty diary. */
export const makeDiary = (): Diary => {
  let entries: Array<() => ReadonlyArray<string>> = []
  let setting = false
  return {
    note: (line) => {
      entries.push(() => [line])
    },
    given: (line) => {
      entries = [() => [line]]
      setting = true
    },
    batch: (batch, textsOf) => {
      entries.push(() => {
        const answers = textsOf()
        return batch.map((submission, index) => {
          const joined = index === 0 ? "" : "  (same batch)"
          return `${lineOf(submission)}\n${answerText(answers[index] ?? "no answer")}${joined}`
        })
      })
    },
    lines: () => {
      const all = entries.flatMap((entry) => entry())
      if (setting && all.length === 1) return [...all, "(and nothing more: that alone breaks it)"]
      const left = all.length - FIRST_TOLD - LAST_TOLD
      if (left <= 1) return all
      return [...all.slice(0, FIRST_TOLD), `(${left} more)`, ...all.slice(-LAST_TOLD)]
    }
  }
}
