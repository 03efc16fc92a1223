/**
 * Sessions: one freshly opened store with everything a trial uses: its raw rows, an inventory over it, its time.
 */
import {
  type CommandDefinition,
  type CommandName,
  commands,
  Engine,
  type EngineShape,
  Inventory,
  type InventoryShape,
  type Outcome,
  type PayloadOf,
  payloadTextOf,
  Store,
  type StoreShape,
  type Submission
} from "@onhand/core"
import { Context, Effect, Layer } from "effect"
import { commandLaws, type Growth, growthLaw, refusalLaw } from "./CommandLaws.ts"
import { causeText, type Diary, failureText, makeDiary, placedText } from "./Diary.ts"
import { type Finding, LawBroken, type LawId, laws } from "./Law.ts"
import { ledgerLaws } from "./LedgerLaws.ts"
import { type LedgerView, viewOf } from "./LedgerView.ts"
import { type LedgerSnapshot, RawReaders } from "./RawReaders.ts"
import { makeVirtualClock } from "./VirtualClock.ts"

/** How time passes for a store: by Effect's clock, which trials then move, or by a clock that nobody here can move. */
export type StoreTime = "virtual" | "real"

/** How long a hold lasts that a trial means to outlive, in milliseconds: a moment to wait for where time is real. */
const SHORT_HOLD: Readonly<Record<StoreTime, number>> = { virtual: 60_000, real: 1_000 }

/** A store as the kit opens it: every build of the layer is a new, empty store. */
export interface Subject {
  readonly layer: Layer.Layer<Store | RawReaders, unknown>
  readonly time: StoreTime
}

/** An open store. */
export interface Session {
  readonly store: StoreShape
  readonly inventory: InventoryShape
  readonly engine: EngineShape
  /** All rows. It fails where they lack a command that was answered by then: what else is wrong follows from that. */
  readonly snapshot: Effect.Effect<LedgerSnapshot, LawBroken>
  /** See {@link RawReaders}. */
  readonly tamper: Effect.Effect<void> | undefined
  readonly view: Effect.Effect<LedgerView, LawBroken>
  readonly time: StoreTime
  /** What was asked of the store and what it answered, told when a law breaks. */
  readonly diary: Diary
  /** How long a hold lasts that the trial means to outlive, in milliseconds. */
  readonly shortHold: number
  /** Lets time pass for the store, in milliseconds. */
  readonly wait: (millis: number) => Effect.Effect<void>
}

const readersOf = (context: Context.Context<Store | RawReaders>) => ({
  store: Context.get(context, Store),
  readers: Context.get(context, RawReaders)
})

const build = <A, E>(layer: Layer.Layer<A, E>) =>
  Effect.flatMap(Effect.scope, (scope) => Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), scope))

/** Another engine over the same store, as a second process has one. */
export const anotherEngine = (store: StoreShape) =>
  Effect.map(build(Engine.layer.pipe(Layer.provide(Layer.succeed(Store, store)))), (context) =>
    Context.get(context, Engine)
  )

/** What one place was asked, and answered, over all that it was opened. */
interface Told {
  readonly diary: Diary
  /** The keys of the commands that were answered and have a place in the ledger. */
  readonly answered: Set<string>
}

const isPlaced = (outcome: Outcome | undefined) =>
  outcome !== undefined && outcome._tag !== "Failed" && outcome.at !== null

/** The store, with every batch that it commits or fails written down, and whatever came late to it. */
const recorded = (store: StoreShape, { diary, answered }: Told): StoreShape => ({
  ...store,
  transact: (batch, following) =>
    Effect.suspend(() => {
      const whole = [...batch]
      const watched = following && {
        ...following,
        late: () => {
          const late = following.late()
          whole.push(...late)
          return late
        }
      }
      const note = (told: (submission: Submission, index: number) => string) =>
        Effect.sync(() => diary.batch(whole, () => whole.map(told)))
      return store.transact(batch, watched).pipe(
        Effect.tap((outcomes) => {
          for (const [index, { key }] of whole.entries()) if (isPlaced(outcomes[index])) answered.add(key)
          return note((submission, index) => {
            const outcome = outcomes[index]
            return outcome === undefined ? "no answer" : placedText(outcomeText(submission, outcome), outcome)
          })
        }),
        Effect.tapError((failure) => note(() => failureText(failure)))
      )
    })
})

