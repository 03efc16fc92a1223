// Does forecasting prevent stock-outs? Reorder points recomputed from a forecast against thresholds set once, on the
// public panels, at equal average inventory. The protocol stands in docs/concepts/replenishment.md.
//
//   node packages/core/bench/ForecastStockouts.bench.ts [panel …]
//
// Every run is printed, also where the forecast does not help: unmet demand is lost or waits, lead times are fixed or
// random, stock is equal in units or in money.
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { seededUniform } from "../src/forecast/Probability.ts"
import {
  forecasting,
  inHindsight,
  type Outcome,
  PANELS,
  type Panel,
  type Rule,
  simulate,
  statics,
  total,
  unitCosts,
  type World
} from "./StockSimulation.ts"

const DRAWS = 1000
/** Average stock of both sides may differ by this share. */
const EQUAL = 0.01
const SEARCH_STEPS = 24
/** The exchange curve of the forecasting side: times the chance that makes its stock equal to A2's. */
const CURVE = [6, 4, 3, 2, 1.4, 1, 0.7, 0.4, 0.2, 0.1, 0.03, 0.01]
const MOST_ORDERS = 1.1
const REDUCTION = -0.2
const WORST_PANEL = 0.1
const STEADY_LOSS = 0.05

/** What stock is measured in for equal investment. */
type Basis = "units" | "money"

/** What the forecasting side is run with, and what its stock is made equal in. */
const RUNS: ReadonlyArray<readonly [Rule, Basis]> = [
  ["marginal", "units"],
  ["marginal", "money"],
  ["service", "units"]
]

/** One comparison at equal stock: per SKU, so that it can be pooled and resampled. */
interface Comparison extends World {
  readonly panel: string
  readonly rival: string
  readonly rule: Rule
  readonly basis: Basis
  /** The number found: service, or 1 − chance. */
  readonly level: number
  readonly stockRatio: number
  /** Stock-out periods of the best thresholds set once, had the future been known, with the rival's stock. */
  readonly hindsight: number
  readonly static: Outcome
  readonly forecast: Outcome
}

/** Mean units on hand and stock-outs in percent of SKU-periods, point by point. */
interface Curve extends World {
  readonly panel: string
  readonly policy: string
  readonly points: ReadonlyArray<{ readonly stock: number; readonly stockouts: number; readonly fillRate: number }>
}

interface Findings {
  readonly comparisons: ReadonlyArray<Comparison>
  readonly curves: ReadonlyArray<Curve>
}

const fillRateOf = ({ unmet, demand }: Outcome): number => 100 * (1 - total(unmet) / total(demand))

// Runs of the forecasting side in one world, each made once; and the search for the number that gives equal stock.
const forecastSide = (own: Panel, world: World, at: ReturnType<typeof forecasting>) => {
  const costs = unitCosts(own)
  const tried: Record<Rule, Map<number, Outcome>> = { marginal: new Map(), service: new Map() }
  const invested = ({ stock }: Outcome, basis: Basis): number =>
    basis === "units" ? total(stock) : total(stock.map((units, sku) => units * costs[sku]!))
  const run = (rule: Rule, level: number): Outcome => {
    const outcome = tried[rule].get(level) ?? simulate(own, world, at(world, rule, level))
    tried[rule].set(level, outcome)
    return outcome
  }
  // Stock grows with the logarithm of the odds, so the next number is read off between the nearest two tried.
  const equal = (rule: Rule, basis: Basis, target: number): number => {
    const isEqual = (level: number) => Math.abs(invested(run(rule, level), basis) / target - 1) <= EQUAL
    let next = 0.95
    for (let step = 0; step < SEARCH_STEPS && !isEqual(next); step++) {
      const known = [...tried[rule]].map(([level, outcome]) => ({ level, stock: invested(outcome, basis) }))
      const below = known.filter(({ stock }) => stock < target).sort((a, b) => b.stock - a.stock)[0]
      const above = known.filter(({ stock }) => stock >= target).sort((a, b) => a.stock - b.stock)[0]
      const low = below ?? { level: 0.01, stock: 0 }
      const high = above ?? { level: 1 - 1e-7, stock: 2 * target }
      const share = step % 3 === 2 ? 0.5 : (target - low.stock) / (high.stock - low.stock)
      next = 1 - (1 - low.level) ** (1 - share) * (1 - high.level) ** share
    }
    return next
  }
  return { run, equal, invested }
}

