// An API key is created once, changed by version, revoked for good, and its hash is in no reply and no record.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { ApiKeyId, Inventory, LocationId, makeMemoryStore, Store } from "../src/index.ts"

const apiKey = ApiKeyId.make("k-1")
const till = { apiKey, name: "Till", hash: "hash-of-till", roles: ["warehouse_manager"] }

describe("an API key", () => {
  it.effect("is created, changed, used and revoked", () =>
    Effect.gen(function* () {
      const { store, memory } = yield* makeMemoryStore()
      const use = Effect.gen(function* () {
        const inventory = yield* Inventory
        const created = yield* inventory.submit("createApiKey", till, { actor: "ann" })
        const { hash, apiKey: id, ...said } = till
        const nothing = { locations: null, expiresAt: null, revokedAt: null, lastUsedAt: null }
        assert.deepInclude(created.reply, { ...said, ...nothing, id, createdBy: "ann", version: 1 })
        assert.notProperty(created.reply, "hash")
        assert.strictEqual(memory.tables.apiKeys.get(apiKey)?.hash, hash)
        const taken = yield* Effect.flip(inventory.createApiKey(till))
        assert.strictEqual(taken._tag, "ApiKeyExists")

        const change = { locations: [LocationId.make("shop")], expiresAt: DateTime.makeUnsafe(0) }
        const changed = yield* inventory.updateApiKey({ apiKey, expected: 1, ...change })
        assert.deepInclude(changed, { ...said, ...change, version: 2 })
        const stale = yield* Effect.flip(inventory.updateApiKey({ apiKey, expected: 1, name: "Other" }))
        assert.strictEqual(stale._tag, "StaleVersion")
        assert.isNotNull((yield* inventory.noteApiKeyUse({ apiKey })).lastUsedAt)

        const revoked = yield* inventory.revokeApiKey({ apiKey, expected: 3 })
        assert.isNotNull(revoked.revokedAt)
        assert.deepStrictEqual(yield* inventory.revokeApiKey({ apiKey, expected: "any" }), revoked)
        const late = yield* Effect.flip(inventory.updateApiKey({ apiKey, expected: "any", name: "Other" }))
        assert.strictEqual(late._tag, "ApiKeyRevoked")
        const ghost = inventory.noteApiKeyUse({ apiKey: ApiKeyId.make("ghost") })
        assert.strictEqual((yield* Effect.flip(ghost))._tag, "UnknownApiKey")
        assert.notInclude(JSON.stringify([[...memory.commands.values()], memory.events]), hash)
      })
      yield* Effect.provide(use, Inventory.layer.pipe(Layer.provide(Layer.succeed(Store, store))))
    })
  )
})