/** The most lost commands that a message names. */
const MAX_LOST = 5

/** All rows, once every command that was answered before they were read is known to be among them. */
const completeRows = (read: Effect.Effect<LedgerSnapshot>, answered: ReadonlySet<string>) =>
  Effect.suspend(() => {
    const before = [...answered]
    return Effect.flatMap(read, (snapshot) => {
      const kept = new Set(snapshot.commands.map(({ key }) => key))
      const lost = before.filter((key) => !kept.has(key))
      if (lost.length === 0) return Effect.succeed(snapshot)
      const named = lost.slice(0, MAX_LOST).map((key) => `command ${key} was answered, but is not there`)
      const more = lost.length > MAX_LOST ? [`and ${lost.length - MAX_LOST} more`] : []
      return Effect.fail(new LawBroken({ law: "F33", detail: [...named, ...more].join("\n") }))
    })
  })

const notEmpty = ({ commands }: LedgerSnapshot) =>
  new Error(
    `The layer opened a store with ${commands.length} commands; every build must give a new, empty one. ` +
      "Where the layer is a value that names one file or database, make the name anew in each build."
  )

/** Opens the store, which must be empty the first time. */
const open = (subject: Subject, told: Told, wait: Session["wait"], first: boolean) =>
  Effect.gen(function* () {
    const { diary } = told
    const context = yield* Effect.catch(build(subject.layer), (error) =>
      Effect.die(new Error(`The store did not open: ${causeText(error)}`))
    )
    const { store: bare, readers } = readersOf(context)
    if (first) {
      const found = yield* readers.snapshot
      if (found.commands.length > 0) return yield* Effect.die(notEmpty(found))
    }
    const store = recorded(bare, told)
    const storeLayer = Layer.succeed(Store, store)
    const engines = yield* build(Layer.mergeAll(Inventory.layer, Engine.layer).pipe(Layer.provide(storeLayer)))
    const snapshot = completeRows(readers.snapshot, told.answered)
    const session: Session = {
      store,
      inventory: Context.get(engines, Inventory),
      engine: Context.get(engines, Engine),
      snapshot,
      tamper: readers.tamper,
      view: Effect.map(snapshot, (rows) => viewOf(rows, store.shards)),
      time: subject.time,
      diary,
      shortHold: SHORT_HOLD[subject.time],
      wait: (millis) => {
        diary.note(`${millis} ms pass`)
        return wait(millis)
      }
    }
    return session
  })

const withHistory = <E>(error: E, diary: Diary): E | LawBroken =>
  error instanceof LawBroken && error.history === undefined
    ? new LawBroken({ law: error.law, detail: error.detail, history: diary.lines() })
    : error

/** Opens a store, uses it and closes it, as often as it is called: after the first time, that is a restart. */
export type OpenPlace = <A, E>(use: (session: Session) => Effect.Effect<A, E, never>) => Effect.Effect<A, E | LawBroken>

/**
 * Lets a trial open one place again and again, in one time that goes on. Where the store's time is virtual, everything
 * inside lives in that time. A law that breaks inside is told with what was done since the first opening.
 */
export const withOpenings = <A, E>(
  subject: Subject,
  body: (openPlace: OpenPlace) => Effect.Effect<A, E, never>
): Effect.Effect<A, E | LawBroken> =>
  Effect.suspend(() => {
    const told: Told = { diary: makeDiary(), answered: new Set() }
    let openPlaces = 0
    const within = (wait: Session["wait"]) => {
      const openPlace: OpenPlace = (use) =>
        Effect.suspend(() => {
          const first = openPlaces++ === 0
          if (!first) told.diary.note("The store is closed, and opened again")
          return Effect.scoped(Effect.flatMap(open(subject, told, wait, first), use))
        })
      return Effect.mapError(body(openPlace), (error) => withHistory(error, told.diary))
    }
    if (subject.time === "real") return within(Effect.sleep)
    const { provide, advance } = makeVirtualClock()
    return provide(within(advance))
  })

