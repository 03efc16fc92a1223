// A webhook is told of the events that it wants while it is active, and its secrets are in no reply and no record.
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import {
  eventNames,
  Inventory,
  isWanted,
  makeMemoryStore,
  SECRET_OVERLAP_MILLIS,
  Store,
  UnknownWebhook,
  WebhookId
} from "../src/index.ts"

const url = "https://shop.example/hook"
const [first, second, third] = ["a", "b", "c"].map((letter) => `whsec_${letter.repeat(32)}`) as [string, string, string]

const given = Effect.gen(function* () {
  const { store, memory } = yield* makeMemoryStore()
  const built = yield* Layer.build(Inventory.layer.pipe(Layer.provide(Layer.succeed(Store, store))))
  const inventory = Context.get(built, Inventory)
  const { id: webhook } = yield* inventory.createWebhook({ url, secret: first, events: ["OrderPlaced"] })
  const kept = Effect.flatMap(inventory.read.webhook(webhook), Effect.fromOption)
  const told = Effect.map(inventory.read.events({}, 100), (events) => events.map(({ event }) => event))
  return { inventory, webhook, kept, told, memory }
})

describe("a webhook", () => {
  it.effect("is active from its creation, and wants all events where none is named", () =>
    Effect.gen(function* () {
      const { inventory, webhook, kept } = yield* given
      const now = yield* DateTime.now
      const said = { url, description: "", state: "active", version: 1, createdAt: now, updatedAt: now } as const
      assert.deepStrictEqual(yield* kept, {
        ...{ ...said, id: webhook, events: ["OrderPlaced"], secret: first, previous: null }
      })
      const all = yield* inventory.createWebhook({ url, secret: second, description: "all of it" })
      assert.deepStrictEqual(all, { ...said, id: all.id, events: [], description: "all of it" })
    })
  )

  it.effect("wants what it names, or everything, and nothing while it is paused", () =>
    Effect.gen(function* () {
      const { inventory, webhook, kept } = yield* given
      const wanted = Effect.map(kept, (one) => eventNames.filter((name) => isWanted(one, name)))
      assert.deepStrictEqual(yield* wanted, ["OrderPlaced"])
      yield* inventory.updateWebhook({ webhook, expected: 1, events: [] })
      assert.deepStrictEqual(yield* wanted, eventNames)
      yield* inventory.updateWebhook({ webhook, expected: 2, state: "paused" })
      assert.deepStrictEqual(yield* wanted, [])
      yield* inventory.updateWebhook({ webhook, expected: 3, state: "active" })
      assert.deepStrictEqual(yield* wanted, eventNames)
    })
  )

  it.effect("changes in what is named, and keeps the rest", () =>
    Effect.gen(function* () {
      const { inventory, webhook, kept } = yield* given
      const before = yield* kept
      yield* TestClock.adjust(5)
      const changed = yield* inventory.updateWebhook({ webhook, expected: 1, description: "tills" })
      assert.deepInclude(changed, { url, description: "tills", state: "active", version: 2 })
      assert.deepStrictEqual(yield* kept, {
        ...{ ...before, description: "tills", version: 2 },
        updatedAt: DateTime.add(before.updatedAt, { milliseconds: 5 })
      })
      const stale = yield* Effect.flip(inventory.updateWebhook({ webhook, expected: 1, description: "shops" }))
      assert.deepInclude(stale, { _tag: "StaleVersion", entity: "webhook", id: webhook, expected: 1, current: 2 })
    })
  )

  it.effect("signs with the secret before as well, for a day after it is given another", () =>
    Effect.gen(function* () {
      const { inventory, webhook, kept } = yield* given
      const change = (secret: string) => inventory.updateWebhook({ webhook, expected: "any", secret })
      const secrets = Effect.map(kept, ({ secret, previous }) => [
        secret,
        previous && [previous.secret, DateTime.toEpochMillis(previous.until)]
      ])
      yield* TestClock.adjust(7)
      yield* change(second)
      assert.strictEqual(SECRET_OVERLAP_MILLIS, 24 * 60 * 60 * 1_000)
      assert.deepStrictEqual(yield* secrets, [second, [first, 7 + SECRET_OVERLAP_MILLIS]])
      yield* TestClock.adjust(1)
      yield* inventory.updateWebhook({ webhook, expected: "any", description: "the overlap goes on" })
      assert.deepStrictEqual(yield* secrets, [second, [first, 7 + SECRET_OVERLAP_MILLIS]])
      yield* change(third)
      assert.deepStrictEqual(yield* secrets, [third, [second, 8 + SECRET_OVERLAP_MILLIS]])
    })
  )

  it.effect("that was removed has no secrets any more, wants nothing, and is as if it had never been", () =>
    Effect.gen(function* () {
      const { inventory, webhook, kept } = yield* given
      yield* inventory.updateWebhook({ webhook, expected: 1, secret: second })
      const stale = yield* Effect.flip(inventory.removeWebhook({ webhook, expected: 1 }))
      assert.strictEqual(stale._tag, "StaleVersion")
      yield* TestClock.adjust(3)
      const removed = yield* inventory.removeWebhook({ webhook, expected: 2 })
      assert.deepInclude(removed, { state: "removed", version: 3, updatedAt: yield* DateTime.now })
      const row = yield* kept
      assert.deepInclude(row, { secret: "", previous: null })
      assert.deepStrictEqual(
        eventNames.filter((name) => isWanted(row, name)),
        []
      )
      const never = WebhookId.make("never")
      for (const [refused, id] of [
        [yield* Effect.flip(inventory.updateWebhook({ webhook, expected: "any" })), webhook],
        [yield* Effect.flip(inventory.removeWebhook({ webhook, expected: "any" })), webhook],
        [yield* Effect.flip(inventory.removeWebhook({ webhook: never, expected: "any" })), never]
      ] as const)
        assert.deepStrictEqual(refused, new UnknownWebhook({ webhook: id }))
    })
  )

  it.effect("is told of by itself, whatever becomes of it, and never with a secret", () =>
    Effect.gen(function* () {
      const { inventory, webhook, told, memory } = yield* given
      const replies = [
        yield* inventory.updateWebhook({ webhook, expected: "any", state: "paused", secret: second }),
        yield* inventory.removeWebhook({ webhook, expected: "any" })
      ]
      assert.deepStrictEqual(
        yield* told,
        (["active", "paused", "removed"] as const).map((state) => ({ _tag: "WebhookChanged", webhook, state }))
      )
      const written = JSON.stringify([replies, [...memory.commands.values()], memory.events])
      for (const secret of [first, second]) assert.notInclude(written, secret)
    })
  )
})
