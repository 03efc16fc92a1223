/**
 * Planning: what forecasts and replenishment have in common: which periods a request means, and where plans are made.
 */
import type { InvalidRequest } from "@onhand/api"
import {
  type ClosedDays,
  type DemandCalendar,
  type DemandUnit,
  ForecastKeeper,
  type InvalidPeriods,
  type PlanOptions,
  planStock,
  USUAL_HORIZON,
  USUAL_PAST
} from "@onhand/core"
import { Context, DateTime, Effect, Option } from "effect"
import { faulty } from "./Faults.ts"

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** The periods of a request as they come in. */
export interface AskedPeriods {
  readonly every?: DemandUnit
  readonly time_zone?: string
  readonly since?: string
  readonly until?: string
  readonly horizon?: number
}

const closedDays = (days: ReadonlyArray<string>, path: string): Effect.Effect<ClosedDays, InvalidRequest> => {
  const wrong = days.find((day) => !DATE.test(day) && !WEEKDAYS.includes(day))
  return wrong === undefined
    ? Effect.succeed({
        weekdays: days.map((day) => WEEKDAYS.indexOf(day)).filter((day) => day >= 0),
        dates: days.filter((day) => DATE.test(day))
      })
    : Effect.fail(faulty(path, `Of ${WEEKDAYS.join(", ")} and dates such as 2026-12-25 any are accepted`))
}

/** The beginning of a day, if there is such a day. */
export const midnight = (
  day: string,
  timeZone: DateTime.TimeZone,
  path: string
): Effect.Effect<DateTime.Utc, InvalidRequest> =>
  Effect.fromOption(DateTime.makeZoned(day, { timeZone, adjustForTimeZone: true })).pipe(
    // The 31st of February would be taken for the 3rd of March.
    Effect.filterOrFail((instant) => DateTime.formatIsoDate(instant) === day),
    Effect.map(DateTime.toUtc),
    Effect.mapError(() => faulty(path, "A date such as 2026-11-21 is accepted"))
  )

/** The time zone that a request names; UTC if it names none. */
export const timeZoneOf = (name: string | undefined, part: string): Effect.Effect<DateTime.TimeZone, InvalidRequest> =>
  Effect.mapError(Effect.fromOption(DateTime.zoneFromString(name ?? "UTC")), () =>
    faulty(`${part}.time_zone`, "The name of a time zone such as Europe/Berlin is accepted")
  )

const calendarOf = ({ every = "week", ...asked }: AskedPeriods, part: string) =>
  Effect.gen(function* () {
    const timeZone = yield* timeZoneOf(asked.time_zone, part)
    const to = asked.until === undefined ? yield* DateTime.now : yield* midnight(asked.until, timeZone, `${part}.until`)
    const past = DateTime.subtract(DateTime.setZone(to, timeZone), { [`${every}s`]: USUAL_PAST[every] })
    const from =
      asked.since === undefined ? DateTime.toUtc(past) : yield* midnight(asked.since, timeZone, `${part}.since`)
    const calendar: DemandCalendar = { every, timeZone, from, to }
    return calendar
  })

/** Where plans are made: here, one after the other, unless a host has threads for them. */
export const Planner = Context.Reference<Pick<PlanOptions, "plan" | "concurrency">>("@onhand/server/Planner", {
  // Other requests are answered between two products.
  defaultValue: () => ({
    plan: (tasks) =>
      Effect.forEach(tasks, (task) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => planStock(task))
        )
      )
  })
})

/** How requests want to be planned: with the forecasts that a host keeps, if it keeps some. */
export const makePlanOptions = Effect.gen(function* () {
  const planner = yield* Planner
  const keeper = Option.getOrUndefined(yield* Effect.serviceOption(ForecastKeeper))
  return (
    asked: AskedPeriods,
    closed: ReadonlyArray<string> | undefined,
    backtest: boolean | undefined,
    part: "query" | "payload"
  ): Effect.Effect<PlanOptions, InvalidRequest> =>
    Effect.gen(function* () {
      const calendar = yield* calendarOf(asked, part)
      return {
        ...planner,
        keeper,
        calendar,
        horizon: asked.horizon ?? USUAL_HORIZON[calendar.every],
        closed: closed === undefined ? undefined : yield* closedDays(closed, `${part}.closed`),
        backtest
      }
    })
})

/** A time without a whole period in it is a mistake of the request. */
export const notPlanned =
  (part: "query" | "payload") =>
  ({ message }: InvalidPeriods): Effect.Effect<never, InvalidRequest> =>
    Effect.fail(faulty(`${part}.since`, message))
