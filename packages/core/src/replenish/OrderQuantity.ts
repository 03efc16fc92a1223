// Turning a wanted quantity into one a vendor delivers: minimum order, whole packs, upper limits.

/** What a vendor accepts. Quantities are in stock units. */
export interface OrderRules {
  /** Least units of an order; 0 by default. */
  readonly minimum?: number
  /** Units of a pack: orders are whole packs; 1 by default, 0 for units that can be divided. */
  readonly pack?: number
  /** Most units of an order; no limit by default. */
  readonly maximum?: number
}

// Sums of binary fractions miss whole packs by rounding noise, which must not cost a further pack.
const ROUNDING = 1e-9

/**
 * The least quantity the vendor accepts that is at least `wanted`; 0 stays 0. Never above the maximum's whole packs.
 */
export const roundedOrder = (wanted: number, { minimum = 0, pack = 1, maximum }: OrderRules = {}): number => {
  if (!(wanted > 0)) return 0
  const least = Math.max(wanted, minimum)
  const up = (quantity: number) => (pack > 0 ? Math.ceil(quantity / pack - ROUNDING) * pack : quantity)
  const down = (quantity: number) => (pack > 0 ? Math.floor(quantity / pack + ROUNDING) * pack : quantity)
  const whole = up(least)
  if (maximum === undefined || whole <= maximum) return whole
  const limited = down(maximum)
  return limited >= minimum ? limited : 0
}
