/**
 * Trials of keys: the same key takes effect once and is answered the same, whatever became of it the first time.
 */
import { IdempotencyConflict, type Outcome, type Submission } from "@onhand/core"
import { Effect } from "effect"
import { rowsText } from "./RawReaders.ts"
import { checkRows, ensure, outcomeText, type Session, submissionOf, withSession } from "./Session.ts"
import { commitBatch, commitOne, receive, refusalTag, sell, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

const isReplay = (outcome: Outcome | undefined): boolean =>
  outcome !== undefined && outcome._tag !== "Failed" && outcome.replayed

const stockOf = (session: Session) =>
  Effect.map(session.snapshot, ({ movements, claimEvents, commands, events }) =>
    [movements.length, claimEvents.length, commands.length, events.length].join()
  )

/** The same submission again: as a retry of the same call, or of another process with an id of its own. */
const again = (submission: Submission): Submission => ({ ...submission, id: `${submission.id}-again` })

const sameAnswer = (submission: Submission, first: Outcome, second: Outcome | undefined) => {
  const texts = [first, second].map((outcome) => (outcome === undefined ? "nothing" : outcomeText(submission, outcome)))
  return ensure(
    "D21",
    texts[0] === texts[1] && isReplay(second),
    () =>
      `${submission.definition.tag} was first ${texts[0]}\nand with the same key then ${texts[1]}` +
      (isReplay(second) ? "" : ", not marked as a replay")
  )
}

const replays: Trial = {
  title: "answers a key again in another batch, in the same batch and to many at once, with one effect",
  laws: ["D21"],
  run: ({ subject, effort }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 5)
        const submission = sell(shelf, 2, "sale")
        const first = yield* commitOne(session, submission)
        const before = yield* stockOf(session)
        yield* sameAnswer(submission, first, yield* commitOne(session, submission))
        yield* sameAnswer(submission, first, yield* commitOne(session, again(submission)))
        const twice = receive(shelf, 3, "twice")
        const [one, two] = yield* commitBatch(session, [twice, again(twice)])
        if (one !== undefined) yield* sameAnswer(twice, one, two)
        const after = yield* session.snapshot
        yield* ensure(
          "D21",
          after.movements.length === Number(before.split(",")[0]) + 1,
          () => `A key that came twice in one batch left ${after.movements.length} movements instead of one more`
        )
        const many = sell(shelf, 1, "many")
        const replies = yield* Effect.all(
          Array.from({ length: effort.callers }, () => Effect.result(session.engine.submit(again(many)))),
          { concurrency: "unbounded" }
        )
        const texts = new Set(
          replies.map((reply) => (reply._tag === "Success" ? outcomeText(many, reply.success) : String(reply.failure)))
        )
        yield* ensure("D21", texts.size === 1, () => `One key at once was answered: ${[...texts].join("; ")}`)
        yield* checkRows(session, after)
        const { movements } = yield* session.snapshot
        yield* ensure(
          "D21",
          movements.length === after.movements.length + 1,
          () => `${effort.callers} callers with one key left ${movements.length - after.movements.length} movements`
        )
      })
    )
}

const stolenKeys: Trial = {
  title: "refuses a key that comes with another payload or command, and names the field",
  laws: ["D22"],
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 5)
        yield* commitOne(session, sell(shelf, 2, "key"))
        const before = yield* session.snapshot
        const stolen = [sell(shelf, 1, "key"), submissionOf("createLocation", { name: "Depot" }, { key: "key" })]
        for (const [index, submission] of stolen.entries()) {
          const outcome = yield* commitOne(session, submission)
          yield* ensure(
            "D22",
            refusalTag(outcome) === "IdempotencyConflict",
            () => `${submission.definition.tag} with a used key was ${outcomeText(submission, outcome)}`
          )
          const refusal = outcome._tag === "Refused" ? outcome.refusal : undefined
          const field = refusal instanceof IdempotencyConflict ? refusal.field : undefined
          const differing = index === 0 ? "lines" : "command"
          yield* ensure("D22", field === differing, () => `The conflict names "${field}", but "${differing}" differs`)
        }
        const after = yield* session.snapshot
        const rows = [before, after].map((one) => rowsText(one, ["heads", "commands", "movements", "balances"]))
        yield* ensure("D22", rows[0] === rows[1], () => "A refused key left rows behind")
      })
    )
}

const storedRefusals: Trial = {
  title: "answers a refused key with the same refusal, even when the command would pass by then",
  laws: ["D23"],
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 1)
        const submission = sell(shelf, 3, "early")
        const first = yield* commitOne(session, submission)
        yield* commitOne(session, receive(shelf, 10, "late"))
        const second = yield* commitOne(session, submission)
        const texts = [first, second].map((outcome) => outcomeText(submission, outcome))
        yield* ensure(
          "D23",
          texts[0] === texts[1] && isReplay(second),
          () => `It was ${texts[0]}, and then ${texts[1]}`
        )
        yield* checkRows(session)
      })
    )
}

export const idempotencyTrials: ReadonlyArray<Trial> = [replays, stolenKeys, storedRefusals]
