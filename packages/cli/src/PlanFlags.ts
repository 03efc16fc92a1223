/**
 * What forecasts and order proposals have in common: which past, which periods, which products, and in which form.
 */
import {
  type ClosedDays,
  type DemandCalendar,
  demandUnits,
  Inventory,
  type Location,
  type PlanOptions,
  USUAL_HORIZON,
  USUAL_PAST
} from "@onhand/core"
import { layerForecasts } from "@onhand/postgres"
import { DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { Argument, Flag } from "effect/cli"
import { exitCode, exitCodes } from "./ExitCode.ts"
import { locationNamed } from "./ImportStock.ts"
import { formats } from "./Report.ts"
import { layerInventory, type StoreFlags, storeFlags } from "./StoreChoice.ts"

/** A flag whose text stands for nothing. */
export class WrongFlag extends Schema.TaggedError<WrongFlag>()("WrongFlag", {
  flag: Schema.String,
  text: Schema.String,
  accepted: Schema.String
}) {
  override readonly [exitCode] = exitCodes.usage
  override get message() {
    return `--${this.flag}: "${this.text}" is not understood; ${this.accepted} is accepted`
  }
}

/** A flag with a text that can be left out. */
export const optionalText = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.optional, Flag.withMetavar(metavar), Flag.withDescription(description))

export const planFlags = {
  file: Argument.File("demand.csv", { mustExist: true }).pipe(
    Argument.optional,
    Argument.withDescription("A table of demand instead of a store: sku, date, quantity, and if you like location")
  ),
  every: Flag.Literals("every", demandUnits).pipe(
    Flag.withDefault("week"),
    Flag.withDescription("The periods: day, week (from Monday) or month")
  ),
  timeZone: optionalText("time-zone", "<name>", "Where days begin, such as Europe/Berlin; this machine's without it"),
  since: optionalText("since", "<date>", "The first day that counts, such as 2024-01-01"),
  until: optionalText("until", "<date>", "The first day that does not count; today without it"),
  horizon: Flag.Int("horizon").pipe(
    Flag.optional,
    Flag.withMetavar("<periods>"),
    Flag.withDescription("How many periods ahead: 28 days, 8 weeks or 6 months without it")
  ),
  closed: optionalText("closed", "<days>", "When nobody can buy, such as sun,2026-12-25"),
  product: optionalText("product", "<sku>", "Only this product"),
  location: optionalText("location", "<id or name>", "Only this location"),
  backtest: Flag.Boolean("backtest").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Try each forecast on the past, choose by it, and say how far off it was")
  ),
  format: Flag.Literals("format", formats).pipe(
    Flag.withDefault("table"),
    Flag.withDescription("A table for people, csv for spreadsheets, json for programs")
  ),
  ...storeFlags
}

type Value<F> = F extends Flag.Flag<infer A> ? A : F extends Argument.Argument<infer A> ? A : never

/** What these flags say. */
export type PlanFlags = { readonly [K in keyof typeof planFlags]: Value<(typeof planFlags)[K]> }

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
const DATE = /^\d{4}-\d{2}-\d{2}$/

const closedDays = (text: string): Result.Result<ClosedDays, WrongFlag> => {
  const days = text.split(",").map((day) => day.trim().toLowerCase())
  const wrong = days.find((day) => !DATE.test(day) && !WEEKDAYS.includes(day))
  if (wrong !== undefined) {
    const accepted = `a list of ${WEEKDAYS.join(", ")} and dates such as 2026-12-25`
    return Result.fail(new WrongFlag({ flag: "closed", text: wrong, accepted }))
  }
  return Result.succeed({
    weekdays: days.map((day) => WEEKDAYS.indexOf(day)).filter((day) => day >= 0),
    dates: days.filter((day) => DATE.test(day))
  })
}

/** The inventory that the flags choose, with the forecasts that are kept beside it. */
export const layerPlanning = (flags: StoreFlags) => layerForecasts.pipe(Layer.provideMerge(layerInventory(flags)))