const study = (name: string, unmet: World["unmet"]): Findings => {
  const own = PANELS[name]!()
  const at = forecasting(own)
  const periods = total(own.series.map((demand) => demand.length - own.warmUp))
  const point = (outcome: Outcome) => ({
    stock: total(outcome.stock) / periods,
    stockouts: (100 * total(outcome.stockouts)) / periods,
    fillRate: fillRateOf(outcome)
  })
  const comparisons: Array<Comparison> = []
  const curves: Array<Curve> = []
  for (const leads of ["fixed", "random"] as const) {
    const world: World = { unmet, leads }
    const { run, equal, invested } = forecastSide(own, world, at)
    for (const rival of statics(own)) {
      const points = rival.levels.map((level) => point(simulate(own, world, rival.at(level))))
      curves.push({ ...world, panel: name, policy: rival.name, points })
      const before = simulate(own, world, rival.at(rival.level))
      const hindsight = inHindsight(own, world, total(before.stock))
      for (const [rule, basis] of RUNS) {
        const target = invested(before, basis)
        const level = equal(rule, basis, target)
        const after = run(rule, level)
        const stockRatio = invested(after, basis) / target
        const found = { panel: name, rival: rival.name, rule, basis, level, stockRatio, hindsight }
        comparisons.push({ ...world, ...found, static: before, forecast: after })
      }
    }
    const asA2 = comparisons.findLast((one) => one.rival === "A2" && one.rule === "marginal" && one.basis === "units")!
    const chances = CURVE.map((times) => times * (1 - asA2.level)).filter((chance) => chance < 1)
    const points = chances.map((chance) => point(run("marginal", 1 - chance)))
    curves.push({ ...world, panel: name, policy: "B", points })
  }
  return { comparisons, curves }
}

const change = (after: number, before: number): number => (before > 0 ? after / before - 1 : 0)
const percent = (share: number): string => `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)} %`

interface Pooled {
  readonly point: number
  readonly low: number
  readonly high: number
}

