/**
 * The virtual clock: time that stands still while anything runs, and leaps to the next sleeper when everything waits.
 * So a test of a day takes a millisecond, and the same seed always meets the same instants.
 */
import { type Clock, Duration, Effect } from "effect"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** Where virtual time begins: 2026-01-01T00:00:00Z, in milliseconds since 1970. */
export const VIRTUAL_START = Date.UTC(2026, 0, 1)

/** A clock under the test's control. */
export interface VirtualClock {
  readonly clock: Clock.Clock
  /** Moves time forward by milliseconds, waking those whose sleep ends on the way. */
  readonly advance: (millis: number) => Effect.Effect<void>
}

/** Makes a virtual clock; provide its `clock` to everything that should live in its time. */
export const makeVirtualClock = (start: number = VIRTUAL_START): VirtualClock => {
  let now = start
  let sleepers: Array<Sleeper> = []
  let armed = false

  const wakeUntil = (target: number) => {
    for (;;) {
      const next = sleepers.reduce<Sleeper | undefined>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined)
      if (next === undefined || next.at > target) break
      sleepers = sleepers.filter((sleeper) => sleeper !== next)
      now = Math.max(now, next.at)
      next.wake()
    }
    now = Math.max(now, target)
  }
  // Two rounds of the event loop: fibers that are ready to run go before time does.
  const arm = () => {
    if (armed) return
    armed = true
    setImmediate(() =>
      setImmediate(() => {
        armed = false
        const first = Math.min(...sleepers.map((sleeper) => sleeper.at))
        if (!Number.isFinite(first)) return
        wakeUntil(first)
        if (sleepers.length > 0) arm()
      })
    )
  }
  const nanos = () => BigInt(now) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const sleeper = { at: now + Math.ceil(Duration.toMillis(duration)), wake: () => resume(Effect.void) }
        sleepers.push(sleeper)
        arm()
        return Effect.sync(() => {
          sleepers = sleepers.filter((other) => other !== sleeper)
        })
      })
  }
  return { clock, advance: (millis) => Effect.sync(() => wakeUntil(now + millis)) }
}
