// The formulas against published cases, each at its own tolerance.
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import {
  convolve,
  discrete,
  gamma,
  logNormal,
  negativeBinomial,
  normal,
  poisson
} from "../../src/forecast/DemandDistribution.ts"
import { normalLoss } from "../../src/forecast/Probability.ts"
import {
  economicProductionQuantity,
  eoq,
  eoqAllUnits,
  eoqCost,
  eoqIncremental,
  eoqWithBackorders,
  wagnerWhitin
} from "../../src/replenish/Eoq.ts"
import { newsvendor, newsvendorCost, newsvendorProfit } from "../../src/replenish/Newsvendor.ts"
import {
  backorderPlan,
  bestReorderPoint,
  expectedInventoryPlan,
  lossFunctionPlan,
  orderPointCost,
  poissonOrderPoint,
  safetyStockPlan
} from "../../src/replenish/OrderPoint.ts"
import {
  approximateOrderUpTo,
  orderUpToLevel,
  orderUpToService,
  poissonOrderUpTo
} from "../../src/replenish/OrderUpTo.ts"
import {
  achievedService,
  periodicReview,
  safetyStockForFillRate,
  safetyStockForService
} from "../../src/replenish/SafetyStock.ts"

// The inputs of each formula are spelled as in the file; a case that lacks one fails with NaN.
// biome-ignore lint/suspicious/noExplicitAny: the shape of a case follows from its formula
type Input = any
type Answer = Readonly<Record<string, unknown>>
interface Case {
  readonly id: string
  readonly fn: string
  readonly input: Input
  readonly expected: Answer
  readonly tol: number
  readonly source: string
}

const shares = (pmf: Readonly<Record<string, number>>): Float64Array => {
  const row = new Float64Array(Math.max(...Object.keys(pmf).map(Number)) + 1)
  for (const [value, share] of Object.entries(pmf)) row[Number(value)] = share
  return row
}

const losses = (demand: { readonly mean: number; readonly loss: (x: number) => number }, x: number): Answer => ({
  loss: demand.loss(x),
  complement: x - demand.mean + demand.loss(x)
})
const level = ({ level: S, cost }: { readonly level: number; readonly cost: number }): Answer => ({ S, cost })
const point = (plan: { readonly reorderPoint: number; readonly quantity: number; readonly cost?: number }): Answer => ({
  r: plan.reorderPoint,
  Q: plan.quantity,
  cost: plan.cost
})

