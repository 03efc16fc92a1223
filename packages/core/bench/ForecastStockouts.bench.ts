// Does forecasting prevent stock-outs? Reorder points recomputed from a forecast against thresholds set once, on the
// public panels, at equal average inventory. The protocol stands in docs/concepts/replenishment.md.
//
//   node packages/core/bench/ForecastStockouts.bench.ts [panel …]
//
// Both sides run the same code: receive, sell (unmet demand is lost), review, order. The forecasting side sees its own
// sales and whether the shelf was empty, never demand and never what comes later.
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { forecast } from "../src/forecast/Choice.ts"
import { type DemandDistribution, overLeadTimes, shaped } from "../src/forecast/DemandDistribution.ts"
import { seededUniform } from "../src/forecast/Probability.ts"
import { reorderPoint } from "../src/replenish/Policy.ts"
import { panel } from "../test/forecast/ReferenceData.ts"

interface Panel {
  readonly name: string
  readonly series: ReadonlyArray<Float64Array>
  /** Periods that both sides may learn from before the first simulated one. */
  readonly warmUp: number
  /** Seasons in a cycle. */
  readonly period: number
}

/** Every SKU's order arrives at the start of the period after next. */
const LEAD_TIME = 1
const FLAT_THRESHOLD = 10
const COVER_FACTOR = 1.5
const STATIC_SERVICE = 0.95
const DRAWS = 1000
/** Average stock of both sides may differ by this share. */
const EQUAL = 0.005
const SEARCH_STEPS = 24
/** The seasonal fits of all 384 hospital series would take half an hour; every twelfth series is simulated. */
const HOSPITAL_EVERY = 12
const STEADY_SKUS = 200

const total = (values: Iterable<number>): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

const poissonDraw = (uniform: () => number, mean: number): number => {
  const u = uniform()
  let [k, share] = [0, Math.exp(-mean)]
  for (let sum = share; u > sum && k < 1000; sum += share) share *= mean / ++k
  return k
}

// Demand that never changes: here a forecast can only lose, and it must not lose much.
const steadyPanel = (): Panel => {
  const uniform = seededUniform(11)
  const series = Array.from({ length: STEADY_SKUS }, () => {
    const mean = 0.5 + 9.5 * uniform()
    return Float64Array.from({ length: 104 }, () => poissonDraw(uniform, mean))
  })
  return { name: "steady", series, warmUp: 26, period: 1 }
}

const PANELS: Readonly<Record<string, () => Panel>> = {
  carparts: () => ({ name: "carparts", series: panel("carparts_monthly").map(({ y }) => y), warmUp: 24, period: 12 }),
  journey: () => ({
    name: "journey",
    series: panel("completejourney_weekly").map(({ y }) => y),
    warmUp: 26,
    period: 1
  }),
  hospital: () => ({
    name: "hospital",
    series: panel("hospital_monthly").flatMap(({ y }, i) => (i % HOSPITAL_EVERY === 0 ? [y] : [])),
    warmUp: 36,
    period: 12
  }),
  jewelry: () => ({ name: "jewelry", series: panel("jewelry_weekly").map(({ y }) => y), warmUp: 26, period: 1 }),
  uci: () => ({ name: "uci", series: panel("uci_weekly").map(({ y }) => y), warmUp: 26, period: 1 }),
  steady: steadyPanel
}

/** What happened to each SKU. */
interface Outcome {
  readonly stockouts: Float64Array
  readonly unmet: Float64Array
  readonly stock: Float64Array
  readonly orders: Float64Array
}

/** What the shop has seen of one SKU: sales, and in which periods the shelf was empty at the end. */
interface Seen {
  readonly sales: Float64Array
  readonly emptied: Uint8Array
}

type LeadTimes = (sku: number, period: number) => number
type ReorderPoint = (sku: number, period: number, seen: Seen) => number

