// Warning that a product will run out: by a threshold, by probability, or by time, without a storm of repeats.

/** When to warn. */
export type AlertRule =
  | { readonly kind: "threshold"; readonly units: number }
  /** Warn when running out before the next delivery is likelier than this. */
  | { readonly kind: "risk"; readonly above: number }
  /** Warn when stock lasts less long than an order takes. */
  | { readonly kind: "cover"; readonly leadTime: number }

/** What is known of a product when it is looked at. */
export interface AlertReading {
  readonly available: number
  readonly stockoutRisk: number
  /** Periods the stock lasts. */
  readonly cover: number
}

/** `armed` is quiet and watching; `raised` has warned and stays so until things are clearly better. */
export type AlertState = "armed" | "raised"

/** How much better than the limit things must be before a raised alert is armed again. */
export const REARM_MARGIN = 0.2

const isBad = (rule: AlertRule, reading: AlertReading): boolean => {
  if (rule.kind === "threshold") return reading.available < rule.units
  return rule.kind === "risk" ? reading.stockoutRisk > rule.above : reading.cover < rule.leadTime
}

const isClearlyGood = (rule: AlertRule, reading: AlertReading): boolean => {
  if (rule.kind === "threshold") return reading.available >= rule.units * (1 + REARM_MARGIN)
  return rule.kind === "risk"
    ? reading.stockoutRisk <= rule.above * (1 - REARM_MARGIN)
    : reading.cover >= rule.leadTime * (1 + REARM_MARGIN)
}

/** The next state, and whether to warn now: once when things turn bad, again only after they have been clearly good. */
export const nextAlert = (
  state: AlertState,
  rule: AlertRule,
  reading: AlertReading
): { readonly state: AlertState; readonly warn: boolean } => {
  if (state === "raised") return { state: isClearlyGood(rule, reading) ? "armed" : "raised", warn: false }
  const bad = isBad(rule, reading)
  return { state: bad ? "raised" : "armed", warn: bad }
}
