// Whoever follows the events of two servers under load, and drops and comes back again and again, is told each event
// once. Whoever stops reading is cut off, and nobody who writes waits for it.
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import { type Followed, followEvents, followSocket } from "@onhand/api"
import { advance, type FeedCursor, Inventory, LocationId, ProductId } from "@onhand/core"
import { Effect, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { Socket } from "effect/socket"
import { startProgram } from "../../packages/cli/test/ServerProcess.ts"
import { cuttable } from "../../packages/server/test/CuttableWay.ts"
import {
  addEvent,
  type EventsByShard,
  type Stalled,
  socketFor,
  stallSocket,
  stallStream,
  streamFor,
  Told
} from "./Following.ts"
import { ADMIN, httpCallers, makeTally, type Session, signIn } from "./HttpLoad.ts"
import { LONG_HOLD, makeDiary, stockShelves } from "./Load.ts"
import { inventoryOver } from "./Stage.ts"

const program = fileURLToPath(new URL("./FollowedServer.ts", import.meta.url))
const ENVIRONMENT = { ...ADMIN, ONHAND_SECRET: "a secret of these tests, long enough" }

/** Callers of each server who write. */
const CALLERS = 8

/** How long a connection lives, in milliseconds: from just opened to long enough to have caught up. */
const SHORTEST_LIFE = 20
const LONGEST_LIFE = 1_500

/** How long followers have to be told the rest once nobody writes any more, in milliseconds. */
const CATCH_UP = 60_000

/** Lines of the movements that fill what lies between a server and a reader that does not read. */
const LINES = 1_000
const WAREHOUSE = LocationId.make("warehouse")
const productAt = (index: number) => ProductId.make(`heavy-${index}`)

/** The pause between two of them, in milliseconds. */
const PAUSE = 100

/** How often it is looked whether writers are still answered, in milliseconds. */
const WINDOW = 3_000

/** The most events that are read at once from the ledger. */
const PAGE = 500

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))
const anyLife = () => SHORTEST_LIFE + Math.random() * (LONGEST_LIFE - SHORTEST_LIFE)

const startServer = (url: string) =>
  Effect.acquireRelease(
    Effect.sync(() => startProgram(program, [url], ENVIRONMENT)),
    (server) =>
      Effect.promise(async () => {
        server.kill("SIGKILL")
        await server.ended
      })
  )

/** Every event of the ledger, as the store tells them. */
const eventsOf = Effect.gen(function* () {
  const { read } = yield* Inventory
  const all: EventsByShard = new Map()
  let place: FeedCursor = {}
  let count = 0
  for (;;) {
    const events = yield* read.events(place, PAGE)
    if (events.length === 0) return { all, count }
    for (const { shard, seq, line, event } of events) addEvent(all, shard, `${seq}-${line} ${event._tag}`)
    place = events.reduce(advance, place)
    count += events.length
  }
})

const prepareHeavyMovements = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: WAREHOUSE, name: "Warehouse" })
  const indices = Array.from({ length: LINES }, (_, index) => index)
  const create = (index: number) => inventory.createProduct({ id: productAt(index), sku: `H-${index}`, name: "Heavy" })
  yield* Effect.forEach(indices, create, { concurrency: "unbounded", discard: true })
})

/** Writes movements of many lines until it is over; how many there were. */
const writeHeavy = async ({ url, token }: Session, isOver: () => boolean): Promise<number> => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const line = { kind: "purchase", location: WAREHOUSE, quantity: 1 }
  const lines = Array.from({ length: LINES }, (_, index) => ({ ...line, product: productAt(index) }))
  let count = 0
  for (; !isOver(); count++) {
    const reply = await fetch(`${url}/api/v1/stock-movements`, {
      method: "POST",
      headers: { ...headers, "idempotency-key": `heavy-${count}` },
      body: JSON.stringify({ lines })
    })
    assert.strictEqual(reply.status, 201, await reply.text())
    await pause(PAUSE)
  }
  return count
}

/** Followers who drop by themselves, and come back to the one server and the other in turns. */
const dropping = (sessions: ReadonlyArray<Session>, isOver: () => boolean) => {
  const told = [new Told("SSE"), new Told("WebSocket")] as const
  const follow = async (one: Told, connection: typeof streamFor) => {
    for (let turn = 0; !isOver(); turn++) await connection(sessions[turn % 2]!, one, anyLife())
  }
  return { told, followed: Promise.all([follow(told[0], streamFor), follow(told[1], socketFor)]) }
}

/** The typed client, each over a way that is cut again and again. */
const cutOff = ([here, there]: ReadonlyArray<Session>) =>
  Effect.gen(function* () {
    const follow = (session: Session, name: string, events: typeof followSocket) =>
      Effect.gen(function* () {
        const told = new Told(name)
        const way = yield* Effect.acquireRelease(
          Effect.promise(() => cuttable(new URL(session.url))),
          ({ close }) => Effect.sync(close)
        )
        const drop = Effect.suspend(() => Effect.sleep(SHORTEST_LIFE + anyLife())).pipe(
          Effect.andThen(
            Effect.sync(() => {
              told.connections++
              way.drop()
            })
          )
        )
        yield* Effect.forkScoped(Effect.forever(drop))
        const options = { baseUrl: way.url, token: Effect.succeed(Redacted.make(session.token)), after: "" }
        const take = ({ id, event }: Followed) => Effect.sync(() => told.take(id, event._tag))
        yield* Effect.forkScoped(Stream.runForEach(events(options), take))
        return told
      })
    return [
      yield* follow(here!, "typed client over SSE", followEvents),
      yield* follow(there!, "typed client over WebSocket", followSocket)
    ]
  })

