/**
 * Sessions: what a user has open after signing in. A session outlives its access tokens; who holds it trades its
 * refresh token for new ones. Each refresh token is good for one trade, and the number of trades, the generation, tells
 * an old one.
 */
import { Schema } from "effect"
import { put } from "./Row.ts"
import type { Slice } from "./Slice.ts"

/** The most sessions that a user has open; one more ends the one that was used least lately. */
export const MAX_SESSIONS = 50

export const SessionId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

/**
 * An open session. It ends at `expiresAt` unless it is refreshed before, and at `endsAt` in any case. The refresh token
 * of its `generation` is the one that is good; those before were traded.
 */
export const Session = Schema.Struct({
  id: SessionId,
  generation: Schema.Int,
  openedAt: Schema.DateTimeUtcFromString,
  refreshedAt: Schema.DateTimeUtcFromString,
  expiresAt: Schema.DateTimeUtcFromString,
  endsAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Session" })
export interface Session extends Schema.Schema.Type<typeof Session> {}

/** The open sessions of a user, in one row under the user's id: so all of them end in one write, however many. */
export const UserSessions = Schema.Struct({
  id: Schema.String,
  sessions: Schema.Array(Session),
  version: Schema.Int
}).annotate({ identifier: "UserSessions" })
export interface UserSessions extends Schema.Schema.Type<typeof UserSessions> {}

/** The sessions of a user that were open when last something was written of them; some may have expired since. */
export const sessionsOf = (slice: Slice, user: string): ReadonlyArray<Session> =>
  slice.row("sessions", user)?.sessions ?? []

/** Writes the sessions that a user has open from now on. */
export const putSessions = (slice: Slice, user: string, sessions: ReadonlyArray<Session>) =>
  put("sessions", { id: user, sessions, version: (slice.row("sessions", user)?.version ?? 0) + 1 })

/** Ends a user's sessions, but for the one that is named; writes nothing if there is none to end. */
export const endSessions = (slice: Slice, user: string, except?: SessionId) => {
  const open = sessionsOf(slice, user)
  const kept = open.filter(({ id }) => id === except)
  return kept.length === open.length ? [] : [putSessions(slice, user, kept)]
}
