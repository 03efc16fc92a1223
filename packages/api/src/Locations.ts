/**
 * Locations over HTTP: the shops and warehouses where stock rests.
 */
import { Location as CoreLocation, LocationId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Timestamp } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
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
  address: Schema.optionalKey(Address)
}).annotate({ identifier: "NewLocation", examples: [{ name: "Main street", address: "1 Main street" }] })

export const LocationChange = Schema.Struct({
  name: Schema.optionalKey(CoreLocation.fields.name),
  address: Schema.optionalKey(Address)
}).annotate({ identifier: "LocationChange", examples: [{ name: "Old town" }] })

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
    }).annotateMerge(about("locations:write", { summary: "Change a location" }))
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Locations", description: "Where stock rests." })) {}