/** The time zone that the flags name; dates in a file that names none have none either. */
export const timeZoneOf = ({ timeZone }: Pick<PlanFlags, "timeZone">): Result.Result<DateTime.TimeZone, WrongFlag> =>
  Option.match(timeZone, {
    onNone: () => Result.succeed(DateTime.zoneMakeLocal()),
    onSome: (text) =>
      Option.match(DateTime.zoneFromString(text), {
        onNone: () => Result.fail(new WrongFlag({ flag: "time-zone", text, accepted: "a name such as Europe/Berlin" })),
        onSome: Result.succeed
      })
  })

/** The beginning of a day that a flag names. */
export const midnight = (
  flag: string,
  text: string,
  timeZone: DateTime.TimeZone
): Result.Result<DateTime.Utc, WrongFlag> =>
  Option.match(DATE.test(text) ? DateTime.makeZoned(text, { timeZone, adjustForTimeZone: true }) : Option.none(), {
    onNone: () => Result.fail(new WrongFlag({ flag, text, accepted: "a date such as 2026-11-21" })),
    onSome: (day) => Result.succeed(DateTime.toUtc(day))
  })

/** Which periods the flags mean. `known` is what there is of the past, where that is known. */
export const calendarOf = (
  flags: PlanFlags,
  timeZone: DateTime.TimeZone,
  known: { readonly from?: DateTime.Utc; readonly to: DateTime.Utc }
): Result.Result<DemandCalendar, WrongFlag> =>
  Result.gen(function* () {
    const { every } = flags
    const to = Option.isSome(flags.until) ? yield* midnight("until", flags.until.value, timeZone) : known.to
    const past = DateTime.toUtc(DateTime.subtract(DateTime.setZone(to, timeZone), { [`${every}s`]: USUAL_PAST[every] }))
    const from = Option.isSome(flags.since)
      ? yield* midnight("since", flags.since.value, timeZone)
      : (known.from ?? past)
    return { every, timeZone, from, to }
  })

/** How far ahead the flags look. */
export const horizonOf = ({ every, horizon }: PlanFlags): Result.Result<number, WrongFlag> => {
  const periods = Option.getOrElse(horizon, () => USUAL_HORIZON[every])
  return periods >= 1 && periods <= 366
    ? Result.succeed(periods)
    : Result.fail(new WrongFlag({ flag: "horizon", text: String(periods), accepted: "1 to 366" }))
}

/** The closed days that the flags name. */
export const closedOf = ({ closed }: PlanFlags): Result.Result<ClosedDays | undefined, WrongFlag> =>
  Option.match(closed, { onNone: () => Result.succeed(undefined), onSome: closedDays })

/** The location that a flag names. */
export const namedLocation = (locations: ReadonlyArray<Location>, text: string) =>
  Result.mapError(
    locationNamed(locations)(text),
    () => new WrongFlag({ flag: "location", text, accepted: "the id or the name of one location" })
  )

/** What to plan from a store, as the flags say it. */
export const planOptions = (flags: PlanFlags, locations: ReadonlyArray<Location>) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const timeZone = yield* Effect.fromResult(timeZoneOf(flags))
    const calendar = yield* Effect.fromResult(calendarOf(flags, timeZone, { to: yield* DateTime.now }))
    const product = Option.isNone(flags.product)
      ? undefined
      : Option.getOrUndefined(yield* read.productByCode("sku", flags.product.value))?.id
    if (Option.isSome(flags.product) && product === undefined) {
      const accepted = "the SKU of a product that exists"
      return yield* new WrongFlag({ flag: "product", text: flags.product.value, accepted })
    }
    const location = Option.isNone(flags.location)
      ? undefined
      : yield* Effect.fromResult(namedLocation(locations, flags.location.value))
    const options: PlanOptions = {
      calendar,
      closed: yield* Effect.fromResult(closedOf(flags)),
      horizon: yield* Effect.fromResult(horizonOf(flags)),
      backtest: flags.backtest,
      product,
      location
    }
    return options
  })
