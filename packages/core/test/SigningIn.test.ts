// A session is opened once, refreshed by the token of its generation alone, and ends with its user.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import {
  Inventory,
  type InventoryShape,
  MAX_SESSIONS,
  type Memory,
  makeMemoryStore,
  REPEAT_MILLIS,
  type SessionId,
  Store,
  UserId
} from "../src/index.ts"

const HOUR = 3_600_000
const times = { idleMillis: HOUR, lifeMillis: 3 * HOUR }

/** Uses an inventory with a user, together with the memory beneath it. */
const opened = <A, E>(use: (inventory: InventoryShape, user: UserId, memory: Memory) => Effect.Effect<A, E>) =>
  Effect.flatMap(makeMemoryStore(), ({ store, memory }) =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const ann = { email: "ann@example.com", name: "Ann", credential: "hash-of-ann", roles: ["customer"] }
      const { id } = yield* inventory.registerUser(ann)
      return yield* use(inventory, id, memory)
    }).pipe(Effect.provide(Inventory.layer.pipe(Layer.provide(Layer.succeed(Store, store)))))
  )

const openOf = (inventory: InventoryShape, user: UserId) =>
  Effect.map(inventory.read.sessions(user), (sessions) => sessions.map(({ id }) => id))

describe("a session", () => {
  it.effect("is opened for a user whose version was seen, and for nobody else", () =>
    opened(
      Effect.fnUntraced(function* (inventory, user) {
        const session = yield* inventory.openSession({ user, expected: 1, ...times })
        assert.strictEqual(session.generation, 1)
        assert.deepStrictEqual(yield* openOf(inventory, user), [session.id])
        const stale = yield* Effect.flip(inventory.openSession({ user, expected: 7, ...times }))
        assert.strictEqual(stale._tag, "StaleVersion")
        const ghost = yield* Effect.flip(
          inventory.openSession({ user: UserId.make("ghost"), expected: "any", ...times })
        )
        assert.strictEqual(ghost._tag, "UnknownUser")
        yield* inventory.updateUser({ user, expected: 1, active: false })
        const out = yield* Effect.flip(inventory.openSession({ user, expected: "any", ...times }))
        assert.strictEqual(out._tag, "UserInactive")
      })
    )
  )

  it.effect("takes a stronger credential along, which ends no session", () =>
    opened(
      Effect.fnUntraced(function* (inventory, user, memory) {
        const first = yield* inventory.openSession({ user, expected: 1, ...times })
        const second = yield* inventory.openSession({ user, expected: 1, ...times, credential: "stronger" })
        assert.strictEqual(memory.tables.users.get(user)?.credential, "stronger")
        assert.strictEqual(memory.tables.users.get(user)?.version, 2)
        assert.deepStrictEqual(yield* openOf(inventory, user), [first.id, second.id])
        assert.notInclude(JSON.stringify([...memory.commands.values()]), "stronger")
      })
    )
  )

  it.effect("is refreshed by each generation once; a repetition right after is answered with the same generation", () =>
    opened(
      Effect.fnUntraced(function* (inventory, user) {
        const { id: session } = yield* inventory.openSession({ user, expected: 1, ...times })
        const refresh = (generation: number) =>
          inventory.refreshSession({ user, session, generation, idleMillis: HOUR })
        assert.deepInclude(yield* refresh(1), { outcome: "refreshed" })
        yield* TestClock.adjust(REPEAT_MILLIS)
        const repeated = yield* refresh(1)
        assert.deepStrictEqual([repeated.outcome, repeated.session.generation], ["repeated", 2])
        assert.deepInclude(yield* refresh(2), { outcome: "refreshed" })
        assert.deepStrictEqual(yield* openOf(inventory, user), [session])
      })
    )
  )

  it.effect.each([
    ["the generation before, later", 1, 2, REPEAT_MILLIS + 1],
    ["an older generation, at once", 1, 3, 0],
    ["a generation that never was given out", 9, 2, 0]
  ] as const)("ends when it is refreshed with %s", ([, generation, current, wait]) =>
    opened(
      Effect.fnUntraced(function* (inventory, user) {
        const other = yield* inventory.openSession({ user, expected: 1, ...times })
        const { id: session } = yield* inventory.openSession({ user, expected: 1, ...times })
        const refresh = (of: number) => inventory.refreshSession({ user, session, generation: of, idleMillis: HOUR })
        for (let of = 1; of < current; of++) yield* refresh(of)
        yield* TestClock.adjust(wait)
        assert.deepInclude(yield* refresh(generation), { outcome: "reused" })
        assert.deepStrictEqual(yield* openOf(inventory, user), [other.id])
        const ended = yield* Effect.flip(refresh(current))
        assert.strictEqual(ended._tag, "SessionEnded")
      })
    )
  )

  it.effect("lasts from use to use, but not beyond its end", () =>
    opened(
      Effect.fnUntraced(function* (inventory, user) {
        const { id: session } = yield* inventory.openSession({ user, expected: 1, ...times })
        const refresh = (generation: number) =>
          inventory.refreshSession({ user, session, generation, idleMillis: HOUR })
        for (const generation of [1, 2, 3]) {
          yield* TestClock.adjust(HOUR - 1_000)
          yield* refresh(generation)
        }
        yield* TestClock.adjust(3_000)
        assert.strictEqual((yield* Effect.flip(refresh(4)))._tag, "SessionEnded")
        const idle = yield* inventory.openSession({ user, expected: 1, ...times })
        yield* TestClock.adjust(HOUR)
        const ended = inventory.refreshSession({ user, session: idle.id, generation: 1, idleMillis: HOUR })
        assert.strictEqual((yield* Effect.flip(ended))._tag, "SessionEnded")
      })
    )
  )

  it.effect("ends alone, with all others, or all others end", () =>
    opened(
      Effect.fnUntraced(function* (inventory, user) {
        const ids: Array<SessionId> = []
        for (let at = 0; at < 4; at++) ids.push((yield* inventory.openSession({ user, expected: 1, ...times })).id)
        const [first, second, third, fourth] = ids
        assert.deepStrictEqual(yield* inventory.endSessions({ user, session: first! }), { ended: 1 })
        assert.deepStrictEqual(yield* inventory.endSessions({ user, session: first! }), { ended: 0 })
        assert.deepStrictEqual(yield* inventory.endSessions({ user, except: third! }), { ended: 2 })
        assert.deepStrictEqual(yield* openOf(inventory, user), [third])
        assert.notInclude(yield* openOf(inventory, user), second)
        assert.notInclude(yield* openOf(inventory, user), fourth)
        assert.deepStrictEqual(yield* inventory.endSessions({ user }), { ended: 1 })
        assert.deepStrictEqual(yield* openOf(inventory, user), [])
      })
    )
  )

  it.effect("ends with a new password but for the one in which it was set, and with its user's leave", () =>
    opened(
      Effect.fnUntraced(function* (inventory, user) {
        const here = yield* inventory.openSession({ user, expected: 1, ...times })
        yield* inventory.openSession({ user, expected: 1, ...times })
        yield* inventory.updateUser({ user, expected: "any", name: "Anna" })
        assert.lengthOf(yield* openOf(inventory, user), 2)
        yield* inventory.updateUser({ user, expected: "any", credential: "new", session: here.id })
        assert.deepStrictEqual(yield* openOf(inventory, user), [here.id])
        yield* inventory.updateUser({ user, expected: "any", active: false, session: here.id })
        assert.deepStrictEqual(yield* openOf(inventory, user), [])
        yield* inventory.updateUser({ user, expected: "any", active: true })
        const again = inventory.refreshSession({ user, session: here.id, generation: 1, idleMillis: HOUR })
        assert.strictEqual((yield* Effect.flip(again))._tag, "SessionEnded")
      })
    )
  )

  it.effect("is one of so many; one more ends that which was used least lately", () =>
    opened(
      Effect.fnUntraced(function* (inventory, user) {
        const first = yield* inventory.openSession({ user, expected: 1, ...times })
        yield* TestClock.adjust(1_000)
        const second = yield* inventory.openSession({ user, expected: 1, ...times })
        yield* TestClock.adjust(1_000)
        yield* inventory.refreshSession({ user, session: first.id, generation: 1, idleMillis: HOUR })
        for (let at = 2; at <= MAX_SESSIONS; at++) yield* inventory.openSession({ user, expected: 1, ...times })
        const open = yield* openOf(inventory, user)
        assert.lengthOf(open, MAX_SESSIONS)
        assert.include(open, first.id)
        assert.notInclude(open, second.id)
      })
    )
  )
})
