// A user is registered once under an address, changed by version, and its credential is in no reply and no record.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import {
  Inventory,
  type InventoryShape,
  LocationId,
  type Memory,
  makeMemoryStore,
  Store,
  UserId
} from "../src/index.ts"

const ann = { email: "ann@example.com", name: "Ann", credential: "hash-of-ann", roles: ["customer"] } as const

/** Uses an inventory together with the memory beneath it. */
const opened = <A, E>(use: (inventory: InventoryShape, memory: Memory) => Effect.Effect<A, E>) =>
  Effect.flatMap(makeMemoryStore(), ({ store, memory }) =>
    Effect.flatMap(Inventory, (inventory) => use(inventory, memory)).pipe(
      Effect.provide(Inventory.layer.pipe(Layer.provide(Layer.succeed(Store, store))))
    )
  )

const told = (memory: Memory) => memory.events.map(({ event }) => event)

describe("a user", () => {
  it.effect("is registered active and without limits, and told of by id alone", () =>
    opened(
      Effect.fnUntraced(function* (inventory, memory) {
        const user = yield* inventory.registerUser(ann)
        const { credential, ...open } = ann
        assert.deepInclude(user, { ...open, locations: null, active: true, version: 1 })
        assert.strictEqual(memory.tables.users.get(user.id)?.credential, credential)
        assert.deepStrictEqual(told(memory), [{ _tag: "UserRegistered", user: user.id }])
        const limited = yield* inventory.registerUser({
          ...ann,
          email: "bob@example.com",
          locations: [LocationId.make("shop")]
        })
        assert.deepStrictEqual(limited.locations, [LocationId.make("shop")])
      })
    )
  )

  it.effect("has an address to itself", () =>
    opened(
      Effect.fnUntraced(function* (inventory, memory) {
        yield* inventory.registerUser(ann)
        const taken = yield* Effect.flip(inventory.registerUser({ ...ann, name: "Another" }))
        assert(taken._tag === "EmailTaken")
        assert.strictEqual(taken.email, ann.email)
        assert.strictEqual(memory.tables.users.size, 1)
      })
    )
  )

  it.effect("changes in what is named, for whoever knows its version", () =>
    opened(
      Effect.fnUntraced(function* (inventory, memory) {
        const { id: user, ...before } = yield* inventory.registerUser(ann)
        const changed = yield* inventory.updateUser({ user, expected: 1, active: false, credential: "new-hash" })
        assert.deepStrictEqual(changed, { ...before, id: user, active: false, version: 2 })
        assert.strictEqual(memory.tables.users.get(user)?.credential, "new-hash")
        const stale = yield* Effect.flip(inventory.updateUser({ user, expected: 1, active: true }))
        assert(stale._tag === "StaleVersion")
        assert.deepInclude(stale, { entity: "user", expected: 1, current: 2 })
        const ghost = yield* Effect.flip(inventory.updateUser({ user: UserId.make("ghost"), expected: "any" }))
        assert(ghost._tag === "UnknownUser")
        assert.strictEqual(ghost.user, "ghost")
        assert.deepStrictEqual(told(memory).slice(1), [{ _tag: "UserUpdated", user }])
      })
    )
  )

  it.effect("leaves no trace of its credential in what is recorded, told or answered", () =>
    opened(
      Effect.fnUntraced(function* (inventory, memory) {
        const { id: user } = yield* inventory.registerUser(ann)
        yield* inventory.updateUser({ user, expected: 1, credential: "new-hash" })
        const written = JSON.stringify([[...memory.commands.values()], memory.events])
        assert.notInclude(written, "hash")
        assert.include(written, ann.email)
      })
    )
  )
})
