// Callers at once on one inventory, and a diary of what each was told: what a fault may not take back later.
import {
  type CommandError,
  type CommandName,
  commands,
  Inventory,
  type InventoryShape,
  LocationId,
  type PayloadOf,
  type ProductId,
  type ReplyOf,
  Store,
  type Submitted,
  shardOf
} from "@onhand/core"
import { Deferred, Effect, Random } from "effect"
import { type Asked, layBeginning, type Wish, wishesOf } from "./AnyCommand.ts"

export type { Asked } from "./AnyCommand.ts"

/** What a caller was told of a command: its reply or the tag of its refusal, as text. */
export interface Told {
  readonly key: string
  readonly outcome: "applied" | "refused"
  /** Left out where a transport says it in other words than the inventory. */
  readonly text?: string
}

/** What a caller heard instead of an answer: nobody knows, nothing was written, or a defect. */
export interface Untold {
  readonly key: string
  readonly heard: "unknown" | "unavailable" | "defect"
  readonly cause: unknown
}

/** One line of a diary, as a process prints it that may be killed at any moment. */
export type DiaryLine = { readonly asked: Asked } | { readonly told: Told } | { readonly untold: Untold }

/** What all callers of a load were told. */
export interface Diary {
  readonly asked: Map<string, Asked>
  readonly told: Array<Told>
  readonly write: (line: DiaryLine) => void
  /** Keys whose outcome nobody knew. */
  readonly unknown: Array<string>
  /** Keys of commands of which was said that nothing was written, and the reasons given. */
  readonly unavailable: Array<{ readonly key: string; readonly cause: unknown }>
  readonly defects: Array<unknown>
  /** The longest that a caller waited for anything, in milliseconds. */
  slowestMillis: number
  over: boolean
  /** Completes once so many more commands were answered. */
  readonly untilAnswered: (more: number) => Effect.Effect<void>
  /** Completes once somebody hears that the store is unavailable. */
  readonly untilUnavailable: Effect.Effect<void>
  readonly notice: () => void
}

/** An empty diary. `print` gets each line as soon as it is written. */
export const makeDiary = (print: (line: DiaryLine) => void = () => {}): Diary => {
  const waiting = new Set<{ readonly isDone: () => boolean; readonly done: Deferred.Deferred<void> }>()
  const until = (isDone: () => boolean) =>
    Effect.suspend(() => {
      const done = Deferred.makeUnsafe<void>()
      waiting.add({ isDone, done })
      return Deferred.await(done)
    })
  const diary: Diary = {
    asked: new Map(),
    told: [],
    write: (line) => {
      print(line)
      if ("asked" in line) diary.asked.set(line.asked.key, line.asked)
      else if ("told" in line) diary.told.push(line.told)
      else if (line.untold.heard === "unknown") diary.unknown.push(line.untold.key)
      else if (line.untold.heard === "unavailable") diary.unavailable.push(line.untold)
      else diary.defects.push(line.untold.cause)
    },
    unknown: [],
    unavailable: [],
    defects: [],
    slowestMillis: 0,
    over: false,
    untilAnswered: (more) =>
      Effect.suspend(() => {
        const target = diary.told.length + more
        return until(() => diary.told.length >= target)
      }),
    untilUnavailable: Effect.suspend(() => {
      const before = diary.unavailable.length
      return until(() => diary.unavailable.length > before)
    }),
    notice: () => {
      for (const one of waiting) {
        if (!one.isDone()) continue
        waiting.delete(one)
        Deferred.doneUnsafe(one.done, Effect.void)
      }
    }
  }
  return diary
}

/** What the load moves: products at locations, and how long it holds them. */
export interface Shelves {
  readonly holdMillis: number
  readonly products: ReadonlyArray<ProductId>
  readonly locations: ReadonlyArray<LocationId>
  /** Whether a part of the load is commands of any kind. */
  readonly ofAnyKind: boolean
}

const PRODUCTS = 2
const LOCATIONS = 3
const FIRST_STOCK = 200

/** An id for a location in a shard. */
const locationIn = (shard: number, shards: number): LocationId => {
  for (;;) {
    const id = LocationId.make(crypto.randomUUID())
    if (shardOf(id, shards) === shard) return id
  }
}

/**
 * Whether the kit's laws can judge commands of any kind: with several shards some read rows that others write under
 * another head at the same moment, such as a lot, and then times alone do not tell which came first.
 */
const judgesAnyKind = (shards: number): boolean => shards === 1

/** Makes products, locations in as many shards as there are, and stock of each product in each location. */
export const stockShelves = Effect.fnUntraced(function* (holdMillis: number) {
  const inventory = yield* Inventory
  const { shards } = yield* Store
  const locations: Array<LocationId> = []
  const products: Array<ProductId> = []
  const ofAnyKind = judgesAnyKind(shards)
  if (ofAnyKind) yield* layBeginning
  for (let index = 0; index < LOCATIONS; index++) {
    const id = locationIn((index + 1) % shards, shards)
    locations.push((yield* inventory.createLocation({ id, name: `Shop ${index}` })).id)
  }
  for (let index = 0; index < PRODUCTS; index++) {
    const price = { amount: 950, currency: "USD" }
    products.push((yield* inventory.createProduct({ sku: `MUG-${index}`, name: "Mug", price })).id)
  }
  for (const location of locations) {
    for (const product of products) {
      yield* inventory.recordMovements({ lines: [{ kind: "receipt", product, location, quantity: FIRST_STOCK }] })
    }
  }
  return { holdMillis, products, locations, ofAnyKind }
})

