/**
 * Reversal: the correction of a movement that should not have been recorded. The ledger keeps both, the movement and
 * its exact inverse.
 */
import { Result, Schema } from "effect"
import { InsufficientStock } from "./Allocation.ts"
import { available, onHand } from "./Balance.ts"
import { define } from "./Command.ts"
import { documentRef, isOfDocument } from "./Document.ts"
import { checkMovements } from "./Ledger.ts"
import { activeLocation, LocationInactive, UnknownLocation } from "./Location.ts"
import type { Movement, NewMovement } from "./Movement.ts"
import { putName, ref } from "./Row.ts"
import { isCondition, StockKey, stockKeyText } from "./StockKey.ts"

/** The public name of a movement, as {@link movementId} makes it. */
export const MovementId = Schema.String.check(Schema.isPattern(/^\d{1,4}-\d{1,15}-\d{1,6}$/)).annotate({
  description: "The id of a movement: its shard, its command's place in it, and its line"
})

/** There is no such movement at the location. */
export class UnknownMovement extends Schema.TaggedError<UnknownMovement>()("UnknownMovement", {
  movement: Schema.String,
  location: StockKey.fields.location
}) {
  override get message() {
    return `There is no movement ${this.movement} at location ${this.location}; the id of one there is accepted`
  }
}

/** A movement that cannot be reversed by itself. */
export class NotReversible extends Schema.TaggedError<NotReversible>()("NotReversible", {
  movement: Schema.String,
  because: Schema.Literals(["reversed", "reversal", "document", "transfer"])
}) {
  override get message() {
    const why = {
      reversed: "it was reversed before; once is accepted",
      reversal: "it is a reversal itself; record the movement anew",
      document: "it follows from a document, such as an order or a count; that document's own commands are accepted",
      transfer: "it is one half of a transfer; a transfer back is accepted"
    }
    return `Movement ${this.movement} cannot be reversed: ${why[this.because]}`
  }
}

const reversedName = (movement: string) => `reversed:${movement}`

/** The movement that undoes another: the same quantity of the same key, back from where it went. */
export const inverseOf = (movement: Movement, id: string, reason: string | null): NewMovement => ({
  kind: "reversal",
  product: movement.product,
  location: movement.location,
  lot: movement.lot,
  from: movement.to,
  to: movement.from,
  quantity: movement.quantity,
  entered: movement.entered,
  reason,
  source: { type: "movement", id },
  unitCost: movement.unitCost
})

/** Reverses a movement, once, as long as what it brought is still there and nobody claims it. */
export const ReverseMovement = define("ReverseMovement", {
  payload: {
    location: StockKey.fields.location,
    movement: MovementId,
    reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200)))
  },
  reply: Schema.Struct({ key: StockKey, onHand: Schema.Int, available: Schema.Int }),
  refusals: [UnknownMovement, NotReversible, UnknownLocation, LocationInactive, InsufficientStock],
  locations: ({ location }) => [location],
  footprint: ({ location, movement: id }, slice) => {
    const movement = slice.movement(id)
    const rows = [ref("names", reversedName(id)), ref("locations", location)]
    // A movement of another location is in a ledger that this command does not lock.
    return movement?.location === location
      ? { movements: [id], rows: [...rows, ...documentRef(movement.source)], stock: [movement] }
      : { movements: [id], rows }
  },
  decide: (slice, { location, movement: id, reason = null }, context) =>
    Result.gen(function* () {
      const movement = slice.movement(id)
      if (movement === undefined || movement.location !== location) {
        return yield* Result.fail(new UnknownMovement({ movement: id, location }))
      }
      const refuse = (because: NotReversible["because"]) => Result.fail(new NotReversible({ movement: id, because }))
      if (slice.row("names", reversedName(id)) !== undefined) return yield* refuse("reversed")
      if (movement.kind === "reversal") return yield* refuse("reversal")
      if (isOfDocument(slice, movement.source)) return yield* refuse("document")
      if (movement.kind === "transferOut" || movement.kind === "transferIn") return yield* refuse("transfer")
      const inverse = inverseOf(movement, id, reason)
      if (isCondition(inverse.to) && !isCondition(inverse.from)) yield* activeLocation(slice, location)
      const after = yield* checkMovements(slice, [inverse], context.now)
      const { product, lot } = movement
      const balance = after.get(stockKeyText(movement))
      return {
        reply: {
          key: { product, location, lot },
          onHand: balance === undefined ? 0 : onHand(balance),
          available: balance === undefined ? 0 : available(balance)
        },
        movements: [inverse],
        rows: [putName(reversedName(id), context.key)]
      }
    })
})
