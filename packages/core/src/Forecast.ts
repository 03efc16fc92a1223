// Forecasting demand: the public face of `forecast/`. Pure mathematics without a clock and without chance.
export {
  biasPercent,
  coverage,
  cumulativeWape,
  mase,
  maseScale,
  meanAbsoluteError,
  meanError,
  msis,
  owa,
  periodsInStock,
  pinball,
  rmsse,
  rmsseScale,
  rootMeanSquaredError,
  smape,
  wape
} from "./forecast/Accuracy.ts"
export { type AutoEtsOptions, autoEts, averagedEts, etsCandidates, etsLearner } from "./forecast/AutoEts.ts"
export {
  type BacktestSummary,
  backtest,
  backtestLearner,
  challenge,
  type Forecaster,
  type Learner,
  type Origins,
  quantileScore,
  summarise,
  type Trial
} from "./forecast/Backtest.ts"
export {
  drift,
  historicMean,
  naive,
  seasonalNaive,
  seasonalWindowAverage,
  windowAverage
} from "./forecast/Baselines.ts"
export { type DemandForecast, type ForecastOptions, forecast } from "./forecast/Choice.ts"
export { believedDemand, categoryBelief, initialBelief, type RateBelief, updatedBelief } from "./forecast/ColdStart.ts"
export { intermittentForecast, regularForecast } from "./forecast/Combination.ts"
export {
  type ConformalMethod,
  conformalDemand,
  conformalInterval,
  conformalScores,
  conformalWidening,
  type Predictor,
  widened
} from "./forecast/Conformal.ts"
export { type DemandClass, type DemandPattern, demandPattern, demandVariation } from "./forecast/DemandClass.ts"
export {
  certain,
  convolve,
  type DemandDistribution,
  discrete,
  gamma,
  logNormal,
  mixture,
  negativeBinomial,
  normal,
  overLeadTimes,
  poisson,
  shaped
} from "./forecast/DemandDistribution.ts"
export {
  type CleanDemand,
  type CleaningOptions,
  type ComingPeriod,
  cleanDemand,
  type DemandPeriod,
  fillMissing,
  outliers,
  type Repair,
  raiseSoldOut,
  scheduled,
  tradingShares
} from "./forecast/DemandSeries.ts"
export type { EtsFiltered, EtsModel, EtsState, EtsWeights } from "./forecast/Ets.ts"
export { filter as filterEts, modelName } from "./forecast/Ets.ts"
export { type EtsFit, type EtsFitOptions, fitEts } from "./forecast/EtsFit.ts"
export { etsPrediction } from "./forecast/EtsForecast.ts"
export type { EtsCriterion } from "./forecast/EtsSearch.ts"
export {
  type HoltWintersWeights,
  holtWinters,
  holtWintersFit,
  seasonalSmoothing,
  ses,
  sesOptimised
} from "./forecast/ExponentialSmoothing.ts"
export { groupSeason, type SeasonFactors } from "./forecast/GroupSeason.ts"
export {
  adida,
  type CrostonVariant,
  type CrostonWeights,
  croston,
  crostonOptimised,
  imapa,
  type TsbWeights,
  tsb
} from "./forecast/Intermittent.ts"
export { clampAtZero, type Interval, interval, type Prediction } from "./forecast/Prediction.ts"
export {
  autoTheta,
  type DynamicThetaFit,
  type ThetaFit,
  type ThetaModel,
  type ThetaParameters,
  theta,
  thetaModel,
  thetaWith
} from "./forecast/Theta.ts"
