/**
 * Trials of claims: how long a hold binds, who ends it, and what a commitment is worth.
 */
import { CartId, type ClaimId, firstPage, type Outcome, type ReplyOf } from "@onhand/core"
import { DateTime, Effect } from "effect"
import type { LawBroken } from "./Law.ts"
import { anotherEngine, checkRows, ensure, outcomeText, type Session, submissionOf, withSession } from "./Session.ts"
import { commitOne, hold, mustApply, receive, refusalTag, type Shelf, sell, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

/** Past the end of a hold where time is real: timers are not exact. */
export const SLACK_MILLIS = 100

export const LONG_HOLD = 24 * 60 * 60 * 1000

const claimsOf = (outcome: Outcome): ReplyOf<"holdStock">["claims"] =>
  outcome._tag === "Applied" ? (outcome.reply as ReplyOf<"holdStock">).claims : []

export const holdAll = (session: Session, shelf: Shelf, quantity: number, ttlMillis: number, key = "hold") =>
  Effect.gen(function* () {
    const submission = hold(shelf, quantity, ttlMillis, key)
    const outcome = yield* commitOne(session, submission)
    yield* mustApply(submission, outcome)
    return [claimsOf(outcome)[0] as ClaimId, ...claimsOf(outcome).slice(1)] as const
  })

/** What the store says is available of a shelf, as anyone reads it. */
const readAvailable = (session: Session, shelf: Shelf) =>
  session.inventory.read.levels(shelf, { _tag: "Cursor", limit: 1 }).pipe(
    Effect.map(({ items }) => items[0]?.available),
    Effect.orDie
  )

const expectAvailable = (session: Session, shelf: Shelf, expected: number, when: string) =>
  Effect.flatMap(readAvailable(session, shelf), (available) =>
    ensure("C16", available === expected, () => `${when} ${available} are available to a reader instead of ${expected}`)
  )

const expiry: Trial = {
  title: "lets a hold bind to the instant of its expiry and not beyond, swept or not",
  laws: ["C16", "C12"],
  needs: "claims",
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 5)
        const claims = yield* holdAll(session, shelf, 3, session.shortHold)
        // Nobody names this hold again: that it has lapsed, the store must find by its stock.
        yield* holdAll(session, shelf, 2, session.shortHold, "forgotten hold")
        yield* expectAvailable(session, shelf, 0, "Right after the holds")
        // With a clock that only we move, the last millisecond before the expiry can be met exactly.
        if (session.time === "virtual") yield* session.wait(session.shortHold - 1)
        const early = yield* commitOne(session, sell(shelf, 1, "early"))
        yield* ensure(
          "C16",
          refusalTag(early) === "InsufficientStock",
          () => `Before the expiry of a hold of everything a sale was ${outcomeText(sell(shelf, 1, "early"), early)}`
        )
        yield* session.wait(session.time === "virtual" ? 1 : session.shortHold + SLACK_MILLIS)
        yield* expectAvailable(session, shelf, 5, "From the expiry on")
        const commit = submissionOf("commitClaims", { location: shelf.location, claims }, { key: "late commit" })
        const late = yield* commitOne(session, commit)
        yield* ensure(
          "C16",
          refusalTag(late) === "ClaimClosed",
          () => `From its expiry on a hold was ${outcomeText(commit, late)}`
        )
        const sale = sell(shelf, 5, "late")
        const sold = yield* commitOne(session, sale)
        yield* ensure(
          "C16",
          sold._tag === "Applied",
          () => `From the expiry of all holds on, a sale was ${outcomeText(sale, sold)}`
        )
        yield* checkRows(session)
      })
    )
}

/** How long before the expiry the store is first asked; where time is virtual, it passes millisecond by millisecond. */
const ASKED_BEFORE: Readonly<Record<Session["time"], number>> = { virtual: 3, real: 50 }

/** A hold that never ends must not be asked about for ever; a slow store needs few questions to get there. */
const MOST_ASKED = 5_000
/** So often is asked once the hold is over. */
const ASKED_AFTER = 3

const HELD = 5