const simulate = ({ series, warmUp }: Panel, leadTime: LeadTimes, pointOf: ReorderPoint): Outcome => {
  const zeros = () => new Float64Array(series.length)
  const outcome: Outcome = { stockouts: zeros(), unmet: zeros(), stock: zeros(), orders: zeros() }
  series.forEach((demand, sku) => {
    const mean = total(demand.subarray(0, warmUp)) / warmUp
    const lot = Math.max(1, Math.round(2 * mean))
    const seen: Seen = { sales: Float64Array.from(demand), emptied: new Uint8Array(demand.length) }
    const arriving = new Float64Array(demand.length + 16)
    let stock = Math.ceil(COVER_FACTOR * mean * (LEAD_TIME + 1)) + lot
    let onOrder = 0
    for (let t = warmUp; t < demand.length; t++) {
      stock += arriving[t]!
      onOrder -= arriving[t]!
      const sold = Math.min(demand[t]!, stock)
      if (demand[t]! > stock) outcome.stockouts[sku] = outcome.stockouts[sku]! + 1
      outcome.unmet[sku] = outcome.unmet[sku]! + demand[t]! - sold
      stock -= sold
      outcome.stock[sku] = outcome.stock[sku]! + stock
      seen.sales[t] = sold
      seen.emptied[t] = stock === 0 ? 1 : 0
      const point = pointOf(sku, t, seen)
      const position = stock + onOrder
      if (position > point) continue
      const quantity = Math.max(1, Math.ceil((point - position) / lot)) * lot
      const arrival = t + leadTime(sku, t) + 1
      arriving[arrival] = arriving[arrival]! + quantity
      onOrder += quantity
      outcome.orders[sku] = outcome.orders[sku]! + 1
    }
  })
  return outcome
}

const fixedLead: LeadTimes = () => LEAD_TIME
const randomLead: LeadTimes = (sku, period) =>
  LEAD_TIME - 1 + Math.floor(3 * seededUniform(7919 * sku + 104_729 * period + 1)())

/** Recent periods whose mean stands in for what an empty shelf could have sold. */
const RECENT = 26

// What was sold where the shelf held out; where it did not, at least as much as usual.
const believed = ({ sales, emptied }: Seen, upTo: number): Float64Array => {
  const y = sales.slice(0, upTo)
  const known = Array.from(y).filter((_, t) => emptied[t] === 0)
  const usual = known.length === 0 ? 0 : total(known.slice(-RECENT)) / Math.min(RECENT, known.length)
  return y.map((value, t) => (emptied[t] === 0 ? value : Math.max(value, Math.round(usual))))
}

/**
 * How the forecasting side sets its one number for all products of a panel: the chance that the last unit kept prevents
 * a stock-out (`marginal`), or the chance to last until the next delivery (`service`).
 */
type Rule = "marginal" | "service"
const RULES: ReadonlyArray<Rule> = ["marginal", "service"]

// The forecasting side. Histories repeat while the number is searched, so forecasts are kept.
const forecasting = (own: Panel, random: boolean): ((rule: Rule, level: number) => ReorderPoint) => {
  const kept = new Map<string, DemandDistribution>()
  const spans = random ? [LEAD_TIME, LEAD_TIME + 1, LEAD_TIME + 2] : [LEAD_TIME + 1]
  return (rule, level) => (sku, period, seen) => {
    const y = believed(seen, period + 1)
    const key = `${sku}:${period}:${y.subarray(own.warmUp).join()}`
    const demand =
      kept.get(key) ??
      overLeadTimes(forecast(y, { horizon: LEAD_TIME + 2, period: own.period }).leadTimeDemand, spans, 0)
    kept.set(key, demand)
    const target =
      rule === "service"
        ? ({ kind: "cycle service", level } as const)
        : ({ kind: "marginal", chance: 1 - level } as const)
    return Math.floor(reorderPoint(demand, target, 1))
  }
}

const statics = ({ series, warmUp }: Panel): Readonly<Record<string, ReorderPoint>> => {
  const learned = series.map((demand) => {
    const known = demand.subarray(0, warmUp)
    const mean = total(known) / warmUp
    const variance = total(known.map((value) => (value - mean) ** 2)) / (warmUp - 1)
    return { mean, sd: Math.sqrt(variance) }
  })
  const span = LEAD_TIME + 1
  const cover = learned.map(({ mean }) => Math.ceil(COVER_FACTOR * mean * span))
  const quantile = learned.map(({ mean, sd }) =>
    Math.ceil(shaped(mean * span, sd * Math.sqrt(span), true).quantile(STATIC_SERVICE))
  )
  const average = total(learned.map(({ mean }) => mean)) / learned.length
  const flat = average >= 1 && average <= 10 ? { A0: () => FLAT_THRESHOLD } : {}
  return { ...flat, A1: (sku) => cover[sku]!, A2: (sku) => quantile[sku]! }
}

/** One comparison at equal stock: per SKU, so that it can be pooled and resampled. */
interface Comparison {
  readonly panel: string
  readonly rival: string
  readonly rule: Rule
  readonly leads: string
  /** The number found: service, or 1 − chance. */
  readonly level: number
  readonly stockRatio: number
  readonly static: Outcome
  readonly forecast: Outcome
}

