/**
 * Conventions: what holds for every endpoint. Each declares who may call it, refuses what it does not know, and answers
 * errors as problems; those that need it take idempotency keys and preconditions.
 */
import type { Actor, Permission } from "@onhand/core"
import { Context, Schema } from "effect"
import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import { problems } from "./Problem.ts"

/** Who may call an endpoint: anyone, whoever is signed in, or who has a permission, or one of several. */
export type Requirement = Permission | ReadonlyArray<Permission> | "anyone" | "signedIn"

/** The annotation by which an endpoint says who may call it. An endpoint without one fails the tests. */
export class Requires extends Context.Service<Requires, Requirement>()("@onhand/api/Requires") {}

const whoMay = (requirement: Requirement): string =>
  requirement === "anyone"
    ? "Open to anyone."
    : requirement === "signedIn"
      ? "For whoever is signed in."
      : typeof requirement === "string"
        ? `Needs the permission \`${requirement}\`.`
        : `Needs one of the permissions ${requirement.map((one) => `\`${one}\``).join(", ")}.`

// The server itself refuses these when they are left out, with an answer that says more than "missing"; and the client
// makes keys for its caller. So they are optional to the compiler, and required in the documentation.
const REQUIRED_HEADERS: ReadonlySet<string> = new Set(["if-match", "idempotency-key"])

interface Operation {
  readonly parameters?: ReadonlyArray<{ readonly name: string; readonly schema?: { readonly description?: string } }>
}

const withRequiredHeaders = (operation: Operation): Operation => ({
  ...operation,
  parameters: (operation.parameters ?? []).map((parameter) =>
    REQUIRED_HEADERS.has(parameter.name) && parameter.schema?.description?.endsWith("Required.")
      ? { ...parameter, required: true }
      : parameter
  )
})

/** What an endpoint says of itself: who may call it, and its documentation. */
export const about = (
  requirement: Requirement,
  text: { readonly summary: string; readonly description?: string }
): Context.Context<Requires> =>
  Context.add(
    OpenApi.annotations({
      summary: text.summary,
      description: text.description === undefined ? whoMay(requirement) : `${text.description} ${whoMay(requirement)}`,
      override: { "x-requires": requirement },
      transform: withRequiredHeaders
    }),
    Requires,
    requirement
  )

/** Who asks, as the token says and the user's row confirms. */
export class CurrentActor extends Context.Service<CurrentActor, Actor>()("@onhand/api/CurrentActor") {}

/** Lets in who is signed in and may call the endpoint. */
export class Authorization extends HttpApiMiddleware.Service<Authorization, { provides: CurrentActor }>()(
  "@onhand/api/Authorization",
  {
    security: { bearer: HttpApiSecurity.bearer },
    error: [problems.Unauthorized, problems.Forbidden, problems.TooManyRequests, problems.Unavailable],
    requiredForClient: true
  }
) {}

/** Refuses what an endpoint does not know, and stands for the errors that any endpoint may answer. */
export class Strictness extends HttpApiMiddleware.Service<Strictness>()("@onhand/api/Strictness", {
  error: [problems.InvalidRequest, problems.UriTooLong, problems.TooManyRequests, problems.InternalError]
}) {}

/** Answers an empty 304 to a reader who has what it would be sent. Single resources do so by their version. */
export class Freshness extends HttpApiMiddleware.Service<Freshness>()("@onhand/api/Freshness") {}

/** The longest idempotency key a caller may choose. The server adds the caller's id to it before it is stored. */
export const MAX_CALLER_KEY_LENGTH = 180

const Key = Schema.String.check(
  Schema.isPattern(new RegExp(`^("?)[\\x21\\x23-\\x7e]{1,${MAX_CALLER_KEY_LENGTH}}\\1$`))
).annotate({ examples: ["5f1c1f2e-9f0c-4f0e-8a43-0b6d2a1f9c11"] })

const keyText =
  "Names this request, so that sending it again gets the first reply again and changes nothing: " +
  `1 to ${MAX_CALLER_KEY_LENGTH} visible ASCII characters, such as a UUID; quoted or not.`

/** The header of writes that change stock. */
export const keyRequired = {
  "idempotency-key": Schema.optionalKey(Key.annotate({ description: `${keyText} Required.` }))
}

/** The header of other writes. */
export const keyAllowed = { "idempotency-key": Schema.optionalKey(Key.annotate({ description: keyText })) }

/** The header of changes to something that others may change too. Left out, it is refused with 428. */
export const versionRequired = {
  "if-match": Schema.optionalKey(
    Schema.String.annotate({ description: "The ETag of the version that was seen, or `*` for any. Required." })
  )
}

/** What the header says by which a reader tells what it has already. */
export const knownText = "An ETag that was seen; the reply is an empty 304 if it still holds"

/** The header by which a reader says what it has already. */
export const versionKnown = {
  "if-none-match": Schema.optionalKey(Schema.String.annotate({ description: knownText }))
}

/** The version of what is in the body. */
export const etag = { etag: Schema.String }

/** Whether this is the first reply to the key or the same reply again. */
export const replayable = { "idempotency-replayed": Schema.optionalKey(Schema.Literal("true")) }

/** The errors of everything that takes a body. */
export const bodyErrors = [problems.PayloadTooLarge, problems.UnsupportedMediaType] as const

/** The errors of every write. */
export const writeErrors = [
  ...bodyErrors,
  problems.IdempotencyConflict,
  problems.OutcomeUnknown,
  problems.Unavailable
] as const