/** How long holds of a load last, in milliseconds: they outlive it, or some lapse while it runs. */
export const LONG_HOLD = 600_000
export const SHORT_HOLD = 400

type Holding = Pick<PayloadOf<"commitClaims">, "location" | "claims">

const wish = <K extends CommandName>(
  key: string,
  command: K,
  payload: PayloadOf<K>,
  learn: (reply: ReplyOf<K>) => void = () => {}
): Wish => ({
  asked: { key, command, payload: commands[command].codec.encodePayload(payload) },
  // The reply is that of the command.
  learn: ({ reply }) => learn(reply as ReplyOf<K>)
})

/** The kinds of commands of the next function. */
export const DAILY_KINDS = 4

/** A sale, a receipt, a hold, or what becomes of one: what a shop does all day. */
const chooseDaily = (key: string, shelves: Shelves, holdings: Array<Holding>) =>
  Effect.gen(function* () {
    const { products, locations, holdMillis } = shelves
    const product = yield* Random.choice(products as [ProductId, ...Array<ProductId>])
    const [location, other] = yield* Random.shuffle(locations) as Effect.Effect<[LocationId, LocationId]>
    const quantity = yield* Random.nextIntBetween(1, 4)
    const dice = yield* Random.next
    const line = { product, location, quantity }
    const holding = dice < 0.25 ? holdings.shift() : undefined
    if (holding !== undefined) return wish(key, dice < 0.15 ? "commitClaims" : "releaseClaims", holding)
    if (dice < 0.4) {
      return wish(key, "holdStock", { lines: [line], ttlMillis: holdMillis }, ({ claims: [claim] }) => {
        if (claim !== undefined) holdings.push({ location, claims: [claim] })
      })
    }
    if (dice < 0.8) return wish(key, "recordMovements", { lines: [{ kind: "sale", ...line }] })
    // Two locations, so that batches meet in more than one shard.
    const there = { kind: "receipt", product, location: other, quantity: 1 } as const
    return wish(key, "recordMovements", { lines: [{ kind: "receipt", ...line }, there] })
  })

/** Of so many commands of a caller one is of any kind. */
const ANY_KIND = 3

/** Sends a command under its key, whichever it is. */
export const send = (
  inventory: InventoryShape,
  { key, command, payload }: Asked
): Effect.Effect<Submitted<unknown>, CommandError<CommandName>> =>
  // What the command's own codec decodes is its payload.
  inventory.submit(command, commands[command].codec.decodePayload(payload) as never, { key })

/** A reply as text, the same whenever it is given. */
export const replyText = ({ command }: Asked, reply: unknown): string =>
  JSON.stringify(commands[command].codec.encodeReply(reply))

const caller = (inventory: InventoryShape, shelves: Shelves, diary: Diary, name: string) =>
  Effect.gen(function* () {
    const holdings: Array<Holding> = []
    const anyWish = wishesOf(name)
    for (let index = 0; !diary.over; index++) {
      const key = `${name}-${index}`
      const { asked, learn } =
        shelves.ofAnyKind && index % ANY_KIND === 0 ? anyWish(key) : yield* chooseDaily(key, shelves, holdings)
      diary.write({ asked })
      const began = performance.now()
      const outcome = yield* answerOf(inventory, asked, diary)
      diary.slowestMillis = Math.max(diary.slowestMillis, performance.now() - began)
      if (outcome !== undefined) diary.write({ told: outcome.told })
      if (outcome?.answer !== undefined) learn(outcome.answer)
      diary.notice()
      // A caller that is told to come back later does; it only waits less than it is told.
      yield* outcome === undefined ? Effect.sleep("50 millis") : Effect.yieldNow
    }
  })

/** Sends a command and writes down what came of it, other than an answer. */
const answerOf = (inventory: InventoryShape, asked: Asked, diary: Diary) => {
  const { key } = asked
  const untold = (heard: Untold["heard"], cause: unknown) =>
    Effect.sync(() => {
      diary.write({ untold: { key, heard, cause } })
      return undefined
    })
  return send(inventory, asked).pipe(
    Effect.map((answer) => ({
      told: { key, outcome: "applied" as const, text: replyText(asked, answer.reply) },
      answer
    })),
    Effect.catch((error) => {
      if (error._tag === "OutcomeUnknown") return untold("unknown", null)
      if (error._tag === "StoreUnavailable") return untold("unavailable", error.cause)
      return Effect.succeed({ told: { key, outcome: "refused" as const, text: error._tag }, answer: undefined })
    }),
    Effect.catchDefect((defect) => untold("defect", defect))
  )
}

/** Runs callers until the diary is over, and then until each has its last answer. */
export const runCallers = (shelves: Shelves, diary: Diary, callers: number, seed: string) =>
  Effect.flatMap(Inventory, (inventory) =>
    Effect.forEach(
      Array.from({ length: callers }, (_, index) => `${seed}-${index}`),
      (name) => caller(inventory, shelves, diary, name).pipe(Random.withSeed(name)),
      { concurrency: "unbounded", discard: true }
    )
  )

/** Runs callers while something is done to the database. */
export const underLoad = <E, R>(
  options: { readonly shelves: Shelves; readonly callers: number; readonly seed: string },
  meanwhile: (diary: Diary) => Effect.Effect<void, E, R>
) =>
  Effect.gen(function* () {
    const diary = makeDiary()
    const stop = Effect.sync(() => {
      diary.over = true
    })
    const callers = runCallers(options.shelves, diary, options.callers, options.seed)
    yield* Effect.all([callers, Effect.ensuring(meanwhile(diary), stop)], { concurrency: 2, discard: true })
    return diary
  })