/** Opens a new store, uses it, and closes it; see {@link withOpenings}. */
export const withSession = <A, E>(
  subject: Subject,
  use: (session: Session) => Effect.Effect<A, E, never>
): Effect.Effect<A, E | LawBroken> => withOpenings(subject, (openPlace) => openPlace(use))

/** A submission whose id is chosen, so that the same command names what it creates the same in every store. */
export const submissionOf = <K extends CommandName>(
  command: K,
  payload: PayloadOf<K>,
  { key, id = key, actor = null }: { readonly key: string; readonly id?: string; readonly actor?: string | null }
): Submission => {
  const definition: CommandDefinition = commands[command]
  return { key, definition, payload, payloadText: payloadTextOf(definition, payload), id, actor, occurredAt: null }
}

/**
 * Whether a submission lets holds last longer, by itself or as a step. One that ends in the same millisecond already
 * stays as it is, so whether it changes anything depends on how fast the store is.
 */
export const extendsHolds = ({ definition, payloadText }: Submission): boolean =>
  /extend(Holds|Checkout)/i.test(`${definition.tag} ${payloadText}`)

const INSTANT = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g

/** An outcome as text by which two stores can be compared; instants are masked, because their clocks differ. */
export const outcomeText = (submission: Submission, outcome: Outcome): string => {
  const { encodeReply, encodeRefusal } = submission.definition.codec
  switch (outcome._tag) {
    case "Applied":
      return `applied ${JSON.stringify(encodeReply(outcome.reply))}`.replace(INSTANT, "(time)")
    case "Refused":
      return `refused ${JSON.stringify(refusalJson(encodeRefusal, outcome.refusal))}`.replace(INSTANT, "(time)")
    case "Failed":
      return `failed ${String(outcome.defect)}`
  }
}

const refusalJson = (encode: (refusal: unknown) => unknown, refusal: unknown): unknown => {
  try {
    return encode(refusal)
  } catch {
    // An IdempotencyConflict is of no definition: any command can get it.
    return { ...Object(refusal), _tag: Object(refusal)._tag }
  }
}

// From cause to consequence, because the first that is broken is told.
const snapshotLaws = [refusalLaw, ...ledgerLaws, ...commandLaws]

/** The laws that rows alone show, which every trial checks. */
export const rowLaws: ReadonlyArray<LawId> = [...snapshotLaws, growthLaw].map(({ law }) => law)

/** What a snapshot, and one taken before it, break of the laws that rows alone show. */
export const findingsIn = (view: LedgerView, before?: Growth["before"]): ReadonlyArray<Finding> => [
  ...(before === undefined ? [] : growthLaw.findings({ before, after: view.snapshot })).map((detail) => ({
    law: growthLaw.law,
    detail
  })),
  ...snapshotLaws.flatMap(({ law, findings }) => findings(view).map((detail) => ({ law, detail })))
]

/** The most findings of a law that a message lists: enough to see what is wrong. */
const MAX_TOLD = 5

/** Fails with the first law that the findings break, and what shows it. */
export const report = (findings: ReadonlyArray<Finding>): Effect.Effect<void, LawBroken> => {
  const [first] = findings
  if (first === undefined) return Effect.void
  const same = findings.filter(({ law }) => law === first.law).map(({ detail }) => detail)
  const others = [...new Set(findings.map(({ law }) => law))].filter((law) => law !== first.law)
  const more = same.length > MAX_TOLD ? [`and ${same.length - MAX_TOLD} more`] : []
  const also = others.length === 0 ? [] : [`Also broken: ${others.map((law) => `${law} (${laws[law]})`).join(", ")}.`]
  return Effect.fail(
    new LawBroken({ law: first.law, detail: [...same.slice(0, MAX_TOLD), ...more, ...also].join("\n") })
  )
}

/** Checks every law that the rows alone show. */
export const checkRows = (session: Session, before?: LedgerSnapshot): Effect.Effect<LedgerSnapshot, LawBroken> =>
  Effect.gen(function* () {
    const view = yield* session.view
    yield* report(findingsIn(view, before))
    return view.snapshot
  })

/** Fails with a law unless the condition holds. */
export const ensure = (law: LawId, holds: boolean, detail: () => string): Effect.Effect<void, LawBroken> =>
  Effect.suspend(() => (holds ? Effect.void : Effect.fail(new LawBroken({ law, detail: detail() }))))
