/**
 * Users: the people who sign in. What they may do follows from their roles.
 */
import { Result, Schema } from "effect"
import { Role } from "./Access.ts"
import { define } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { put, putName, ref } from "./Row.ts"
import { endSessions, SessionId } from "./Session.ts"
import type { Slice } from "./Slice.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

export const UserId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("UserId"))
export type UserId = typeof UserId.Type

/** An address as it is compared: trimmed and in lower case. Whether mail arrives there only mail can tell. */
export const Email = Schema.String.check(
  Schema.isMaxLength(254),
  Schema.isPattern(/^[^\s@A-Z]{1,64}@[^\s@A-Z]+\.[^\s@A-Z]+$/)
).annotate({ description: "An e-mail address in lower case" })

const UserName = Schema.NonEmptyString.check(Schema.isMaxLength(120))

/** `credential` is the hash that the auth port made of the password; it never leaves the store but to be compared. */
export const User = Schema.Struct({
  id: UserId,
  email: Email,
  name: UserName,
  credential: Schema.String,
  roles: Schema.Array(Role),
  locations: Schema.NullOr(Schema.Array(LocationId)),
  active: Schema.Boolean,
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "User" })
export interface User extends Schema.Schema.Type<typeof User> {}

export class UnknownUser extends Schema.TaggedError<UnknownUser>()("UnknownUser", { user: Schema.String }) {
  override get message() {
    return `There is no user ${this.user}; the id of a registered user is accepted`
  }
}

export class EmailTaken extends Schema.TaggedError<EmailTaken>()("EmailTaken", { email: Schema.String }) {
  override get message() {
    return `${this.email} has an account already; sign in with it, or register another address`
  }
}

/** The row id of the name that finds a user by address. */
export const emailName = (email: string): string => `email:${email}`

const { credential: _credential, ...publicFields } = User.fields

/** A user without its credential, which no reply and no log may carry. */
export const PublicUser = Schema.Struct(publicFields).annotate({ identifier: "PublicUser" })
export interface PublicUser extends Schema.Schema.Type<typeof PublicUser> {}

/** The user without its credential. */
export const publicUser = ({ credential: _, ...user }: User): PublicUser => user

/** The user, if it exists. */
export const knownUser = (slice: Slice, id: UserId): Result.Result<User, UnknownUser> => {
  const user = slice.row("users", id)
  return user === undefined ? Result.fail(new UnknownUser({ user: id })) : Result.succeed(user)
}

/** Writes a user with changes. */
export const writeUser = (before: User, changes: Partial<User>) =>
  put("users", { ...before, ...changes, version: before.version + 1 })

/** Registers a user with the hash of its password. */
export const RegisterUser = define("RegisterUser", {
  payload: {
    email: Email,
    name: UserName,
    credential: Schema.String,
    roles: Schema.Array(Role),
    locations: Schema.optionalKey(User.fields.locations)
  },
  reply: PublicUser,
  refusals: [EmailTaken],
  secrets: ["credential"],
  footprint: ({ email }) => ({ rows: [ref("names", emailName(email))] }),
  decide: (slice, { locations = null, ...payload }, context) => {
    if (slice.row("names", emailName(payload.email)) !== undefined) {
      return Result.fail(new EmailTaken({ email: payload.email }))
    }
    const user: User = {
      id: UserId.make(context.id),
      ...payload,
      locations,
      active: true,
      version: 1,
      createdAt: context.now
    }
    return Result.succeed({
      reply: publicUser(user),
      rows: [put("users", user), putName(emailName(user.email), user.id)],
      events: [{ _tag: "UserRegistered", user: user.id }]
    })
  }
})

/**
 * Changes what is named of a user: its name, credential, roles, locations, or whether it may sign in. A new credential
 * ends the user's sessions but for `session`, in which it was set; so does taking away that it may sign in, for all.
 */
export const UpdateUser = define("UpdateUser", {
  payload: {
    user: UserId,
    expected: ExpectedVersion,
    name: Schema.optionalKey(UserName),
    credential: Schema.optionalKey(Schema.String),
    roles: Schema.optionalKey(Schema.Array(Role)),
    locations: Schema.optionalKey(User.fields.locations),
    active: Schema.optionalKey(Schema.Boolean),
    session: Schema.optionalKey(SessionId)
  },
  reply: PublicUser,
  refusals: [UnknownUser, StaleVersion],
  secrets: ["credential"],
  footprint: ({ user }) => ({ rows: [ref("users", user), ref("sessions", user)] }),
  decide: (slice, { user: id, expected, session, ...changes }) =>
    Result.gen(function* () {
      const before = yield* knownUser(slice, id)
      yield* checkVersion("user", before, expected)
      const written = writeUser(before, changes)
      const user = written.row
      const isOut = !user.active || changes.credential !== undefined
      return {
        reply: publicUser(user),
        rows: [written, ...(isOut ? endSessions(slice, id, user.active ? session : undefined) : [])],
        events: [{ _tag: "UserUpdated" as const, user: id }]
      }
    })
})
