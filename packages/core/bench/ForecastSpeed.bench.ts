// How fast are forecasts on one core, with the machine's own measure beside: a plain smoothing loop over the same
// series? And how long do 100,000 weekly series take the default forecaster on two threads; does their memory grow?
import { fileURLToPath } from "node:url"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { autoEts } from "../src/forecast/AutoEts.ts"
import { forecast } from "../src/forecast/Choice.ts"
import { fitEts } from "../src/forecast/EtsFit.ts"
import { etsPrediction } from "../src/forecast/EtsForecast.ts"
import { sesOptimised, smoothedLevel } from "../src/forecast/ExponentialSmoothing.ts"
import { adida, crostonRate, imapaRate, tsbRate } from "../src/forecast/Intermittent.ts"
import { seededUniform } from "../src/forecast/Probability.ts"
import { theta, thetaModel } from "../src/forecast/Theta.ts"
import { m3Series, panel } from "../test/forecast/ReferenceData.ts"

const HORIZON = 12
const RUNS = 5
const WEEKLY_SERIES = 100_000
const THREADS = 2
const WEEKS = 104

let sink = 0

/** Milliseconds a series, the least of several runs over all series, each repeated to last at least 50 ms. */
const perSeries = (series: ReadonlyArray<Float64Array>, use: (y: Float64Array) => number): number => {
  const once = () => {
    for (const y of series) sink += use(y)
  }
  once()
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS; run++) {
    let [repeats, elapsed] = [0, 0]
    const start = performance.now()
    while (elapsed < 50) {
      once()
      repeats++
      elapsed = performance.now() - start
    }
    least = Math.min(least, elapsed / repeats / series.length)
  }
  return least
}

const inUnits = (ms: number): string => (ms < 0.1 ? `${(1000 * ms).toFixed(2)} µs` : `${ms.toFixed(2)} ms`)

interface Job {
  readonly name: string
  readonly series: ReadonlyArray<Float64Array>
  readonly use: (y: Float64Array) => number
  readonly goal?: string
}

const jobs = (): ReadonlyArray<Job> => {
  const m3 = (period: number) => m3Series().flatMap((one) => (one.period === period ? [one.train] : []))
  const [yearly, quarterly, monthly] = [m3(1), m3(4), m3(12)]
  const sparse = panel("carparts_monthly").map(({ y }) => y)
  const auto = (period: number) => (y: Float64Array) => etsPrediction(autoEts(y, { period }), HORIZON).mean[0]!
  const dotm = (period: number) => (y: Float64Array) =>
    thetaModel(y, "DOTM", { period, horizon: HORIZON }).prediction.mean[0]!
  const aaa = { error: "A", trend: "A", season: "A" } as const
  const byDefault = (period: number) => (y: Float64Array) => forecast(y, { horizon: HORIZON, period }).mean[0]!
  return [
    { name: "plain smoothing loop, monthly", series: monthly, use: (y) => smoothedLevel(y, 0.1) },
    { name: "plain smoothing loop, 51 periods", series: sparse, use: (y) => smoothedLevel(y, 0.1) },
    { name: "AutoETS yearly", series: yearly, use: auto(1), goal: "1.5 ms" },
    { name: "AutoETS quarterly", series: quarterly, use: auto(4), goal: "8 ms" },
    { name: "AutoETS monthly", series: monthly, use: auto(12), goal: "30 ms" },
    {
      name: "ETS(A,A,A) monthly",
      series: monthly,
      use: (y) => etsPrediction(fitEts(y, aaa, { period: 12 }), HORIZON).mean[0]!,
      goal: "3 ms"
    },
    { name: "Theta monthly", series: monthly, use: (y) => theta(y, 12, HORIZON).prediction.mean[0]!, goal: "1 ms" },
    { name: "DOTM yearly", series: yearly, use: dotm(1), goal: "0.54 ms" },
    { name: "DOTM quarterly", series: quarterly, use: dotm(4), goal: "1 ms" },
    { name: "DOTM monthly", series: monthly, use: dotm(12), goal: "2.67 ms" },
    { name: "SES optimised monthly", series: monthly, use: (y) => sesOptimised(y, HORIZON).mean[0]!, goal: "10 µs" },
    {
      name: "SBA, 51 periods",
      series: sparse,
      use: (y) => crostonRate(y, "SBA", { size: 0.1, interval: 0.1 }),
      goal: "5 µs"
    },
    { name: "TSB, 51 periods", series: sparse, use: (y) => tsbRate(y, { size: 0.1, probability: 0.1 }), goal: "10 µs" },
    { name: "ADIDA, 51 periods", series: sparse, use: (y) => adida(y, HORIZON).mean[0]!, goal: "10 µs" },
    { name: "IMAPA, 51 periods", series: sparse, use: imapaRate, goal: "10 µs" },
    { name: "default, monthly seasonal", series: monthly, use: byDefault(12) },
    { name: "default, intermittent", series: sparse, use: byDefault(12) }
  ]
}

// Two years of weekly sales: a third sparse, a third steady, a third seasonal with a trend.
const weeklySeries = (index: number): Float64Array => {
  const uniform = seededUniform(index + 1)
  const level = 0.2 * 50 ** uniform()
  const [trend, swing] = index % 3 === 2 ? [uniform() - 0.3, 0.5 * uniform()] : [0, 0]
  return Float64Array.from({ length: WEEKS }, (_, t) => {
    const rate = level * (1 + (trend * t) / WEEKS) * (1 + swing * Math.sin((2 * Math.PI * t) / 52))
    if (index % 3 === 0 && uniform() > 0.3) return 0
    return Math.max(0, Math.round(rate * (0.5 + uniform())))
  })
}

const manySeries = async (): Promise<void> => {
  const share = WEEKLY_SERIES / THREADS
  const start = performance.now()
  const memory = await Promise.all(
    Array.from({ length: THREADS }, (_, thread) => {
      const worker = new Worker(fileURLToPath(import.meta.url), {
        workerData: { from: thread * share, to: (thread + 1) * share }
      })
      return new Promise<{ readonly early: number; readonly late: number }>((resolve, reject) => {
        worker.once("message", resolve)
        worker.once("error", reject)
      })
    })
  )
  const seconds = (performance.now() - start) / 1000
  const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`
  console.log(
    `${WEEKLY_SERIES} weekly series of ${WEEKS} weeks by default, ${THREADS} threads: ` +
      `${seconds.toFixed(0)} s (goal 300 s)`
  )
  for (const { early, late } of memory)
    console.log(`  heap after a tenth ${megabytes(early)}, at the end ${megabytes(late)}`)
}

if (isMainThread) {
  for (const { name, series, use, goal } of jobs()) {
    const ms = perSeries(series, use)
    console.log(`${name.padEnd(34)} ${inUnits(ms).padStart(11)} a series${goal === undefined ? "" : `   goal ${goal}`}`)
  }
  await manySeries()
  if (Number.isNaN(sink)) throw new Error("A forecast was not a number")
} else {
  const { from, to } = workerData as { readonly from: number; readonly to: number }
  let early = 0
  for (let index = from; index < to; index++) {
    sink += forecast(weeklySeries(index), { horizon: 8, period: 52 }).mean[0]!
    if (index === from + Math.floor((to - from) / 10)) early = process.memoryUsage().heapUsed
  }
  parentPort?.postMessage({ early, late: process.memoryUsage().heapUsed })
}
