// Replenishment: the public face of `replenish/`. From a forecast to reorder points, orders and warnings.
export {
  type AlertReading,
  type AlertRule,
  type AlertState,
  nextAlert,
  REARM_MARGIN
} from "./replenish/Alert.ts"
export { type Allocation, allocateBudget, type BudgetItem, type BudgetObjective } from "./replenish/Budget.ts"
export {
  ABC_THRESHOLDS,
  type AbcClass,
  abcClasses,
  flatCover,
  periodsOfCover,
  turnover,
  XYZ_THRESHOLDS,
  type XyzClass,
  xyzClass
} from "./replenish/Classes.ts"
export {
  economicProductionQuantity,
  eoq,
  eoqAllUnits,
  eoqCost,
  eoqIncremental,
  eoqWithBackorders,
  wagnerWhitin
} from "./replenish/Eoq.ts"
export { type NewsvendorCosts, newsvendor, newsvendorCost, newsvendorProfit } from "./replenish/Newsvendor.ts"
export {
  backorderPlan,
  bestReorderPoint,
  expectedInventoryPlan,
  lossFunctionPlan,
  type OrderPoint,
  type OrderPointInput,
  orderPointCost,
  poissonOrderPoint,
  safetyStockPlan
} from "./replenish/OrderPoint.ts"
export { type OrderRules, roundedOrder } from "./replenish/OrderQuantity.ts"
export {
  approximateOrderUpTo,
  exactOrderUpTo,
  type OrderUpTo,
  orderUpToLevel,
  orderUpToService,
  poissonOrderUpTo
} from "./replenish/OrderUpTo.ts"
export {
  DEFAULT_SERVICE,
  defaultPolicy,
  horizonFor,
  inventoryPosition,
  type LotSize,
  protectedDemand,
  type ReplenishmentPolicy,
  reorderPoint,
  type ServiceTarget,
  type StockPosition,
  type Suggestion,
  suggest
} from "./replenish/Policy.ts"
export {
  achievedService,
  type LeadTimeInput,
  leadTimeDemandSd,
  periodicReview,
  type SafetyStock,
  safetyStockForFillRate,
  safetyStockForService
} from "./replenish/SafetyStock.ts"
