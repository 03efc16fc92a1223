/**
 * Open holds: how many each user has, so that nobody keeps stock from others by holding it and never taking it. One
 * that was committed or let go of counts no more, and neither does one that lapsed.
 *
 * Each server counts the holds that were taken through it since it started: like the quota of requests, it bounds what
 * one client can do. It asks the store one thing alone: of a user who has too many, whether the request was answered
 * before.
 */
import { TooManyRequests } from "@onhand/api"
import type { ClaimId, Submitted } from "@onhand/core"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { ServerSettings } from "./Settings.ts"

/** What a command over holds answered: those that are open now, and until when. */
interface Held {
  readonly claims: ReadonlyArray<ClaimId>
  readonly expiresAt: DateTime.Utc
}

export interface OpenHoldsShape {
  /**
   * Takes so many holds, unless the user would have too many then. A hold in several lots is one for each. What was
   * answered before is answered so again, however many the user has: it takes none.
   */
  readonly taking: <A extends Pick<Submitted<Held>, "reply" | "replayed">, E, R, E2, R2>(
    user: string,
    count: number,
    take: Effect.Effect<A, E, R>,
    answered: Effect.Effect<boolean, E2, R2>
  ) => Effect.Effect<A, E | E2 | TooManyRequests, R | R2>
  /** Holds that last longer now, whoever took them. */
  readonly extended: (held: Held) => void
  /** Claims that are no holds any more. */
  readonly ended: (claims: ReadonlyArray<ClaimId>) => void
}

/** A user's holds with the milliseconds at which each lapses, and how many more are being taken. */
interface Holder {
  readonly open: Map<ClaimId, number>
  taking: number
}

const make = Effect.gen(function* () {
  const { holdsPerUser } = yield* ServerSettings
  const clock = yield* Clock.Clock
  const holders = new Map<string, Holder>()

  /** The milliseconds until so many more may be taken; 0 if they may be now. */
  const waitFor = ({ open, taking }: Holder, count: number): number => {
    const surplus = () => open.size + taking + count - holdsPerUser
    if (surplus() <= 0) return 0
    const now = clock.currentTimeMillisUnsafe()
    for (const [claim, until] of open) if (until <= now) open.delete(claim)
    if (surplus() <= 0) return 0
    const ends = [...open.values()].toSorted((one, other) => one - other)
    return Math.max(1, (ends[Math.min(surplus(), ends.length) - 1] ?? now) - now)
  }

  const forgetIdle = (user: string, { open, taking }: Holder) => {
    if (open.size === 0 && taking === 0) holders.delete(user)
  }

  return OpenHolds.of({
    taking: Effect.fnUntraced(function* (user, count, take, answered) {
      const holder = holders.get(user) ?? { open: new Map<ClaimId, number>(), taking: 0 }
      holders.set(user, holder)
      const retryAfterMillis = waitFor(holder, count)
      if (retryAfterMillis > 0) {
        return (yield* answered) ? yield* take : yield* new TooManyRequests({ retryAfterMillis })
      }
      holder.taking += count
      const done = Effect.sync(() => {
        holder.taking -= count
        forgetIdle(user, holder)
      })
      return yield* take.pipe(
        Effect.tap(({ reply: { claims, expiresAt }, replayed }) =>
          Effect.sync(() => {
            // Holds that are told again were counted, and may have ended since.
            if (!replayed) for (const claim of claims) holder.open.set(claim, DateTime.toEpochMillis(expiresAt))
          })
        ),
        Effect.ensuring(done)
      )
    }),
    extended: ({ claims, expiresAt }) => {
      for (const { open } of holders.values()) {
        for (const claim of claims) if (open.has(claim)) open.set(claim, DateTime.toEpochMillis(expiresAt))
      }
    },
    ended: (claims) => {
      for (const [user, holder] of holders) {
        for (const claim of claims) holder.open.delete(claim)
        forgetIdle(user, holder)
      }
    }
  })
})

export class OpenHolds extends Context.Service<OpenHolds, OpenHoldsShape>()("@onhand/server/OpenHolds") {
  static readonly layer: Layer.Layer<OpenHolds> = Layer.effect(OpenHolds, make)
}
