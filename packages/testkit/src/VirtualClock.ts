/**
 * The virtual clock: time that stands still while anything runs, and leaps to the next sleeper when everything waits.
 * So a test of a day takes a millisecond, and the same seed always meets the same instants.
 */
import { Clock, Context, Duration, Effect, Scheduler } from "effect"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** Where virtual time begins: 2026-01-01T00:00:00Z, in milliseconds since 1970. */
export const VIRTUAL_START = Date.UTC(2026, 0, 1)

/** A clock under the test's control. */
export interface VirtualClock {
  readonly clock: Clock.Clock
  /** Lets an effect, and every fiber of it, live in this clock's time. */
  readonly provide: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Moves time forward by milliseconds, waking those whose sleep ends on the way. */
  readonly advance: (millis: number) => Effect.Effect<void>
}

/** Makes a virtual clock; `provide` it to everything that should live in its time. */
export const makeVirtualClock = (start: number = VIRTUAL_START): VirtualClock => {
  let now = start
  let sleepers: Array<Sleeper> = []
  let armed = false
  let ready = 0

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
  // Fibers that are ready to run go before time does, and so do answers that take two rounds of the event loop.
  const arm = () => {
    if (armed) return
    armed = true
    setImmediate(() =>
      setImmediate(() => {
        armed = false
        if (ready > 0) return arm()
        const first = Math.min(...sleepers.map((sleeper) => sleeper.at))
        if (!Number.isFinite(first)) return
        wakeUntil(first)
        if (sleepers.length > 0) arm()
      })
    )
  }
  const scheduler = new Scheduler.MixedScheduler("async", (task) => {
    ready++
    const timer = setImmediate(() => {
      ready--
      task()
    })
    return () => {
      ready--
      clearImmediate(timer)
    }
  })
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
  const services = Context.make(Clock.Clock, clock).pipe(Context.add(Scheduler.Scheduler, scheduler))
  return {
    clock,
    provide: (effect) => Effect.provideContext(effect, services),
    advance: (millis) => Effect.sync(() => wakeUntil(now + millis))
  }
}
