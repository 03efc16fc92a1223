/**
 * Forecasts over HTTP: what will probably be asked for of a product, and how far that may be off.
 */
import { Band, DemandUnit, ForecastError, LocationId, ProductId } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Timestamp } from "./Amount.ts"
import { Authorization, about } from "./Convention.ts"
import { problems } from "./Problem.ts"

const Numbers = Schema.Array(Schema.Finite)
const Day = Schema.String.check(Schema.isPattern(/^\d{4}-\d{2}-\d{2}$/)).annotate({ examples: ["2026-01-05"] })

/** A day on which nobody can buy, each week or once. */
const ClosedDay = Schema.String.check(Schema.isPattern(/^(?:sun|mon|tue|wed|thu|fri|sat|\d{4}-\d{2}-\d{2})$/))

/** The most periods ahead. */
const MAX_HORIZON = 366

const periods = {
  every: Schema.optionalKey(
    DemandUnit.annotate({ description: "Days, weeks from Monday or months; weeks if left out" })
  ),
  time_zone: Schema.optionalKey(
    Schema.NonEmptyString.check(Schema.isMaxLength(64)).annotate({
      description: "Where days begin, such as Europe/Berlin; UTC if left out"
    })
  ),
  since: Schema.optionalKey(
    Day.annotate({ description: "The first day that counts; two years of days, three of weeks or five of months back" })
  ),
  until: Schema.optionalKey(Day.annotate({ description: "The first day that does not count; today if left out" })),
  backtest: Schema.optionalKey(
    Schema.Literals(["true", "false"]).annotate({
      description: "Tries the method on the past, and says how far off it was"
    })
  )
}

const Horizon = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_HORIZON })).annotate({
  description: "How many periods ahead: 28 days, 8 weeks or 6 months if left out"
})

/** Which past and which periods a plan is made from, as a request says it in its body. */
export const planFields = {
  ...periods,
  backtest: Schema.optionalKey(Schema.Boolean),
  horizon: Schema.optionalKey(Horizon),
  closed: Schema.optionalKey(
    Schema.Array(ClosedDay)
      .check(Schema.isMaxLength(400))
      .annotate({ description: "When nobody can buy: weekdays such as `sun`, and dates", examples: [["sun"]] })
  )
}

/** The same as parameters. */
export const planQuery = {
  ...periods,
  horizon: Schema.optionalKey(Horizon),
  closed: Schema.optionalKey(
    Schema.String.check(Schema.isMaxLength(5_000)).annotate({
      description: "When nobody can buy: weekdays and dates, such as `sun,2026-12-25`"
    })
  )
}

/** What will probably be asked for, by period, in the product's unit. */
export const ExpectedDemand = Schema.Struct({
  history: Numbers,
  repaired: Schema.Int,
  method: Schema.String,
  why: Schema.String,
  pattern: Schema.Literals(["smooth", "erratic", "intermittent", "lumpy", "degenerate"]),
  mean: Numbers,
  bands: Schema.Array(Band),
  total: Schema.Struct({ mean: Schema.Finite, lower: Schema.Finite, upper: Schema.Finite }),
  error: Schema.NullOr(ForecastError)
}).annotate({
  identifier: "ExpectedDemand",
  description:
    "`history` is what the forecast rests on, the oldest period first, `repaired` of them estimated because the " +
    "shelf was empty or the doors were closed. `mean` is expected in each coming period, and a band holds its share " +
    "of outcomes. `total` is all coming periods together, between `lower` and `upper` four times in five."
})

/** The forecast of a product at a location. */
export const DemandForecast = Schema.Struct({
  product: ProductId,
  location: LocationId,
  every: DemandUnit,
  begins: Timestamp,
  expected: ExpectedDemand
}).annotate({ identifier: "DemandForecast" })
export interface DemandForecast extends Schema.Schema.Type<typeof DemandForecast> {}

export class ForecastsApi extends HttpApiGroup.make("forecasts")
  .add(
    HttpApiEndpoint.get("byProduct", "/forecasts/:product", {
      params: { product: ProductId },
      query: { ...planQuery, location: Schema.optionalKey(LocationId) },
      success: Schema.Struct({ items: Schema.Array(DemandForecast) }),
      error: [problems.UnknownProduct]
    }).annotateMerge(
      about("reports:read", {
        summary: "Forecast the demand for a product",
        description:
          "At each location where it ever moved, from the sales less returns in the ledger. A period that is not " +
          "over yet does not count; one with an empty shelf is no period without demand. The same ledger " +
          "gives the same forecast; it is worked out again when the history has changed."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Forecasts", description: "What will probably be asked for." })) {}
