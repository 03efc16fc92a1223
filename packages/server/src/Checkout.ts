/**
 * Checkout of a user's active cart. The command names a cart, but the caller only knows that it was the active one; so
 * when a key comes again after its cart was bought, the cart is the one that the key was used for. A shortage is told
 * in the products' units.
 */
import type { InvalidRequest, Unavailable } from "@onhand/api"
import {
  CartEmpty,
  CartId,
  InsufficientStock,
  type Inventory,
  type LocationId,
  NO_LOT,
  type Sourcing
} from "@onhand/core"
import { Effect, Option, Schema } from "effect"
import { faulty } from "./Faults.ts"
import { orderReply } from "./OrderReply.ts"
import { type ActorCommand, answering, scopedKey, submitAs } from "./OutwardRefusal.ts"
import { changedJson } from "./Replying.ts"
import { shortageReply } from "./StockMovements.ts"
import type { UnitsShape } from "./Units.ts"

/** What stands for the cart in a refusal when nothing was put into one yet. */
const NO_CART = CartId.make("active")

/** A checkout of an actor, under a key of its own. */
export interface CheckoutCommand extends ActorCommand {
  readonly key: string
}

const decodePayload = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ cart: CartId })))

/** The cart that the key was used for, if it was used to buy one. */
const cartUnder = (inventory: Inventory["Service"], { actor, key }: CheckoutCommand) =>
  Effect.map(answering(inventory.read.command(scopedKey(actor, key))), (record) =>
    Option.flatMap(record, ({ payloadText }) => decodePayload(payloadText))
  )

/** The location that a request means: the one it names, or the only one there is. */
export const locationOf = (
  inventory: Inventory["Service"],
  named: LocationId | undefined
): Effect.Effect<LocationId, InvalidRequest | Unavailable> =>
  named !== undefined
    ? Effect.succeed(named)
    : answering(inventory.read.locations({ _tag: "Cursor", limit: 2 })).pipe(
        Effect.catchTag("InvalidCursor", Effect.die),
        Effect.flatMap(({ items: [only, other] }) =>
          only !== undefined && other === undefined
            ? Effect.succeed(only.id)
            : Effect.fail(
                faulty("payload.location", "The id of one of the locations is accepted; there is not just one")
              )
        )
      )

/**
 * Buys what is in the actor's cart, shipped at once or only placed; or, when the key was used for it before, answers
 * with that order again.
 */
export const buyActiveCart = (
  inventory: Inventory["Service"],
  units: UnitsShape,
  how: "checkout" | "placeOrder",
  served: { readonly location: LocationId } & Sourcing,
  command: CheckoutCommand
) => {
  const checkout = (cart: CartId) => submitAs(inventory, how, { cart, ...served }, command)
  const again = Effect.flatMap(cartUnder(inventory, command), (used) =>
    Option.isSome(used) ? checkout(used.value.cart) : Effect.fail(new CartEmpty({ cart: NO_CART }))
  )
  return answering(inventory.read.activeCart(command.actor.id)).pipe(
    Effect.flatMap((cart) =>
      Option.isNone(cart)
        ? again
        : Effect.catchTag(checkout(cart.value.id), "IdempotencyConflict", (conflict) =>
            conflict.field === "cart" ? again : Effect.fail(conflict)
          )
    ),
    Effect.map(({ reply, replayed }) => changedJson(orderReply(reply), reply.version, replayed, 201)),
    // Several locations together are short of it: told as of the one that the order is of.
    Effect.catchTag("InsufficientSupply", ({ lines }) =>
      Effect.fail(
        new InsufficientStock({
          lines: lines.map(({ product, wanted, available }) => ({
            key: { product, location: served.location, lot: NO_LOT },
            wanted,
            available,
            nextIncoming: null
          }))
        })
      )
    ),
    Effect.catchTag("InsufficientStock", (refusal) =>
      Effect.flatMap(units.ofKnown(refusal.lines.map(({ key }) => key.product)), (decimals) =>
        Effect.fail(shortageReply(refusal, decimals))
      )
    )
  )
}