const untilTold = async (told: ReadonlyArray<Told>, count: number): Promise<void> => {
  const begun = performance.now()
  while (told.some((one) => one.count < count) && performance.now() - begun < CATCH_UP) await pause(50)
}

/** Each event once, and those of a shard in their order. */
const checkTold = ({ events, name, wrong }: Told, expected: EventsByShard): void => {
  assert.deepStrictEqual(wrong, [], name)
  for (const [shard, those] of expected) {
    const found = events.get(shard) ?? []
    const first = those.findIndex((event, index) => event !== found[index])
    assert.strictEqual(found[first], those[first], `${name}: event ${first} of shard ${shard}`)
    assert.strictEqual(found.length, those.length, `${name}: events of shard ${shard}`)
  }
}

/** Runs those who write for a while; how many were answered in each window of it. */
const write = async (
  sessions: ReadonlyArray<Session>,
  options: { readonly seed: string; readonly seconds: number; readonly shelves: Parameters<typeof httpCallers>[1] }
) => {
  const diary = makeDiary()
  const tally = makeTally()
  const answered: Array<number> = []
  const callers = sessions.map((session, index) =>
    httpCallers(session, options.shelves, { callers: CALLERS, seed: `${options.seed}-${index}` }, diary, tally)
  )
  // Whole windows alone: in the rest of one there may be no time for an answer.
  while (answered.length * WINDOW < options.seconds * 1_000) {
    const before = diary.told.length
    await pause(WINDOW)
    answered.push(diary.told.length - before)
  }
  diary.over = true
  await Promise.all(callers)
  return { diary, answered }
}

/** Two servers on one database, and the administrator at each. */
const startServers = (url: string) =>
  Effect.gen(function* () {
    const sessions: Array<Session> = []
    // One after the other: the first makes the administrator, whom both know.
    for (let index = 0; index < 2; index++) {
      const server = yield* startServer(url)
      sessions.push(yield* Effect.promise(async () => signIn(await server.ready)))
    }
    return sessions
  })

/** Follows two servers of one database under load for so long; with readers that stall, where there is time for it. */
export const surviveDrops = (options: {
  readonly url: string
  readonly seed: string
  readonly seconds: number
  readonly stalls: boolean
}) =>
  Effect.gen(function* () {
    const { url, seed, stalls } = options
    const store = inventoryOver(url)
    const shelves = yield* Effect.provide(stockShelves(LONG_HOLD), store)
    if (stalls) yield* Effect.provide(prepareHeavyMovements, store)
    const sessions = yield* startServers(url)
    let isWritten = false
    let isOver = false
    const stalled: ReadonlyArray<Stalled> = stalls
      ? yield* Effect.promise(() => Promise.all([stallStream(sessions[0]!), stallSocket(sessions[1]!)]))
      : []
    const own = dropping(sessions, () => isOver)
    const told = [...own.told, ...(yield* cutOff(sessions))]
    const heavy = stalls ? writeHeavy(sessions[0]!, () => isWritten) : Promise.resolve(0)
    const { diary, answered } = yield* Effect.promise(() => write(sessions, { ...options, shelves }))
    isWritten = true
    const movements = yield* Effect.promise(() => heavy)
    const { all, count } = yield* Effect.provide(eventsOf, store)
    yield* Effect.promise(() => untilTold(told, count))
    isOver = true
    yield* Effect.promise(() => own.followed)
    for (const one of told) {
      assert.isAtLeast(one.connections, 2, `void: ${one.name} was not dropped`)
      checkTold(one, all)
    }
    assert.deepStrictEqual(
      [diary.unavailable, diary.unknown, diary.defects],
      [[], [], []],
      "writers hear nothing of it"
    )
    assert.isAbove(Math.min(...answered), 0, "writers are answered all the time")
    const read = yield* Effect.promise(() => Promise.all(stalled.map(({ readOn }) => readOn())))
    for (const events of read) assert.isBelow(events, count, "who did not read was cut off in the middle")
    console.log(
      `Followers (seed ${seed}): ${count} events, each once to ${told.map(({ name }) => name).join(", ")}, over ` +
        `${told.map(({ connections }) => connections).join(", ")} connections; writers had ${diary.told.length} ` +
        `answers, ${answered.join(", ")} in each ${WINDOW / 1000} s, and ${movements} of ${LINES} lines; ` +
        `readers that stalled were cut off after ${read.join(" and ") || "no"} events`
    )
  }).pipe(Effect.scoped, Effect.provide([FetchHttpClient.layer, Socket.layerWebSocketConstructorGlobal]))