/** What a reader is told to be available of a shelf, by each question that tells it. */
const readEverywhere = ({ inventory: { read } }: Session, { product, location }: Shelf) => {
  const ofProduct = (sort: "name_asc" | "stock_asc") =>
    Effect.map(
      read.products({ sort }, firstPage(10)),
      ({ items }) => items.find((one) => one.product.id === product)?.available
    )
  return Effect.orDie(
    Effect.all({
      levels: Effect.map(read.levels({ product, location }, firstPage(1)), ({ items }) => items[0]?.available),
      productLevels: Effect.map(read.productLevels([product]), ([one]) => one?.levels[0]?.available),
      "products by name": ofProduct("name_asc"),
      "products by stock": ofProduct("stock_asc"),
      explain: Effect.map(read.explain({ product, location }), ({ level }) => level.available),
      claims: Effect.map(
        read.claims({ product, location }, firstPage(1)),
        ({ items }) => HELD - (items[0]?.quantity ?? 0)
      )
    })
  )
}

/**
 * Asks from before the expiry of a hold of both shelves until it is over: one is wanted again and again, the other only
 * read, so that no write tidies it up. Answers what was read after each time.
 */
const askThrough = (session: Session, [wanted, watched]: readonly [Shelf, Shelf]) =>
  Effect.gen(function* () {
    const seen: Array<Effect.Success<ReturnType<typeof readEverywhere>>> = []
    let over = 0
    for (let asked = 0; asked < MOST_ASKED && over < ASKED_AFTER; asked++) {
      const outcome = yield* commitOne(session, sell(wanted, HELD, `wanted-${asked}`))
      if (outcome._tag === "Applied") {
        over++
        yield* commitOne(session, receive(wanted, HELD, `again-${asked}`))
      }
      seen.push(yield* readEverywhere(session, watched))
      // So every other question is asked within one millisecond.
      if (session.time === "virtual" && asked % 2 === 1) yield* session.wait(1)
    }
    yield* commitOne(session, sell(wanted, HELD, `wanted-${seen.length}`))
    return seen
  })

// The store's own clock decides, and its records tell it: whatever is read between two commands of one side of the
// expiry is what it is on that side.
const instant: Trial = {
  title: "gives back what was held at the very millisecond, to who reads and to who writes, with nobody sweeping",
  laws: ["C16"],
  needs: "claims",
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelves = [
          yield* stockShelf(session, HELD, "wanted"),
          yield* stockShelf(session, HELD, "watched")
        ] as const
        const [first, second] = shelves.map((shelf) => ({ ...shelf, quantity: HELD }))
        if (first === undefined || second === undefined) return
        const holding = submissionOf(
          "holdStock",
          { lines: [first, second], ttlMillis: session.shortHold },
          { key: "hold" }
        )
        const held = yield* commitOne(session, holding)
        yield* mustApply(holding, held)
        if (held._tag !== "Applied") return
        const end = DateTime.toEpochMillis((held.reply as ReplyOf<"holdStock">).expiresAt)
        yield* session.wait(session.shortHold - ASKED_BEFORE[session.time])
        const seen = yield* askThrough(session, shelves)
        const { commands } = yield* checkRows(session)
        const records = new Map(commands.map((record) => [record.key, record]))
        const outcomeAt = (index: number) => records.get(`wanted-${index}`)?.outcome
        const millisAt = (index: number) =>
          Math.floor((records.get(`wanted-${index}`)?.recordedMicros ?? Number.NaN) / 1000)
        for (const [index, reads] of seen.entries()) {
          const [from, to] = [millisAt(index) - end, millisAt(index + 1) - end]
          yield* ensure(
            "C16",
            (outcomeAt(index) === "applied") === from >= 0,
            () => `A sale of what is held was ${outcomeAt(index)} ${from} ms after the hold's expiry`
          )
          const expected = from >= 0 ? HELD : to < 0 ? 0 : undefined
          for (const [question, available] of Object.entries(reads)) {
            yield* ensure(
              "C16",
              expected === undefined || available === expected,
              () =>
                `Of ${HELD} held, ${question} told of ${available} available, ${from} to ${to} ms after their expiry`
            )
          }
        }
        const last = millisAt(seen.length) - end
        yield* ensure("C16", last >= 0, () => `A hold was still in the way after ${seen.length} questions`)
      })
    )
}

