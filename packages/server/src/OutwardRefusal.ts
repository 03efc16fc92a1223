/**
 * How refusals of core leave the server: without causes and internal keys, and with quantities in decimals.
 */
import { InvalidRequest, Unavailable } from "@onhand/api"
import {
  type Actor,
  AuthBusy,
  type CommandError,
  type CommandName,
  IdempotencyConflict,
  InvalidCommand,
  type Inventory,
  OutcomeUnknown,
  type PayloadOf,
  type ReplyOf,
  StoreUnavailable,
  type SubmitOptions,
  type Submitted
} from "@onhand/core"
import { Context, Effect } from "effect"

/** What becomes of a refusal of core on its way out. */
export type Outward<E> = E extends InvalidCommand
  ? InvalidRequest
  : E extends StoreUnavailable | AuthBusy
    ? Unavailable
    : E

const outward = (error: unknown, ownKey: string): unknown => {
  if (error instanceof InvalidCommand) {
    return new InvalidRequest({
      faults: error.faults.map(({ path, message }) => ({ path: `payload.${path}`, message }))
    })
  }
  if (error instanceof StoreUnavailable || error instanceof AuthBusy) {
    return new Unavailable({ retryAfterMillis: error.retryAfterMillis })
  }
  // The stored key begins with the caller's id, which the caller did not write.
  if (error instanceof IdempotencyConflict) return new IdempotencyConflict({ key: ownKey, field: error.field })
  if (error instanceof OutcomeUnknown) return new OutcomeUnknown({ key: ownKey })
  return error
}

const reported = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.tapError(effect, (error) =>
    error instanceof StoreUnavailable ? Effect.logError("The store is not available", error.cause) : Effect.void
  )

/** Makes the refusals of an effect fit to leave the server. */
export const answering = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, Outward<E>, R> =>
  // The type says case by case what the function does; the compiler cannot check that of a generic error.
  Effect.mapError(reported(effect), (error) => outward(error, "") as Outward<E>)

/** A key as the caller sent it, without the quotes of a structured header. */
export const bareKey = (header: string | undefined): string | undefined =>
  header?.startsWith('"') ? header.slice(1, -1) : header

/** The stored key of a caller's: two users may choose the same, and neither learns of the other's reply. */
export const scopedKey = (actor: Actor, key: string): string => `${actor.id}:${key}`

/** The caller's key where one must be given, because the request changes stock. */
export const requiredKey = (header: string | undefined): Effect.Effect<string, InvalidRequest> => {
  const key = bareKey(header)
  return key === undefined
    ? Effect.fail(
        new InvalidRequest({
          faults: [
            {
              path: "headers.idempotency-key",
              message:
                "Missing; a new UUID for each thing you mean to do, and the same one when you try again, is accepted"
            }
          ]
        })
      )
    : Effect.succeed(key)
}

/** A command of an actor. `key` is the caller's own; one is made when it is left out. */
export interface ActorCommand {
  readonly actor: Actor
  readonly key?: string | undefined
  readonly occurredAt?: SubmitOptions["occurredAt"]
}

/**
 * What stands in for the inventory's `submit` while a request is part of a batch that is done as a whole; nothing
 * otherwise. So every write can be planned and composed, and none needs to know of it.
 */
export const Submitter = Context.Reference<Inventory["Service"]["submit"] | undefined>("@onhand/server/Submitter", {
  defaultValue: () => undefined
})

/** Submits a command of an actor. */
export const submitAs = <K extends CommandName>(
  inventory: Inventory["Service"],
  command: K,
  payload: PayloadOf<K>,
  { actor, key, occurredAt }: ActorCommand
): Effect.Effect<Submitted<ReplyOf<K>>, Outward<CommandError<K>>> =>
  Effect.mapError(
    reported(
      Effect.withFiber((fiber) => {
        const submit = fiber.getRef(Submitter) ?? inventory.submit
        return submit(command, payload, {
          key: key === undefined ? undefined : scopedKey(actor, key),
          actor: actor.id,
          occurredAt
        })
      })
    ),
    (error) => outward(error, key ?? "") as Outward<CommandError<K>>
  )
