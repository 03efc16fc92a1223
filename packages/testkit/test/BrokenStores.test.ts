// The kit is only worth something if it catches broken stores, each by a law that tells its author what is wrong.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import { brokenStores, historyTrials, laws, StoreConformance, trials } from "../src/index.ts"

const effort = { histories: 40, historyLength: 25, runs: 10, callers: 60, check: "batch" } as const

describe("the kit catches a store that", () => {
  for (const [name, { mistake, caughtBy, layer }] of Object.entries(brokenStores)) {
    it.effect(`${mistake} (${name})`, () =>
      Effect.gen(function* () {
        const relevant = trials.filter(({ laws }) => laws.some((law) => caughtBy.includes(law)))
        const others: Array<string> = []
        const caught = yield* StoreConformance.failures(layer, { time: "virtual", effort }, relevant).pipe(
          Stream.tap((failure) => Effect.sync(() => others.push(failure.message))),
          Stream.filter(({ broken }) => broken !== undefined && caughtBy.includes(broken.law)),
          Stream.runHead
        )
        assert(Option.isSome(caught), `not caught by ${caughtBy.join(" or ")}, but only by:\n${others.join("\n\n")}`)
        const law = caught.value.broken?.law
        assert(law !== undefined)
        assert.include(caught.value.message, `Law ${law} is broken: ${laws[law]}.`)
      })
    )
  }

  it("is any of at least twelve", () => {
    assert.isAtLeast(Object.keys(brokenStores).length, 12)
  })
})

describe("a broken law", () => {
  const { halfRejected } = brokenStores
  it.effect("is told with the shortest history that breaks it, and the seed", () =>
    Effect.gen(function* () {
      assert(halfRejected !== undefined)
      const options = { time: "virtual", effort: { ...effort, histories: 300, seed: 42 } } as const
      const found = yield* Stream.runHead(StoreConformance.failures(halfRejected.layer, options, historyTrials))
      const message = Option.match(found, { onNone: () => "nothing", onSome: (failure) => failure.message })
      assert.match(message, /^Law D19 is broken: a refused command changes nothing\./)
      assert.match(message, /The shortest history found:\nGiven two locations/)
      assert.match(message, /Seed 42, shrunk \d+ times/)
      const commands = message.split("\n").filter((line) => line.includes(", key key-"))
      assert.strictEqual(commands.length, 1, message)
    })
  )
})
