/**
 * Locations: the shops and warehouses where stock rests. A location is never deleted: history names it.
 */
import { DateTime, Option, Result, Schema } from "effect"
import { define } from "./Command.ts"
import { put, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

export const LocationId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("LocationId"))
export type LocationId = typeof LocationId.Type

const LocationName = Schema.NonEmptyString.check(Schema.isMaxLength(120))

/** The name of a time zone, such as `Europe/Berlin`. */
export const TimeZone = Schema.NonEmptyString.check(
  Schema.isMaxLength(64),
  Schema.makeFilter(
    (name: string) => Option.isSome(DateTime.zoneMakeNamed(name)) || "a time zone of the IANA database, or UTC"
  )
)

/** Its days begin and end in `timeZone`. */
export const Location = Schema.Struct({
  id: LocationId,
  name: LocationName,
  address: Schema.String,
  timeZone: TimeZone,
  status: Schema.Literals(["active", "archived"]),
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Location" })
export interface Location extends Schema.Schema.Type<typeof Location> {}

export class UnknownLocation extends Schema.TaggedError<UnknownLocation>()("UnknownLocation", {
  location: LocationId
}) {
  override get message() {
    return `There is no location ${this.location}; an id that a location was created with is accepted`
  }
}

export class LocationInactive extends Schema.TaggedError<LocationInactive>()("LocationInactive", {
  location: LocationId
}) {
  override get message() {
    return `Location ${this.location} is archived; restore it, or name an active location`
  }
}

export class LocationExists extends Schema.TaggedError<LocationExists>()("LocationExists", { location: LocationId }) {
  override get message() {
    return `There is a location ${this.location} already; choose another id, or leave it out to have one made`
  }
}

/** The location, if it exists. */
export const knownLocation = (slice: Slice, id: LocationId): Result.Result<Location, UnknownLocation> => {
  const location = slice.row("locations", id)
  return location === undefined ? Result.fail(new UnknownLocation({ location: id })) : Result.succeed(location)
}

/** The location, if it exists and is active. */
export const activeLocation = (
  slice: Slice,
  id: LocationId
): Result.Result<Location, UnknownLocation | LocationInactive> =>
  Result.flatMap(
    knownLocation(slice, id),
    (location): Result.Result<Location, LocationInactive> =>
      location.status === "active" ? Result.succeed(location) : Result.fail(new LocationInactive({ location: id }))
  )

/**
 * Creates a location; with `id` under the caller's own id, such as a shop number. Its time zone is UTC when left out.
 */
export const CreateLocation = define("CreateLocation", {
  payload: {
    id: Schema.optionalKey(LocationId),
    name: LocationName,
    address: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(500))),
    timeZone: Schema.optionalKey(TimeZone)
  },
  reply: Location,
  refusals: [LocationExists],
  footprint: ({ id }) => (id === undefined ? {} : { rows: [ref("locations", id)] }),
  decide: (slice, payload, context) => {
    const id = payload.id ?? LocationId.make(context.id)
    if (payload.id !== undefined && slice.row("locations", id) !== undefined)
      return Result.fail(new LocationExists({ location: id }))
    const location: Location = {
      id,
      name: payload.name,
      address: payload.address ?? "",
      timeZone: payload.timeZone ?? "UTC",
      status: "active",
      version: 1,
      createdAt: context.now
    }
    return Result.succeed({
      reply: location,
      rows: [put("locations", location)],
      events: [{ _tag: "LocationCreated", location: id }]
    })
  }
})

/** Changes a location's name, address or time zone. Lots that it received keep theirs. */
export const UpdateLocation = define("UpdateLocation", {
  payload: {
    location: LocationId,
    expected: ExpectedVersion,
    name: Schema.optionalKey(LocationName),
    address: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(500))),
    timeZone: Schema.optionalKey(TimeZone)
  },
  reply: Location,
  refusals: [UnknownLocation, StaleVersion],
  locations: ({ location }) => [location],
  footprint: ({ location }) => ({ rows: [ref("locations", location)] }),
  decide: (slice, payload) =>
    Result.gen(function* () {
      const before = yield* knownLocation(slice, payload.location)
      yield* checkVersion("location", before, payload.expected)
      const location: Location = {
        ...before,
        name: payload.name ?? before.name,
        address: payload.address ?? before.address,
        timeZone: payload.timeZone ?? before.timeZone,
        version: before.version + 1
      }
      return {
        reply: location,
        rows: [put("locations", location)],
        events: [{ _tag: "LocationUpdated" as const, location: location.id }]
      }
    })
})
