/**
 * What trials begin with: a random history, a stocked shelf, and a batch that is answered.
 */
import { type Location, LocationId, type Outcome, type Product, ProductId, type Submission } from "@onhand/core"
import { Effect, type Option } from "effect"
import { causeText, lineOf } from "./Diary.ts"
import { nothingKnown, type Step } from "./Draft.ts"
import { learn, resolve, simplerSteps, steps } from "./History.ts"
import { BEGINNING, beginning } from "./HistoryRun.ts"
import { LawBroken, type LawId } from "./Law.ts"
import { checkProperty } from "./Property.ts"
import { type Session, submissionOf, withSession } from "./Session.ts"
import type { TrialInput } from "./Trial.ts"

/** A location and a product of it. */
export interface Shelf {
  readonly product: Product["id"]
  readonly location: Location["id"]
}

/** Commits a batch on the bare store. A store that fails a sound batch breaks the law that commands are decided. */
export const commitBatch = (
  session: Session,
  batch: ReadonlyArray<Submission>
): Effect.Effect<ReadonlyArray<Outcome>, LawBroken> =>
  session.store.transact(batch).pipe(
    Effect.mapError(
      ({ outcome, cause }) =>
        new LawBroken({
          law: "D24",
          detail: `A batch that nothing was wrong with failed (${outcome}): ${causeText(cause)}`
        })
    ),
    Effect.filterOrFail(
      (outcomes) => outcomes.length === batch.length,
      (outcomes) => new LawBroken({ law: "D24", detail: `${outcomes.length} outcomes for ${batch.length} commands` })
    )
  )

/** Commits one command on the bare store. */
export const commitOne = (session: Session, submission: Submission): Effect.Effect<Outcome, LawBroken> =>
  Effect.flatMap(commitBatch(session, [submission]), ([outcome]) =>
    outcome === undefined ? new LawBroken({ law: "D24", detail: "A command had no outcome" }) : Effect.succeed(outcome)
  )

/** Fails unless the command was applied. */
export const mustApply = (submission: Submission, outcome: Outcome | undefined): Effect.Effect<void, LawBroken> =>
  outcome?._tag === "Applied"
    ? Effect.void
    : Effect.fail(
        new LawBroken({
          law: "D24",
          detail: `${lineOf(submission)} should be applied, but was ${refusalTag(outcome)}`
        })
      )

/** The tag of what an outcome refused, or what else it was. */
export const refusalTag = (outcome: Outcome | undefined): string => {
  if (outcome?._tag !== "Refused") return outcome?._tag ?? "not answered"
  const { refusal } = outcome
  return typeof refusal === "object" && refusal !== null && "_tag" in refusal ? String(refusal._tag) : "Refused"
}

/** A command that receives stock on a shelf. */
export const receive = ({ product, location }: Shelf, quantity: number, key: string): Submission =>
  submissionOf("recordMovements", { lines: [{ kind: "receipt", product, location, quantity }] }, { key })

/** A command that sells stock of a shelf. */
export const sell = ({ product, location }: Shelf, quantity: number, key: string, actor?: string): Submission =>
  submissionOf(
    "recordMovements",
    { lines: [{ kind: "sale", product, location, quantity }] },
    { key, actor: actor ?? null }
  )

/** A command that holds stock of a shelf. */
export const hold = ({ product, location }: Shelf, quantity: number, ttlMillis: number, key: string): Submission =>
  submissionOf("holdStock", { lines: [{ product, location, quantity }], ttlMillis }, { key })

/** Makes a location with a product of which so much is received. `name` tells shelves of one store apart. */
export const stockShelf = (
  session: Session,
  quantity: number,
  name = "shelf",
  lotTracked = false
): Effect.Effect<Shelf, LawBroken> =>
  Effect.gen(function* () {
    const shelf = { product: ProductId.make(`product-${name}`), location: LocationId.make(`location-${name}`) }
    const batch = [
      submissionOf("createLocation", { id: shelf.location, name }, { key: `location-${name}` }),
      submissionOf(
        "createProduct",
        { id: shelf.product, sku: `SKU-${name}`, name, price: { amount: 950, currency: "USD" }, lotTracked },
        { key: `product-${name}` }
      ),
      ...(quantity > 0 ? [receive(shelf, quantity, `stock-${name}`)] : [])
    ]
    const outcomes = yield* commitBatch(session, batch)
    for (const [index, submission] of batch.entries()) yield* mustApply(submission, outcomes[index])
    return shelf
  })

/** Tries what must hold of random histories, each on a store of its own. No time passes in them. */
export const overHistories = (
  { subject, features, effort }: TrialInput,
  check: (session: Session, history: ReadonlyArray<Step>) => Effect.Effect<void, LawBroken>
): Effect.Effect<void, LawBroken> =>
  checkProperty(
    steps({ features, maxLength: effort.historyLength, timePasses: false }),
    { runs: Math.ceil(effort.runs / 2), seed: effort.seed, simpler: simplerSteps },
    (history) => withSession(subject, (session) => check(session, history))
  )

/**
 * What an effect gives, or nothing once it has taken so many milliseconds of real time. Virtual time leaps while a
 * store waits for its disk or its server, so it cannot tell who is stuck.
 */
export const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>, millis: number) =>
  Effect.raceFirst(
    Effect.asSome(effect),
    Effect.callback<Option.Option<A>>((resume) => {
      const timer = setTimeout(() => resume(Effect.succeedNone), millis)
      return Effect.sync(() => clearTimeout(timer))
    })
  )

/** What a store must answer here: where it fails, it breaks the law, and `what` says what it was asked. */
export const mustAnswer = <A>(
  law: LawId,
  what: string,
  asked: Effect.Effect<A, unknown>
): Effect.Effect<A, LawBroken> =>
  Effect.mapError(asked, (error) => new LawBroken({ law, detail: `${what} failed: ${error}` }))

/** Runs a random history on the bare store, batch by batch. */
export const fillStore = (session: Session, { features }: TrialInput, history: ReadonlyArray<Step>) =>
  Effect.gen(function* () {
    yield* commitBatch(session, beginning(features))
    session.diary.given(BEGINNING)
    const known = nothingKnown()
    for (const [index, step] of history.entries()) {
      const submission = resolve(step, known, index)
      known.submissions.push(submission)
      learn(known, submission, yield* commitOne(session, submission))
    }
  })
