/**
 * Signing in: the commands that open a session for somebody who proved who it is, keep it open, and end it.
 */
import { DateTime, Result, Schema } from "effect"
import { define } from "./Command.ts"
import { type RowChange, ref } from "./Row.ts"
import { MAX_SESSIONS, putSessions, Session, SessionId, sessionsOf } from "./Session.ts"
import { knownUser, UnknownUser, UserId, writeUser } from "./User.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

/**
 * How long the refresh token before the current one is answered like that one, in milliseconds: as long as a caller may
 * need to ask again after it lost the answer. Later, it can only be a copy in other hands.
 */
export const REPEAT_MILLIS = 10_000

/** How long a session may last, in milliseconds; ten years are as good as forever. */
const SessionTime = Schema.Int.check(Schema.isBetween({ minimum: 1_000, maximum: 315_360_000_000 }))

/** There is no such session any more: it was ended, or its time was up. */
export class SessionEnded extends Schema.TaggedError<SessionEnded>()("SessionEnded", { session: SessionId }) {
  override get message() {
    return `Session ${this.session} has ended; one from signing in again is accepted`
  }
}

/** The user may not sign in. */
export class UserInactive extends Schema.TaggedError<UserInactive>()("UserInactive", { user: UserId }) {
  override get message() {
    return `User ${this.user} is not active; an active user is accepted`
  }
}

const isOpen = ({ expiresAt }: Session, now: DateTime.Utc): boolean => DateTime.isGreaterThan(expiresAt, now)

/** When a session ends that is used now. */
const expiry = (now: DateTime.Utc, idleMillis: number, endsAt: DateTime.Utc): DateTime.Utc =>
  DateTime.min(DateTime.add(now, { milliseconds: idleMillis }), endsAt)

const byUse = (one: Session, other: Session): number =>
  DateTime.toEpochMillis(one.refreshedAt) - DateTime.toEpochMillis(other.refreshedAt)

const footprint = ({ user }: { readonly user: UserId }) => ({ rows: [ref("users", user), ref("sessions", user)] })

/**
 * Opens a session for a user whose password was compared with the credential of the `expected` version, and keeps a
 * stronger credential if one was made of that password on this occasion. It lasts `idleMillis` from its last use, and
 * `lifeMillis` at most.
 */
export const OpenSession = define("OpenSession", {
  payload: {
    user: UserId,
    expected: ExpectedVersion,
    idleMillis: SessionTime,
    lifeMillis: SessionTime,
    credential: Schema.optionalKey(Schema.String)
  },
  reply: Session,
  refusals: [UnknownUser, UserInactive, StaleVersion],
  secrets: ["credential"],
  footprint,
  decide: (slice, { user: id, expected, idleMillis, lifeMillis, credential }, { id: session, now }) =>
    Result.gen(function* () {
      const user = yield* knownUser(slice, id)
      yield* checkVersion("user", user, expected)
      if (!user.active) return yield* Result.fail(new UserInactive({ user: id }))
      const endsAt = DateTime.add(now, { milliseconds: lifeMillis })
      const opened: Session = {
        id: SessionId.make(session),
        generation: 1,
        openedAt: now,
        refreshedAt: now,
        expiresAt: expiry(now, idleMillis, endsAt),
        endsAt
      }
      const others = sessionsOf(slice, id)
        .filter((other) => isOpen(other, now))
        .sort(byUse)
        .slice(1 - MAX_SESSIONS)
      const upgraded = credential === undefined ? [] : [writeUser(user, { credential })]
      return { reply: opened, rows: [putSessions(slice, id, [...others, opened]), ...upgraded] }
    })
})

/**
 * Trades the refresh token of a generation for one of the next. The generation before the current one, asked for again
 * at once, is the same trade `repeated`. An older one, or the same later, was `reused`: somebody has a copy, and nobody
 * knows who, so the session ends. The caller must have made sure that the token is genuine.
 */
export const RefreshSession = define("RefreshSession", {
  payload: { user: UserId, session: SessionId, generation: Schema.Int, idleMillis: SessionTime },
  reply: Schema.Struct({ outcome: Schema.Literals(["refreshed", "repeated", "reused"]), session: Session }),
  refusals: [SessionEnded],
  footprint,
  decide: (slice, { user, session: id, generation, idleMillis }, { now }) => {
    const decided = (outcome: "refreshed" | "repeated" | "reused", session: Session, rows: ReadonlyArray<RowChange>) =>
      Result.succeed({ reply: { outcome, session }, rows })
    const open = sessionsOf(slice, user)
    const before = open.find((session) => session.id === id)
    if (before === undefined || !isOpen(before, now)) return Result.fail(new SessionEnded({ session: id }))
    const others = open.filter((session) => session !== before && isOpen(session, now))
    if (generation === before.generation) {
      const expiresAt = expiry(now, idleMillis, before.endsAt)
      const session: Session = { ...before, generation: generation + 1, refreshedAt: now, expiresAt }
      return decided("refreshed", session, [putSessions(slice, user, [...others, session])])
    }
    const age = DateTime.toEpochMillis(now) - DateTime.toEpochMillis(before.refreshedAt)
    return generation === before.generation - 1 && age <= REPEAT_MILLIS
      ? decided("repeated", before, [])
      : decided("reused", before, [putSessions(slice, user, others)])
  }
})

/** Ends one session of a user, or all of them, or all but the one that asks. Ending what has ended changes nothing. */
export const EndSessions = define("EndSessions", {
  payload: {
    user: UserId,
    session: Schema.optionalKey(SessionId),
    except: Schema.optionalKey(SessionId)
  },
  reply: Schema.Struct({ ended: Schema.Int }),
  refusals: [UnknownUser],
  footprint,
  decide: (slice, { user, session, except }) =>
    Result.map(knownUser(slice, user), () => {
      const open = sessionsOf(slice, user)
      const kept = open.filter(({ id }) => (session !== undefined && id !== session) || id === except)
      const ended = open.length - kept.length
      return { reply: { ended }, rows: ended === 0 ? [] : [putSessions(slice, user, kept)] }
    })
})
