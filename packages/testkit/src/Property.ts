/**
 * Properties: a law tried on random values, with the shortest value that breaks it and the seed to meet it again.
 */
import { Effect, Exit, Result } from "effect"
import * as fc from "fast-check"
import { LawBroken } from "./Law.ts"

/** How a property is tried. */
export interface PropertyOptions<A> {
  readonly runs: number
  /** The seed of the first run; a random one when left out. A failure prints it. */
  readonly seed?: number | undefined
  /**
   * Simpler values to try in the place of one that fails, the simplest first. fast-check simplifies each part of a
   * value; this says what of the whole can be left out.
   */
  readonly simpler?: (value: A) => Iterable<A>
  /** Values shorter than one that fails, if there are any: to find a short one that no longer one contains. */
  readonly shorter?: (value: A) => fc.Arbitrary<A> | undefined
}

/** The most simpler values that are tried: enough for any history that fast-check leaves, and a bound. */
const MAX_SIMPLER = 500

/** The random values that are tried in the hope of a shorter one, for each length. */
const SHORTER_TRIED = 900

/** Tries `run` on random values. The failure is that of the smallest value found, with the seed that led to it. */
export const checkProperty = <A>(
  arbitrary: fc.Arbitrary<A>,
  options: PropertyOptions<A>,
  run: (value: A) => Effect.Effect<void, LawBroken>
): Effect.Effect<void, LawBroken> =>
  Effect.gen(function* () {
    const context = yield* Effect.context()
    let shortest: { readonly value: A; readonly broken: LawBroken } | undefined
    const fails = async (value: A): Promise<LawBroken | undefined> => {
      const exit = await Effect.runPromiseExitWith(context)(Effect.result(run(value)))
      // A defect is the trial's own fault or the store's; it shrinks like a finding.
      if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
      if (Result.isSuccess(exit.value)) return undefined
      shortest = { value, broken: exit.value.failure }
      return exit.value.failure
    }
    const property = fc.asyncProperty(arbitrary, async (value) => {
      const broken = await fails(value)
      if (broken !== undefined) throw broken
    })
    const { runs, seed } = options
    const details = yield* Effect.promise(async () =>
      fc.check(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) })
    )
    if (!details.failed) return
    if (shortest === undefined)
      return yield* Effect.die(details.errorInstance ?? new Error("The trial was interrupted"))
    const shrunk =
      details.numShrinks + (yield* Effect.promise(() => minimize(shortest?.value as A, options, details.seed, fails)))
    const { law, detail, history } = shortest.broken
    return yield* new LawBroken({
      law,
      detail,
      ...(history === undefined ? {} : { history }),
      again: `Seed ${details.seed}, shrunk ${shrunk} times; to see it again: effort: { seed: ${details.seed} }`
    })
  })

type Fails<A> = (value: A) => Promise<LawBroken | undefined>

/** The first value that fails; one on which the store or the trial dies counts for nothing here. */
const firstFailing = async <A>(values: Iterable<A>, most: number, fails: Fails<A>): Promise<A | undefined> => {
  let tries = 0
  for (const value of values) {
    if (tries++ >= most) return undefined
    if ((await fails(value).catch(() => undefined)) !== undefined) return value
  }
  return undefined
}

/**
 * Goes from a failing value to simpler ones that fail too, and looks for shorter ones, until none is found. Answers how
 * many steps that took.
 */
const minimize = async <A>(
  value: A,
  { simpler = () => [], shorter = () => undefined }: PropertyOptions<A>,
  seed: number,
  fails: Fails<A>
): Promise<number> => {
  let steps = 0
  for (let current = value; ; steps++) {
    const next = await firstFailing(simpler(current), MAX_SIMPLER, fails)
    const arbitrary = next === undefined ? shorter(current) : undefined
    const random = arbitrary === undefined ? [] : fc.sample(arbitrary, { seed, numRuns: SHORTER_TRIED })
    const found = next ?? (await firstFailing(random, SHORTER_TRIED, fails))
    if (found === undefined) return steps
    current = found
  }
}