const FORMULAS: Readonly<Record<string, (i: Input) => Answer>> = {
  eoq: (i) => ({ Q: eoq(i).quantity, cost: eoq(i).cost }),
  eoqCost: (i) => ({ cost: eoqCost(i, i.Q) }),
  eoqBackorders: (i) => {
    const { quantity, stockoutShare, cost } = eoqWithBackorders(i)
    return { Q: quantity, stockoutFraction: stockoutShare, cost }
  },
  epq: (i) => ({ Q: economicProductionQuantity(i).quantity, cost: economicProductionQuantity(i).cost }),
  eoqAllUnits: (i) => ({ ...eoqAllUnits(i), Q: eoqAllUnits(i).quantity }),
  eoqIncremental: (i) => ({ ...eoqIncremental(i), Q: eoqIncremental(i).quantity }),
  wagnerWhitin: (i) => ({ ...wagnerWhitin(i.demand, i) }),
  standardNormalLoss: (i) => ({ loss: normalLoss(i.z), complement: i.z + normalLoss(i.z) }),
  poissonLoss: (i) => losses(poisson(i.mean), i.x),
  negBinLoss: (i) => losses(negativeBinomial(i.r, i.p), i.x),
  gammaLoss: (i) => losses(gamma(i.shape, i.scale), i.x),
  newsvendorNormal: (i) => level(newsvendor(normal(i.mean * (i.leadTime + 1), i.sd * Math.sqrt(i.leadTime + 1)), i)),
  newsvendorNormalCost: (i) => ({ cost: newsvendorCost(normal(i.mean, i.sd), i, i.S) }),
  newsvendorPoisson: (i) => level(newsvendor(poisson(i.mean * ((i.leadTime ?? 0) + 1)), i)),
  newsvendorLognormal: (i) => level(newsvendor(logNormal(i.mu, i.sigma), i)),
  newsvendorGamma: (i) => level(newsvendor(gamma(i.shape, i.scale), i)),
  newsvendorDiscrete: (i) => level(newsvendor(discrete(shares(i.pmf)), i)),
  newsvendorNormalExplicit: (i) => {
    const { level: S, profit } = newsvendorProfit(normal(i.mean, i.sd), i)
    return { S, profit }
  },
  rqEIL: (i) => point(expectedInventoryPlan(i)),
  rqEOQB: (i) => point(backorderPlan(i)),
  rqEOQSS: (i) => point(safetyStockPlan(i)),
  rqLoss: (i) => point(lossFunctionPlan(i)),
  rqCost: (i) => ({ cost: orderPointCost(i, { reorderPoint: i.r, quantity: i.Q }) }),
  rqOptimalR: (i) => ({ r: bestReorderPoint(i, i.Q) }),
  rqPoissonExact: (i) => point(poissonOrderPoint(i)),
  ssPoissonExact: (i) => {
    const { reorderPoint, upTo, cost } = poissonOrderUpTo(i.mean, i)
    return { s: reorderPoint, S: upTo, cost }
  },
  ssPowerApprox: (i) => {
    const { reorderPoint, upTo } = approximateOrderUpTo(i, i)
    return { s: reorderPoint, S: upTo }
  },
  rqService: (i) => {
    const { safetyStock, sd, cycleService, shortage, fillRate } = achievedService(i, i.r, i.Q)
    return { safetyStock, sigmaDL: sd, csl: cycleService, esc: shortage, fillRate }
  },
  safetyStockCSL: (i) => {
    const { factor, sd, safetyStock, reorderPoint } = safetyStockForService(i, i.csl)
    return { z: factor, sigmaDL: sd, safetyStock, reorderPoint }
  },
  safetyStockFillRate: (i) => {
    const { factor, sd, safetyStock, reorderPoint } = safetyStockForFillRate(i, i.Q, i.fillRate)
    return { k: factor, sigmaDL: sd, safetyStock, reorderPoint }
  },
  orderUpToCSL: (i) => {
    const { safetyStock, upTo } = periodicReview(i, i.csl)
    return { safetyStock, S: upTo }
  },
  convolve: (i) => {
    const sum = convolve(shares(i.pmf), i.n)
    return { pmf: Object.fromEntries(Array.from(sum, (share, value) => [String(value), share])) }
  },
  outFillRate: (i) => {
    const { traditional, fillRate, cycleService } = orderUpToService(shares(i.pmf), i, i.S)
    return { traditional, sobel: fillRate, csl: cycleService }
  },
  outCSLPoisson: (i) => {
    const { upTo, achieved } = orderUpToLevel(poisson(i.mean), i.csl)
    return { S: upTo, achieved }
  },
  outCSLNegBin: (i) => {
    const { mean, variance } = i
    const demand = negativeBinomial((mean * mean) / (variance - mean), mean / variance)
    const { upTo, achieved } = orderUpToLevel(demand, i.csl)
    return { S: upTo, achieved }
  }
}

const agree = (own: unknown, expected: unknown, tolerance: number, where: string): void => {
  if (typeof expected === "object" && expected !== null) {
    for (const [key, value] of Object.entries(expected))
      agree((own as Answer)[key], value, tolerance, `${where}.${key}`)
    return
  }
  assert.isNumber(own, where)
  const gap = Math.abs((own as number) - (expected as number))
  assert.isAtMost(gap, tolerance * Math.max(Math.abs(expected as number), 1e-9), `${where}: ${own} for ${expected}`)
}

const { cases } = JSON.parse(readFileSync(new URL("./data/policies.json", import.meta.url), "utf8")) as {
  readonly cases: ReadonlyArray<Case>
}

describe("inventory formulas", () => {
  for (const { id, fn, input, expected, tol, source } of cases) {
    it(`${id} as in ${source}`, () => {
      const formula = FORMULAS[fn]
      assert.isDefined(formula, `no formula for ${fn}`)
      agree(formula!(input), expected, tol, id)
    })
  }
})
