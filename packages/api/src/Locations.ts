/**
 * Locations over HTTP: the shops and warehouses where stock rests.
 */
import { Condition, Location as CoreLocation, LocationId, Lot, ProductId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Timestamp } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
  keyRequired,
  replayable,
  versionKnown,
  versionRequired,
  writeErrors
} from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems } from "./Problem.ts"

export const Location = Schema.Struct({ ...CoreLocation.fields, createdAt: Timestamp }).annotate({
  identifier: "LocationEntry"
})
export interface Location extends Schema.Schema.Type<typeof Location> {}

const Address = Schema.String.check(Schema.isMaxLength(500))

export const NewLocation = Schema.Struct({
  id: Schema.optionalKey(LocationId.annotate({ description: "An id of your own, such as a shop number" })),
  name: CoreLocation.fields.name,
  address: Schema.optionalKey(Address),
  timeZone: Schema.optionalKey(
    CoreLocation.fields.timeZone.annotate({ description: "A name such as Europe/Berlin; UTC when it is left out" })
  )
}).annotate({ identifier: "NewLocation", examples: [{ name: "Main street", address: "1 Main street" }] })

export const LocationChange = Schema.Struct({
  name: Schema.optionalKey(CoreLocation.fields.name),
  address: Schema.optionalKey(Address),
  timeZone: Schema.optionalKey(CoreLocation.fields.timeZone)
}).annotate({ identifier: "LocationChange", examples: [{ name: "Old town" }] })

export const LocationDrain = Schema.Struct({
  destination: LocationId,
  after: Schema.optionalKey(ProductId.annotate({ description: "The `next` of the reply before, to go on from there" }))
}).annotate({ identifier: "LocationDrain", examples: [{ destination: "depot" } as never] })

const ofLot = { product: ProductId, lot: Lot }

export const DrainedLocation = Schema.Struct({
  moved: Schema.Array(Schema.Struct({ ...ofLot, condition: Condition, quantity: Decimal })),
  claimed: Schema.Array(Schema.Struct({ ...ofLot, held: Decimal, committed: Decimal })),
  next: Schema.NullOr(ProductId)
}).annotate({
  identifier: "DrainedLocation",
  description: "What moved, what stayed because somebody claims it, and where to go on; null when all was looked at"
})

const params = { id: LocationId }
const headers = { ...etag, ...replayable }

export class LocationsApi extends HttpApiGroup.make("locations")
  .add(
    HttpApiEndpoint.get("list", "/locations", {
      query: cursorQuery,
      success: listOf(Location),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("locations:read", { summary: "List locations" })),
    HttpApiEndpoint.post("create", "/locations", {
      headers: keyAllowed,
      payload: NewLocation,
      success: HttpApiSchema.WithHeaders(Location.pipe(HttpApiSchema.status(201)), headers),
      error: [problems.LocationExists, ...writeErrors]
    }).annotateMerge(about("locations:write", { summary: "Create a location" })),
    HttpApiEndpoint.get("byId", "/locations/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(Location, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownLocation]
    }).annotateMerge(about("locations:read", { summary: "Get a location" })),
    HttpApiEndpoint.patch("update", "/locations/:id", {
      params,
      headers: { ...versionRequired, ...keyAllowed },
      payload: LocationChange,
      success: HttpApiSchema.WithHeaders(Location, headers),
      error: [problems.UnknownLocation, problems.StaleVersion, problems.PreconditionRequired, ...writeErrors]
    }).annotateMerge(about("locations:write", { summary: "Change a location" })),
    HttpApiEndpoint.post("drain", "/locations/:id/drain", {
      params,
      headers: keyRequired,
      payload: LocationDrain,
      success: HttpApiSchema.WithHeaders(DrainedLocation, replayable),
      error: [
        problems.SameLocation,
        problems.UnknownLocation,
        problems.LocationInactive,
        problems.Forbidden,
        ...writeErrors
      ]
    }).annotateMerge(
      about("stock:write", {
        summary: "Move all that a location holds to another",
        description:
          "In every condition, as far as nobody claims it, and at most a hundred products at a time: while `next` is " +
          "a product, ask again with it as `after`. To be allowed to write stock is needed at both."
      })
    ),
    HttpApiEndpoint.post("archive", "/locations/:id/archive", {
      params,
      headers: keyAllowed,
      success: HttpApiSchema.WithHeaders(Location, headers),
      error: [problems.LocationNotEmpty, problems.UnknownLocation, ...writeErrors]
    }).annotateMerge(
      about("locations:write", {
        summary: "Archive a location",
        description:
          "One that holds nothing. Its history stays; nothing can be received there any more, and what is on its way " +
          "to it still arrives."
      })
    ),
    HttpApiEndpoint.post("restore", "/locations/:id/restore", {
      params,
      headers: keyAllowed,
      success: HttpApiSchema.WithHeaders(Location, headers),
      error: [problems.UnknownLocation, ...writeErrors]
    }).annotateMerge(about("locations:write", { summary: "Bring an archived location back" }))
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Locations", description: "Where stock rests." })) {}