const commitments: Trial = {
  title: "commits what is held whatever else is wanted, and gives a released claim back exactly",
  laws: ["C14", "C13"],
  needs: "claims",
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 5)
        const claims = yield* holdAll(session, shelf, 5, session.shortHold)
        yield* commitOne(session, sell(shelf, 1, "wanted"))
        const commit = submissionOf("commitClaims", { location: shelf.location, claims }, { key: "commit" })
        const committed = yield* commitOne(session, commit)
        yield* ensure("C14", committed._tag === "Applied", () => `It was ${outcomeText(commit, committed)}`)
        yield* session.wait(session.shortHold + SLACK_MILLIS)
        yield* expectAvailable(session, shelf, 0, "Long after its commit")
        const release = submissionOf("releaseClaims", { location: shelf.location, claims }, { key: "release" })
        yield* mustApply(release, yield* commitOne(session, release))
        const again = submissionOf("releaseClaims", { location: shelf.location, claims }, { key: "release again" })
        const twice = yield* commitOne(session, again)
        yield* ensure(
          "C13",
          refusalTag(twice) === "ClaimClosed",
          () => `A second release of one claim was ${outcomeText(again, twice)}`
        )
        const available = yield* readAvailable(session, shelf)
        yield* ensure("C13", available === 5, () => `After the release of a claim of all 5 there are ${available}`)
        yield* checkRows(session)
      })
    )
}

const RACES = 10

const race: Trial = {
  title: "lets exactly one of commit and release win a claim, through two engines at once",
  laws: ["C15"],
  needs: "claims",
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.scoped(
        Effect.gen(function* () {
          const shelf = yield* stockShelf(session, RACES)
          const engines = [session.engine, yield* anotherEngine(session.store)]
          for (let round = 0; round < RACES; round++) {
            const claims = yield* holdAll(session, shelf, 1, LONG_HOLD, `hold-${round}`)
            const payload = { location: shelf.location, claims }
            const submissions = [0, 1, 2, 3].map((rival) =>
              submissionOf(rival % 2 === 0 ? "commitClaims" : "releaseClaims", payload, { key: `${round}-${rival}` })
            )
            const outcomes = yield* Effect.forEach(
              submissions,
              (submission, index) => Effect.result((engines[index % 2] ?? session.engine).submit(submission)),
              { concurrency: "unbounded" }
            )
            yield* ensureOneEnd(outcomes.map((result) => (result._tag === "Success" ? result.success : undefined)))
          }
          yield* checkRows(session)
        })
      )
    )
}

// A release after a commit also applies: it lets go of the commitment. Nothing applies after a release.
const ensureOneEnd = (outcomes: ReadonlyArray<Outcome | undefined>): Effect.Effect<void, LawBroken> => {
  const applied = outcomes.flatMap((outcome, index) => (outcome?._tag === "Applied" ? [index % 2] : []))
  const closed = outcomes.filter((outcome) => refusalTag(outcome) === "ClaimClosed").length
  const commits = applied.filter((kind) => kind === 0).length
  const fine = commits <= 1 && applied.length - commits === 1 && applied.length + closed === outcomes.length
  return ensure(
    "C15",
    fine,
    () => `Two commits and two releases of one claim were: ${outcomes.map(refusalTag).join(", ")}`
  )
}

const openCart = (shelf: Shelf, quantity: number, key: string) =>
  submissionOf("openCart", { lines: [{ product: shelf.product, quantity, mode: "add" }] }, { key })

const ownHold: Trial = {
  title: "never blocks a shopper by the shopper's own hold",
  laws: ["H45", "C12"],
  needs: "carts",
  run: ({ subject }) =>
    withSession(subject, (session) =>
      Effect.gen(function* () {
        const shelf = yield* stockShelf(session, 3)
        yield* commitOne(session, openCart(shelf, 3, "mine"))
        yield* commitOne(session, openCart(shelf, 1, "theirs"))
        const mine = CartId.make("mine")
        const at = { cart: mine, location: shelf.location }
        const begin = submissionOf("beginCheckout", { ...at, ttlMillis: LONG_HOLD }, { key: "begin" })
        yield* mustApply(begin, yield* commitOne(session, begin))
        const other = submissionOf(
          "checkout",
          { cart: CartId.make("theirs"), location: shelf.location },
          { key: "other" }
        )
        const refused = yield* commitOne(session, other)
        yield* ensure(
          "C12",
          refusalTag(refused) === "InsufficientStock",
          () => `While one cart holds everything, another's checkout was ${outcomeText(other, refused)}`
        )
        const checkout = submissionOf("checkout", at, { key: "checkout" })
        const sold = yield* commitOne(session, checkout)
        yield* ensure("H45", sold._tag === "Applied", () => `The holder's checkout was ${outcomeText(checkout, sold)}`)
        yield* mustApply(receive(shelf, 1, "more"), yield* commitOne(session, receive(shelf, 1, "more")))
        yield* checkRows(session)
      })
    )
}

export const claimTrials: ReadonlyArray<Trial> = [expiry, instant, commitments, race, ownHold]
