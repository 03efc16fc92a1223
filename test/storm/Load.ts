// Callers at once on one inventory, and a diary of what each was told: what a fault may not take back later.
import {
  type CommandError,
  Inventory,
  type InventoryShape,
  LocationId,
  type ProductId,
  Store,
  shardOf
} from "@onhand/core"
import { Deferred, Effect, Random } from "effect"

/** The commands of the load. */
export type LoadCommand = "recordMovements" | "holdStock" | "commitClaims" | "releaseClaims"

type Payloads = { readonly [K in LoadCommand]: Parameters<InventoryShape[K]>[0] }

/** A command under its key, to be sent again as it was. */
export type Asked = { readonly [K in LoadCommand]: { key: string; command: K; payload: Payloads[K] } }[LoadCommand]

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

/** Makes products, locations in as many shards as there are, and stock of each product in each location. */
export const stockShelves = Effect.fnUntraced(function* (holdMillis: number) {
  const inventory = yield* Inventory
  const { shards } = yield* Store
  const locations: Array<LocationId> = []
  const products: Array<ProductId> = []
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
  return { holdMillis, products, locations }
})

/** How long holds of a load last, in milliseconds: they outlive it, or some lapse while it runs. */
export const LONG_HOLD = 600_000
export const SHORT_HOLD = 400

type Holding = { readonly location: LocationId; readonly claims: Payloads["commitClaims"]["claims"] }

const choose = (key: string, shelves: Shelves, holdings: Array<Holding>) =>
  Effect.gen(function* () {
    const { products, locations } = shelves
    const product = yield* Random.choice(products as [ProductId, ...Array<ProductId>])
    const [location, other] = yield* Random.shuffle(locations) as Effect.Effect<[LocationId, LocationId]>
    const quantity = yield* Random.nextIntBetween(1, 4)
    const dice = yield* Random.next
    const holding = dice < 0.25 ? holdings.shift() : undefined
    const line = { product, location, quantity }
    const asked: Asked =
      holding !== undefined
        ? { key, command: dice < 0.15 ? "commitClaims" : "releaseClaims", payload: holding }
        : dice < 0.4
          ? { key, command: "holdStock", payload: { lines: [line], ttlMillis: shelves.holdMillis } }
          : dice < 0.8
            ? { key, command: "recordMovements", payload: { lines: [{ kind: "sale", ...line }] } }
            : {
                key,
                command: "recordMovements",
                payload: {
                  lines: [
                    { kind: "receipt", ...line },
                    // Two locations, so that batches meet in more than one shard.
                    { kind: "receipt", product, location: other, quantity: 1 }
                  ]
                }
              }
    return asked
  })

/** Sends a command under its key, whichever it is. */
export const send = (
  inventory: InventoryShape,
  asked: Asked
): Effect.Effect<{ readonly reply: unknown; readonly replayed: boolean }, CommandError<LoadCommand>> => {
  switch (asked.command) {
    case "recordMovements":
      return inventory.submit(asked.command, asked.payload, { key: asked.key })
    case "holdStock":
      return inventory.submit(asked.command, asked.payload, { key: asked.key })
    default:
      return inventory.submit(asked.command, asked.payload, { key: asked.key })
  }
}

const caller = (inventory: InventoryShape, shelves: Shelves, diary: Diary, name: string) =>
  Effect.gen(function* () {
    const holdings: Array<Holding> = []
    for (let index = 0; !diary.over; index++) {
      const asked = yield* choose(`${name}-${index}`, shelves, holdings)
      diary.write({ asked })
      const began = performance.now()
      const outcome = yield* answerOf(inventory, asked, diary)
      diary.slowestMillis = Math.max(diary.slowestMillis, performance.now() - began)
      if (outcome !== undefined) diary.write({ told: outcome.told })
      const claims = outcome?.claims
      if (claims !== undefined && asked.command === "holdStock") {
        holdings.push({ location: asked.payload.lines[0].location, claims })
      }
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
    Effect.map(({ reply }) => {
      const claims = (reply as { readonly claims?: Holding["claims"] }).claims
      return { told: { key, outcome: "applied" as const, text: JSON.stringify(reply) }, claims }
    }),
    Effect.catch((error) => {
      if (error._tag === "OutcomeUnknown") return untold("unknown", null)
      if (error._tag === "StoreUnavailable") return untold("unavailable", error.cause)
      return Effect.succeed({ told: { key, outcome: "refused" as const, text: error._tag }, claims: undefined })
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
