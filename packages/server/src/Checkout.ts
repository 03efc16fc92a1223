/**
 * Checkout of a user's active cart. The command names a cart, but the caller only knows that it was the active one; so
 * when a key comes again after its cart was bought, the cart is the one that the key was used for.
 */
import { CartEmpty, CartId, type Inventory, type LocationId } from "@onhand/core"
import { Effect, Option, Schema } from "effect"
import { orderReply } from "./Orders.ts"
import { type ActorCommand, answering, scopedKey, submitAs } from "./OutwardRefusal.ts"
import { changedReply } from "./Replying.ts"

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

/** Buys what is in the actor's cart; or, when the key was used for it before, answers with that order again. */
export const checkoutActiveCart = (inventory: Inventory["Service"], location: LocationId, command: CheckoutCommand) => {
  const checkout = (cart: CartId) => submitAs(inventory, "checkout", { cart, location }, command)
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
    Effect.map(({ reply, replayed }) => changedReply(orderReply(reply), reply.version, replayed))
  )
}
