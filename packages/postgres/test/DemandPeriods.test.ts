// Periods are those that PostgreSQL makes of the same time zone, so that a report of one's own agrees with a forecast.
import { assert, describe, it } from "@effect/vitest"
import { type DemandUnit, periodBounds } from "@onhand/core"
import { DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { layerMemory } from "../src/pglite/index.ts"

const zones = ["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]
const units: ReadonlyArray<DemandUnit> = ["day", "week", "month"]

describe("periods of demand", () => {
  it.live(
    "begin where date_trunc has them begin",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient
        const from = DateTime.makeUnsafe("2018-01-20T12:00:00Z")
        const to = DateTime.makeUnsafe("2019-05-20T12:00:00Z")
        for (const zone of zones) {
          for (const every of units) {
            const timeZone = DateTime.zoneMakeNamedUnsafe(zone)
            const bounds = yield* Effect.fromResult(periodBounds({ every, timeZone, from, to }))
            const rows = yield* sql<{ readonly start: number }>`
              SELECT DISTINCT (extract(epoch FROM date_trunc(${every}, hour, ${zone})) * 1000)::float8 AS start
              FROM generate_series(${DateTime.formatIso(from)}::timestamptz,
                ${DateTime.formatIso(to)}::timestamptz, interval '1 hour') hour ORDER BY 1`
            assert.deepStrictEqual(
              bounds.map(DateTime.toEpochMillis),
              rows.map(({ start }) => start),
              `${every} in ${zone}`
            )
          }
        }
      }).pipe(Effect.provide(layerMemory)),
    60_000
  )
})
