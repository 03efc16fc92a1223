/**
 * The ways to value stock: first in, first out, and the moving average.
 */
import { Schema } from "effect"

export const valuationMethods = ["fifo", "average"] as const
export const ValuationMethod = Schema.Literals(valuationMethods)
export type ValuationMethod = typeof ValuationMethod.Type
