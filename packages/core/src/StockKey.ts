/**
 * Where stock is: the key (product, location, lot) and the places between which movements carry it.
 */
import { Schema } from "effect"
import { LocationId } from "./Location.ts"
import { ProductId } from "./Product.ts"

/** The code of a lot of a product; {@link NO_LOT} for a product that is not lot-tracked. */
export const Lot = Schema.String.check(Schema.isMaxLength(64))

/** The lot of every product that is not lot-tracked. */
export const NO_LOT = ""

/** What one balance is kept for. */
export const StockKey = Schema.Struct({ product: ProductId, location: LocationId, lot: Lot })
export interface StockKey extends Schema.Schema.Type<typeof StockKey> {}

/** The conditions in which stock rests at a location. Only sellable stock can be claimed or sold. */
export const conditions = ["sellable", "qualityControl", "damaged", "quarantine"] as const
export const Condition = Schema.Literals(conditions)
export type Condition = typeof Condition.Type

/** The places outside every location that a movement can come from or go to. */
export const VirtualPlace = Schema.Literals(["supplier", "customer", "transit", "adjustment", "scrap", "opening"])
export type VirtualPlace = typeof VirtualPlace.Type

/** One end of a movement: a condition at the movement's location, or a virtual place. */
export const Place = Schema.Union([Condition, VirtualPlace])
export type Place = typeof Place.Type

/** Whether a place is a condition of stock at the location, and so part of what is on hand. */
export const isCondition = (place: Place): place is Condition => conditions.some((condition) => condition === place)

/**
 * A product at a location, over all its lots: what a slice loads, what thresholds watch, what allocation chooses from.
 */
export interface StockPlace {
  readonly product: ProductId
  readonly location: LocationId
}

/** The text that stands for a stock place in maps and row ids. */
export const stockPlaceText = (place: StockPlace): string => `${place.product}@${place.location}`

/** The row id of a lot: no two pairs of texts have the same. */
export const lotId = (product: ProductId, lot: string): string => JSON.stringify([product, lot])

/** The text that stands for a stock key in maps. */
export const stockKeyText = (key: StockKey): string => `${key.product}@${key.location}#${key.lot}`

/**
 * The ledger shard of a location: FNV-1a (32 bit) of its id, modulo the number of shards. Every store must agree on
 * it, so it never changes.
 */
export const shardOf = (location: LocationId, shards: number): number => {
  if (shards === 1) return 0
  let hash = 0x811c9dc5
  for (let i = 0; i < location.length; i++) {
    hash = Math.imul(hash ^ location.charCodeAt(i), 0x01000193)
  }
  return (hash >>> 0) % shards
}
