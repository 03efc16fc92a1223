/**
 * Users over HTTP: one's own account, and for administrators everyone's.
 */
import { LocationId, PublicUser, Role, SessionId, UserId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Timestamp } from "./Amount.ts"
import { Authorization, about, etag, versionKnown, versionRequired, writeErrors } from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { NewPassword, Password, PersonName } from "./Password.ts"
import { problems } from "./Problem.ts"

/** A user without anything secret. `locations` limits what it may write to some locations; null means all. */
export const Account = Schema.Struct({ ...PublicUser.fields, createdAt: Timestamp }).annotate({ identifier: "Account" })
export interface Account extends Schema.Schema.Type<typeof Account> {}

/** A change of one's own account. A new password needs the current one. */
export const AccountChange = Schema.Struct({
  name: Schema.optionalKey(PersonName),
  password: Schema.optionalKey(Schema.Struct({ current: Password, new: NewPassword }))
}).annotate({ identifier: "AccountChange", examples: [{ name: "Ann Miller" }] })

/** A change of somebody's account. */
export const UserChange = Schema.Struct({
  name: Schema.optionalKey(PersonName),
  roles: Schema.optionalKey(Schema.Array(Role).check(Schema.isMaxLength(20))),
  locations: Schema.optionalKey(Schema.NullOr(Schema.Array(LocationId).check(Schema.isMaxLength(1_000)))),
  active: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "UserChange", examples: [{ roles: ["warehouse_manager"] }] })

/** A session that is open; `current` is the one that asks. */
export const SignIn = Schema.Struct({
  id: SessionId,
  openedAt: Timestamp,
  refreshedAt: Timestamp,
  expiresAt: Timestamp,
  current: Schema.Boolean
}).annotate({ identifier: "SignIn" })
export interface SignIn extends Schema.Schema.Type<typeof SignIn> {}

const endErrors = [problems.UnknownUser, problems.Unavailable, problems.OutcomeUnknown] as const

const account = HttpApiSchema.WithHeaders(Account, etag)

export class UsersApi extends HttpApiGroup.make("users")
  .add(
    HttpApiEndpoint.get("me", "/users/me", {
      headers: versionKnown,
      success: [account, HttpApiSchema.Empty(304)],
      error: [problems.UnknownUser]
    }).annotateMerge(about("signedIn", { summary: "Get my account" })),
    HttpApiEndpoint.patch("updateMe", "/users/me", {
      payload: AccountChange,
      success: account,
      error: [problems.UnknownUser, problems.InvalidCredentials, problems.TooManyRequests, ...writeErrors]
    }).annotateMerge(
      about("signedIn", {
        summary: "Change my name or password",
        description: "A new password ends all other sessions of mine."
      })
    ),
    HttpApiEndpoint.get("sessions", "/users/me/sessions", {
      success: Schema.Struct({ items: Schema.Array(SignIn) })
    }).annotateMerge(about("signedIn", { summary: "List where I am signed in" })),
    HttpApiEndpoint.delete("endSessions", "/users/me/sessions", {
      success: HttpApiSchema.NoContent,
      error: endErrors
    }).annotateMerge(about("signedIn", { summary: "Sign out everywhere" })),
    HttpApiEndpoint.delete("endSession", "/users/me/sessions/:session", {
      params: { session: SessionId },
      success: HttpApiSchema.NoContent,
      error: endErrors
    }).annotateMerge(about("signedIn", { summary: "Sign out somewhere" })),
    HttpApiEndpoint.get("list", "/users", {
      query: {
        ...cursorQuery,
        role: Schema.optionalKey(Role.annotate({ description: "Only users that have this role" }))
      },
      success: listOf(Account),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("users:write", { summary: "List users" })),
    HttpApiEndpoint.get("byId", "/users/:id", {
      params: { id: UserId },
      headers: versionKnown,
      success: [account, HttpApiSchema.Empty(304)],
      error: [problems.UnknownUser]
    }).annotateMerge(about("users:write", { summary: "Get a user" })),
    HttpApiEndpoint.patch("update", "/users/:id", {
      params: { id: UserId },
      headers: versionRequired,
      payload: UserChange,
      success: account,
      error: [problems.UnknownUser, problems.StaleVersion, problems.PreconditionRequired, ...writeErrors]
    }).annotateMerge(
      about("users:write", {
        summary: "Change a user",
        description: "Its roles, its locations, or whether it may sign in. Takes effect with its next request."
      })
    ),
    HttpApiEndpoint.delete("signOut", "/users/:id/sessions", {
      params: { id: UserId },
      success: HttpApiSchema.NoContent,
      error: endErrors
    }).annotateMerge(
      about("users:write", { summary: "Sign somebody out everywhere", description: "Its API keys are not affected." })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Users", description: "Who may do what." })) {}