const compare = (own: Panel, random: boolean): ReadonlyArray<Comparison> => {
  const leadTime = random ? randomLead : fixedLead
  const at = forecasting(own, random)
  return Object.entries(statics(own)).flatMap(([rival, point]) => {
    const before = simulate(own, leadTime, point)
    const target = total(before.stock)
    return RULES.map((rule) => {
      let [low, high] = [0.01, 0.999999]
      let level = 0.95
      let after = simulate(own, leadTime, at(rule, level))
      for (let step = 0; step < SEARCH_STEPS && Math.abs(total(after.stock) / target - 1) > EQUAL; step++) {
        if (total(after.stock) < target) low = level
        else high = level
        // Halving the odds of running out, since stock grows with their logarithm.
        level = 1 - Math.sqrt((1 - low) * (1 - high))
        after = simulate(own, leadTime, at(rule, level))
      }
      const stockRatio = total(after.stock) / target
      const leads = random ? "random" : "fixed"
      return { panel: own.name, rival, rule, leads, level, stockRatio, static: before, forecast: after }
    })
  })
}

const change = (after: number, before: number): number => (before > 0 ? after / before - 1 : 0)
const percent = (share: number): string => `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)} %`

// The change of a sum over SKUs with its 95 % interval, SKUs drawn again within each panel.
const pooled = (comparisons: ReadonlyArray<Comparison>, read: (outcome: Outcome) => Float64Array) => {
  const uniform = seededUniform(3)
  const point = change(
    total(comparisons.map((one) => total(read(one.forecast)))),
    total(comparisons.map((one) => total(read(one.static))))
  )
  const draws = Array.from({ length: DRAWS }, () => {
    let [after, before] = [0, 0]
    for (const one of comparisons) {
      const [b, a] = [read(one.static), read(one.forecast)]
      for (let i = 0; i < b.length; i++) {
        const sku = Math.floor(uniform() * b.length)
        after += a[sku]!
        before += b[sku]!
      }
    }
    return change(after, before)
  }).sort((x, y) => x - y)
  return { point, low: draws[Math.floor(0.025 * DRAWS)]!, high: draws[Math.ceil(0.975 * DRAWS) - 1]! }
}

const report = (all: ReadonlyArray<Comparison>): void => {
  console.log("panel     rule      lead    against  stock   stock-outs                 unmet      orders")
  for (const one of all) {
    const [a, b] = [total(one.static.stockouts), total(one.forecast.stockouts)]
    const unmet = change(total(one.forecast.unmet), total(one.static.unmet))
    const orders = total(one.forecast.orders) / total(one.static.orders)
    console.log(
      `${one.panel.padEnd(9)} ${one.rule.padEnd(9)} ${one.leads.padEnd(7)} ` +
        `${one.rival.padEnd(8)} ${one.stockRatio.toFixed(3)}   ` +
        `${a} → ${b} (${percent(change(b, a))})`.padEnd(28) +
        `${percent(unmet)}`.padEnd(11) +
        `× ${orders.toFixed(2)}`
    )
  }
  console.log("\nPooled over the panels of real demand, with 95 % intervals over SKUs")
  const real = all.filter((one) => one.panel !== "steady")
  for (const rule of RULES) {
    for (const leads of ["fixed", "random"]) {
      for (const rival of ["A0", "A1", "A2"]) {
        const chosen = real.filter((one) => one.rival === rival && one.leads === leads && one.rule === rule)
        if (chosen.length === 0) continue
        const outs = pooled(chosen, (outcome) => outcome.stockouts)
        const unmet = pooled(chosen, (outcome) => outcome.unmet)
        const shown = (x: typeof outs) => `${percent(x.point)} (${percent(x.low)} to ${percent(x.high)})`
        const against = `${rule.padEnd(9)} ${leads.padEnd(7)} against ${rival}`
        console.log(`${against}: stock-out periods ${shown(outs)}; unmet units ${shown(unmet)}`)
      }
    }
  }
}

if (isMainThread) {
  const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(PANELS)
  const unknown = wanted.filter((name) => PANELS[name] === undefined)
  if (unknown.length > 0) throw new Error(`No panel ${unknown.join(", ")}; there are ${Object.keys(PANELS).join(", ")}`)
  const jobs = wanted.flatMap((name) => [false, true].map((random) => ({ name, random })))
  const found = new Map<number, ReadonlyArray<Comparison>>()
  let next = 0
  const work = (): Promise<void> => {
    const index = next++
    const job = jobs[index]
    if (job === undefined) return Promise.resolve()
    return new Promise<void>((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: job })
      worker.once("message", (result: ReadonlyArray<Comparison>) => {
        found.set(index, result)
        resolve()
      })
      worker.once("error", reject)
    }).then(work)
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work))
  report(jobs.flatMap((_, index) => found.get(index) ?? []))
} else {
  const { name, random } = workerData as { readonly name: string; readonly random: boolean }
  parentPort?.postMessage(compare(PANELS[name]!(), random))
}
