/**
 * Accounts over HTTP: registering, and signing in for an access token.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { about, bodyErrors } from "./Convention.ts"
import { EmailInput, NewPassword, Password, PersonName } from "./Password.ts"
import { problems } from "./Problem.ts"
import { Account } from "./Users.ts"

export const Registration = Schema.Struct({ email: EmailInput, name: PersonName, password: NewPassword }).annotate({
  identifier: "Registration",
  examples: [{ email: "ann@example.com", name: "Ann", password: "correct horse battery" }]
})

/** The form of OAuth 2.0's password grant, as generated clients and documentation pages send it. */
export const LoginForm = Schema.Struct({
  username: EmailInput,
  password: Password,
  grant_type: Schema.optionalKey(Schema.Literals(["password", ""])),
  scope: Schema.optionalKey(Schema.String),
  client_id: Schema.optionalKey(Schema.String),
  client_secret: Schema.optionalKey(Schema.String)
})
  .annotate({ identifier: "LoginForm" })
  .pipe(HttpApiSchema.asFormUrlEncoded())

export const Login = Schema.Struct({ email: EmailInput, password: Password }).annotate({
  identifier: "Login",
  examples: [{ email: "ann@example.com", password: "correct horse battery" }]
})

/** The names are OAuth 2.0's. `expires_in` is in seconds. The refresh token is good for one refresh. */
export const TokenReply = Schema.Struct({
  access_token: Schema.String,
  token_type: Schema.Literal("bearer"),
  expires_in: Schema.Int,
  refresh_token: Schema.String
}).annotate({ identifier: "TokenReply" })
export interface TokenReply extends Schema.Schema.Type<typeof TokenReply> {}

const RefreshToken = Schema.String.check(Schema.isMaxLength(8_192))

export const Refresh = Schema.Struct({ refresh_token: RefreshToken }).annotate({ identifier: "Refresh" })

export const SignOut = Schema.Struct({
  refresh_token: RefreshToken,
  everywhere: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Ends all sessions of the user, and not only this one" })
  )
}).annotate({ identifier: "SignOut" })

const signInErrors = [
  ...bodyErrors,
  problems.InvalidCredentials,
  problems.TooManyRequests,
  problems.Unavailable,
  problems.OutcomeUnknown
] as const

export class AccountsApi extends HttpApiGroup.make("accounts")
  .add(
    HttpApiEndpoint.post("register", "/auth/register", {
      payload: Registration,
      success: Account.pipe(HttpApiSchema.status(201)),
      error: [
        ...bodyErrors,
        problems.EmailTaken,
        problems.TooManyRequests,
        problems.Unavailable,
        problems.OutcomeUnknown
      ]
    }).annotateMerge(
      about("anyone", { summary: "Register", description: "Opens an account with the role of a customer." })
    ),
    HttpApiEndpoint.post("login", "/auth/login", {
      payload: LoginForm,
      success: TokenReply,
      error: signInErrors
    }).annotateMerge(
      about("anyone", {
        summary: "Sign in (form)",
        description: "The form of OAuth 2.0; `username` is the e-mail address."
      })
    ),
    HttpApiEndpoint.post("loginJson", "/auth/login-json", {
      payload: Login,
      success: TokenReply,
      error: signInErrors
    }).annotateMerge(about("anyone", { summary: "Sign in (JSON)" })),
    HttpApiEndpoint.post("refresh", "/auth/refresh", {
      payload: Refresh,
      success: TokenReply,
      error: [...bodyErrors, problems.Unauthorized, problems.Unavailable, problems.OutcomeUnknown]
    }).annotateMerge(
      about("anyone", {
        summary: "Get new tokens",
        description:
          "Trades a refresh token for a new one and an access token. It is good for one trade: whoever sends an " +
          "older one ends the session, because somebody has a copy. A reply that was lost may be asked for again " +
          "within ten seconds."
      })
    ),
    HttpApiEndpoint.post("logout", "/auth/logout", {
      payload: SignOut,
      success: HttpApiSchema.NoContent,
      error: [...bodyErrors, problems.Unavailable, problems.OutcomeUnknown]
    }).annotateMerge(
      about("anyone", {
        summary: "Sign out",
        description: "Ends the session: its tokens are refused from then on. A token that is not valid ends nothing."
      })
    )
  )
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Accounts", description: "Registering, signing in and out." })) {}
