// Tests of faults that not every machine can make: they are skipped there, and say why.
import { it } from "@effect/vitest"

/** `it.live` where there is no reason against it. */
export const liveUnless = (reason: string | undefined) => {
  if (reason !== undefined) console.log(`skipped: ${reason}`)
  return it.live.skipIf(reason !== undefined)
}
