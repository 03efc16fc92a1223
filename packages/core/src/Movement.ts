/**
 * Movements: the immutable ledger of physical stock. Each takes a quantity of one stock key from one place to another
 * (double entry), so that the sum over all places is always zero.
 */
import { Schema } from "effect"
import { Entered } from "./Pack.ts"
import { Quantity } from "./Quantity.ts"
import { Lot, Place, StockKey } from "./StockKey.ts"

export const movementKinds = [
  "opening",
  "receipt",
  "sale",
  "customerReturn",
  "supplierReturn",
  "transferOut",
  "transferIn",
  "adjustment",
  "countAdjustment",
  "damage",
  "conditionChange",
  "scrap",
  "reversal"
] as const
export const MovementKind = Schema.Literals(movementKinds)
export type MovementKind = typeof MovementKind.Type

/** What caused a ledger entry: a cart, an order, a purchase order, a document of the host. */
export const Source = Schema.Struct({
  type: Schema.NonEmptyString.check(Schema.isMaxLength(32)),
  id: Schema.NonEmptyString.check(Schema.isMaxLength(128))
})
export interface Source extends Schema.Schema.Type<typeof Source> {}

/**
 * The types of source by which the commands of documents mark their movements. What one of them says follows from its
 * document; so a program that lets people record movements by hand should not let them write these.
 */
export const documentSources: ReadonlyArray<string> = ["order", "transfer", "count", "purchaseOrder"]

/** The cost of one whole unit, in the currency's minor unit, and possibly fractions of it as a decimal text. */
export const UnitCost = Schema.Struct({
  amount: Schema.String.check(Schema.isPattern(/^(0|[1-9]\d{0,11})(\.\d{1,6})?$/)),
  currency: Schema.String.check(Schema.isPattern(/^[A-Z]{3}$/))
})
export interface UnitCost extends Schema.Schema.Type<typeof UnitCost> {}

const movementFields = {
  kind: MovementKind,
  ...StockKey.fields,
  lot: Lot,
  from: Place,
  to: Place,
  quantity: Quantity,
  reason: Schema.NullOr(Schema.String),
  source: Schema.NullOr(Source),
  unitCost: Schema.NullOr(UnitCost)
}

/** A movement as a decision writes it; the commit adds its place in the ledger. */
export const NewMovement = Schema.Struct({
  ...movementFields,
  /** How the quantity was said, where somebody said it in another way than in steps. */
  entered: Schema.optionalKey(Schema.NullOr(Entered))
})
export interface NewMovement extends Schema.Schema.Type<typeof NewMovement> {}

/**
 * A movement in the ledger. `shard` and `seq` place its command in the ledger's order, `line` its place within the
 * command; `version` counts the movements of its stock key from 1, without a gap. `onHandAfter` and `sellableAfter`
 * are the key's balance right after it.
 */
export const Movement = Schema.Struct({
  ...movementFields,
  entered: Schema.NullOr(Entered),
  shard: Schema.Int,
  seq: Schema.Int,
  line: Schema.Int,
  version: Schema.Int,
  onHandAfter: Schema.Int,
  sellableAfter: Schema.Int,
  command: Schema.String,
  actor: Schema.NullOr(Schema.String),
  occurredAt: Schema.DateTimeUtcFromString,
  recordedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Movement" })
export interface Movement extends Schema.Schema.Type<typeof Movement> {}

/** The public name of a ledger entry: its shard, its command's place in it, and its line in the command. */
export const movementId = (movement: Pick<Movement, "shard" | "seq" | "line">): string =>
  `${movement.shard}-${movement.seq}-${movement.line}`

type Flow = readonly [from: Place, to: Place]

type Flows = readonly [Flow, ...ReadonlyArray<Flow>]

const forward: Readonly<Record<Exclude<MovementKind, "reversal">, Flows>> = {
  opening: [
    ["opening", "sellable"],
    ["opening", "qualityControl"],
    ["opening", "damaged"],
    ["opening", "quarantine"]
  ],
  receipt: [
    ["supplier", "sellable"],
    ["supplier", "qualityControl"],
    ["supplier", "damaged"],
    ["supplier", "quarantine"]
  ],
  sale: [["sellable", "customer"]],
  customerReturn: [
    ["customer", "sellable"],
    ["customer", "qualityControl"],
    ["customer", "damaged"],
    ["customer", "quarantine"],
    ["customer", "scrap"]
  ],
  supplierReturn: [
    ["sellable", "supplier"],
    ["qualityControl", "supplier"],
    ["damaged", "supplier"],
    ["quarantine", "supplier"]
  ],
  transferOut: [
    ["sellable", "transit"],
    ["damaged", "transit"],
    ["qualityControl", "transit"],
    ["quarantine", "transit"]
  ],
  transferIn: [
    ["transit", "sellable"],
    ["transit", "damaged"],
    ["transit", "qualityControl"],
    ["transit", "quarantine"]
  ],
  adjustment: [
    ["adjustment", "sellable"],
    ["sellable", "adjustment"],
    ["adjustment", "qualityControl"],
    ["qualityControl", "adjustment"],
    ["adjustment", "damaged"],
    ["damaged", "adjustment"],
    ["adjustment", "quarantine"],
    ["quarantine", "adjustment"],
    ["transit", "adjustment"]
  ],
  countAdjustment: [
    ["adjustment", "sellable"],
    ["sellable", "adjustment"],
    ["adjustment", "qualityControl"],
    ["qualityControl", "adjustment"],
    ["adjustment", "damaged"],
    ["damaged", "adjustment"],
    ["adjustment", "quarantine"],
    ["quarantine", "adjustment"]
  ],
  damage: [
    ["sellable", "damaged"],
    ["qualityControl", "damaged"],
    ["quarantine", "damaged"]
  ],
  conditionChange: [
    ["sellable", "qualityControl"],
    ["qualityControl", "sellable"],
    ["sellable", "quarantine"],
    ["quarantine", "sellable"],
    ["qualityControl", "quarantine"],
    ["quarantine", "qualityControl"],
    ["damaged", "sellable"],
    ["damaged", "quarantine"]
  ],
  scrap: [
    ["damaged", "scrap"],
    ["quarantine", "scrap"],
    ["qualityControl", "scrap"],
    ["sellable", "scrap"]
  ]
}

const backward = ([from, to]: Flow): Flow => [to, from]

/** What takes back any of the others, each pair of places once; first of all a sale. */
const reversals = (): Flows => {
  const usual = backward(forward.sale[0])
  const all = new Map([usual, ...Object.values(forward).flat().map(backward)].map((flow) => [String(flow), flow]))
  all.delete(String(usual))
  return [usual, ...all.values()]
}

/**
 * The places each kind of movement may connect, the usual pair first. A movement that names no places gets the first
 * pair; one that names others than those listed is refused. A reversal takes back any of the others.
 */
export const movementFlows: Readonly<Record<MovementKind, Flows>> = { ...forward, reversal: reversals() }
