/**
 * Properties: a law tried on random values, with the shortest value that breaks it and the seed to meet it again.
 */
import { Effect, Exit, Result } from "effect"
import * as fc from "fast-check"
import { LawBroken } from "./Law.ts"

/** How a property is tried. */
export interface PropertyOptions {
  readonly runs: number
  /** The seed of the first run; a random one when left out. A failure prints it. */
  readonly seed?: number | undefined
}

/** What a trial wrote down of itself, to be printed should it fail. */
export interface Diary {
  readonly lines: Array<string>
}

/**
 * Tries `run` on random values. The failure is that of the smallest value found, with what its run wrote into the
 * diary as history, and the seed.
 */
export const checkProperty = <A>(
  arbitrary: fc.Arbitrary<A>,
  options: PropertyOptions,
  run: (value: A, diary: Diary) => Effect.Effect<void, LawBroken>
): Effect.Effect<void, LawBroken> =>
  Effect.gen(function* () {
    const context = yield* Effect.context()
    let shortest: { readonly broken: LawBroken; readonly lines: ReadonlyArray<string> } | undefined
    const property = fc.asyncProperty(arbitrary, async (value) => {
      const diary: Diary = { lines: [] }
      const exit = await Effect.runPromiseExitWith(context)(Effect.result(run(value, diary)))
      // A defect is the trial's own fault or the store's; it shrinks like a finding.
      if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
      if (Result.isSuccess(exit.value)) return
      shortest = { broken: exit.value.failure, lines: diary.lines }
      throw exit.value.failure
    })
    const { runs, seed } = options
    const details = yield* Effect.promise(async () =>
      fc.check(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) })
    )
    if (!details.failed) return
    if (shortest === undefined)
      return yield* Effect.die(details.errorInstance ?? new Error("The trial was interrupted"))
    const { broken, lines } = shortest
    const again = `Seed ${details.seed}, shrunk ${details.numShrinks} times in ${details.numRuns} runs.`
    return yield* new LawBroken({
      law: broken.law,
      detail: broken.detail,
      history: ["The shortest history found:", ...lines, again].join("\n")
    })
  })
