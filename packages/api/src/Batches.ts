/**
 * Batches over HTTP: several writes in one request, each by itself, all or none, or only planned.
 */
import { ClaimEvent as CoreClaimEvent, MAX_COMPOSED } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Timestamp } from "./Amount.ts"
import { Authorization, about, keyRequired, replayable, writeErrors } from "./Convention.ts"
import { problems } from "./Problem.ts"
import { Movement } from "./StockMovements.ts"

/** The most requests of a batch: all or none, they are one commit, and others wait for it. */
export const MAX_BATCH_REQUESTS = MAX_COMPOSED

/** What may be written in a batch: what is one command. Accounts, carts and imports have rules of their own. */
export const batchedNouns = [
  "products",
  "locations",
  "stock-movements",
  "stock-transfers",
  "stock-counts",
  "lots",
  "claims",
  "thresholds",
  "reorder-policies",
  "vendors",
  "purchase-orders",
  "orders",
  "notifications"
] as const

const PATH = new RegExp(`^/api/v1/(?:${batchedNouns.join("|")})(?!/import$)(?:/[\\w.~%!$&'()*+,;=:@-]+)*$`)

/** A request of a batch, as it would be sent by itself. The batch's token and key are its own as well. */
export const BatchRequest = Schema.Struct({
  method: Schema.Literals(["POST", "PUT", "PATCH", "DELETE"]),
  path: Schema.String.check(Schema.isPattern(PATH), Schema.isMaxLength(1_000)).annotate({
    description: `A path of this contract under ${batchedNouns.join(", ")}`
  }),
  ifMatch: Schema.optionalKey(
    Schema.String.annotate({ description: "The If-Match header, where the path asks for one" })
  ),
  body: Schema.optionalKey(Schema.Json)
}).annotate({ identifier: "BatchRequest" })
export interface BatchRequest extends Schema.Schema.Type<typeof BatchRequest> {}

export const BatchMode = Schema.Literals(["each", "all", "plan"])
export type BatchMode = typeof BatchMode.Type

export const NewBatch = Schema.Struct({
  mode: BatchMode.annotate({
    description:
      "`each`: one after the other, each by itself, and a refused one stops no other. `all`: in one commit, each on " +
      "what those before it left, or none. `plan`: as `all`, but nothing is written."
  }),
  requests: Schema.NonEmptyArray(BatchRequest).check(Schema.isMaxLength(MAX_BATCH_REQUESTS))
}).annotate({ identifier: "NewBatch" })
export interface NewBatch extends Schema.Schema.Type<typeof NewBatch> {}

/** What one request was answered, as if it had been sent by itself. */
export const BatchResult = Schema.Struct({
  status: Schema.Int,
  etag: Schema.NullOr(Schema.String),
  replayed: Schema.Boolean,
  body: Schema.Json
}).annotate({ identifier: "BatchResult" })
export interface BatchResult extends Schema.Schema.Type<typeof BatchResult> {}

const event = CoreClaimEvent.fields

/** What would happen to a claim. */
export const PlannedClaim = Schema.Struct({
  kind: event.kind,
  claim: event.claim,
  product: event.product,
  location: event.location,
  lot: event.lot,
  quantity: Decimal,
  expiresAt: Schema.NullOr(Timestamp),
  source: event.source
}).annotate({ identifier: "PlannedClaim" })

/** The results in the order of the requests; of a plan also what would be written into the two ledgers. */
export const BatchReport = Schema.Struct({
  results: Schema.Array(BatchResult),
  movements: Schema.optionalKey(Schema.Array(Movement)),
  claims: Schema.optionalKey(Schema.Array(PlannedClaim))
}).annotate({ identifier: "BatchReport" })
export interface BatchReport extends Schema.Schema.Type<typeof BatchReport> {}

export class BatchesApi extends HttpApiGroup.make("batches")
  .add(
    HttpApiEndpoint.post("run", "/batches", {
      headers: keyRequired,
      payload: NewBatch,
      success: HttpApiSchema.WithHeaders(BatchReport, replayable),
      error: [problems.BatchRefused, ...writeErrors]
    }).annotateMerge(
      about(["stock:write", "orders:write", "catalogue:write", "locations:write", "thresholds:write"], {
        summary: "Run several writes, or plan them",
        description:
          "Each request needs the permissions of its own path, and its result is what that path answers. With `all` " +
          "and `plan` the first that is refused refuses the batch, and nothing happens; the requests are understood " +
          "before any of them is done, so that none may name what another one creates. A plan tells what would be " +
          "written, uses up no key, and another moment may tell otherwise. Each request counts for the rate limit."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(
    OpenApi.annotations({ title: "Batches", description: "Several writes at once, or what they would do." })
  ) {}