// The change of a sum over SKUs with its 95 % interval, SKUs drawn again within each panel.
const pooled = (comparisons: ReadonlyArray<Comparison>, read: (outcome: Outcome) => Float64Array): Pooled => {
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

const shown = ({ point, low, high }: Pooled): string => `${percent(point)} (${percent(low)} to ${percent(high)})`

const stockoutsOf = (outcome: Outcome) => outcome.stockouts
const unmetOf = (outcome: Outcome) => outcome.unmet
const stockoutChange = (one: Comparison): number => change(total(one.forecast.stockouts), total(one.static.stockouts))
const orderRatio = (one: Comparison): number => total(one.forecast.orders) / total(one.static.orders)

const reportRuns = (all: ReadonlyArray<Comparison>): void => {
  console.log("Every run at equal stock. Fill rates are shares of demand served at once; the bound is the stock-out")
  console.log("periods of the best thresholds set once that the rival's stock allows, had the future been known.\n")
  console.log(
    "panel    unmet lead   rule     equal against  stock " +
      "stock-out periods        bound unmet units  fill rate      orders"
  )
  for (const one of all) {
    const [a, b] = [total(one.static.stockouts), total(one.forecast.stockouts)]
    const filled = (outcome: Outcome) => fillRateOf(outcome).toFixed(1)
    console.log(
      `${one.panel.padEnd(8)} ${one.unmet.padEnd(5)} ${one.leads.padEnd(6)} ${one.rule.padEnd(8)} ` +
        `${one.basis.padEnd(5)} ${one.rival.padEnd(8)} ${one.stockRatio.toFixed(3)} ` +
        `${a} → ${b} (${percent(change(b, a))})`.padEnd(25) +
        `${one.hindsight}`.padStart(5) +
        ` ${percent(change(total(one.forecast.unmet), total(one.static.unmet)))}`.padEnd(13) +
        `${filled(one.static)} → ${filled(one.forecast)}`.padEnd(15) +
        `× ${orderRatio(one).toFixed(2)}`
    )
  }
}

const reportCurves = (curves: ReadonlyArray<Curve>): void => {
  console.log("\nExchange curves: mean units on hand a SKU : stock-out periods in percent : fill rate in percent")
  for (const { panel, unmet, leads, policy, points } of curves) {
    const row = points.map((at) => `${at.stock.toFixed(1)}:${at.stockouts.toFixed(1)}:${at.fillRate.toFixed(1)}`)
    console.log(`${panel.padEnd(8)} ${unmet.padEnd(5)} ${leads.padEnd(6)} ${policy}  ${row.join("  ")}`)
  }
}

// Each group of runs that answers one question, and the answer. Panels of made-up demand are judged apart.
const reportGoals = (all: ReadonlyArray<Comparison>): void => {
  console.log("\nPooled over the panels of real demand, with 95 % intervals over SKUs")
  const real = all.filter((one) => one.panel !== "steady")
  const groups = new Map<string, Array<Comparison>>()
  for (const one of real) {
    const key = [one.rule, one.basis, one.unmet, one.leads, one.rival].join(" ")
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  for (const [key, chosen] of groups) {
    const [outs, unmet] = [pooled(chosen, stockoutsOf), pooled(chosen, unmetOf)]
    const flat = chosen[0]!.rival === "A0"
    const aim = flat ? unmet : outs
    const worst = chosen.reduce((most, one) => (stockoutChange(one) > stockoutChange(most) ? one : most))
    const orders = Math.max(...chosen.map(orderRatio))
    const failed = [
      ...(aim.high > REDUCTION
        ? [flat ? "unmet units not surely 20 % fewer" : "stock-outs not surely 20 % fewer"]
        : []),
      ...(flat && outs.point > 0 ? ["more stock-outs"] : []),
      ...(stockoutChange(worst) > WORST_PANEL ? [`${worst.panel} worse by ${percent(stockoutChange(worst))}`] : []),
      ...(orders > MOST_ORDERS ? [`orders × ${orders.toFixed(2)}`] : [])
    ]
    console.log(
      `${key.padEnd(36)} stock-out periods ${shown(outs)}; unmet units ${shown(unmet)}: ` +
        (failed.length === 0 ? "holds" : failed.join(", "))
    )
  }
  console.log("\nSteady demand against A2, where at most 5 % may be lost")
  for (const one of all.filter(({ panel, rival }) => panel === "steady" && rival === "A2")) {
    const lost = stockoutChange(one)
    const key = [one.rule, one.basis, one.unmet, one.leads].join(" ")
    console.log(`${key.padEnd(36)} ${percent(lost)}: ${lost <= STEADY_LOSS ? "holds" : "does not hold"}`)
  }
}

if (isMainThread) {
  const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(PANELS)
  const unknown = wanted.filter((name) => PANELS[name] === undefined)
  if (unknown.length > 0) throw new Error(`No panel ${unknown.join(", ")}; there are ${Object.keys(PANELS).join(", ")}`)
  const jobs = (["lost", "waits"] as const).flatMap((unmet) => wanted.map((name) => ({ name, unmet })))
  const found = new Map<number, Findings>()
  let next = 0
  const work = (): Promise<void> => {
    const index = next++
    const job = jobs[index]
    if (job === undefined) return Promise.resolve()
    return new Promise<void>((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: job })
      worker.once("message", (result: Findings) => {
        found.set(index, result)
        resolve()
      })
      worker.once("error", reject)
    }).then(work)
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work))
  const all = jobs.map((_, index) => found.get(index)!)
  const comparisons = all.flatMap((findings) => findings.comparisons)
  reportRuns(comparisons)
  reportCurves(all.flatMap(({ curves }) => curves))
  reportGoals(comparisons)
} else {
  const { name, unmet } = workerData as { readonly name: string; readonly unmet: World["unmet"] }
  parentPort?.postMessage(study(name, unmet))
}
