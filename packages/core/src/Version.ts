/**
 * Versions: how a caller that sets something absolutely says which state it saw.
 */
import { Result, Schema } from "effect"

/** An absolute change named a version that is no longer the current one. */
export class StaleVersion extends Schema.TaggedError<StaleVersion>()("StaleVersion", {
  entity: Schema.String,
  id: Schema.String,
  expected: Schema.Int,
  current: Schema.Int
}) {
  override get message() {
    return `${this.entity} ${this.id} is at version ${this.current}, not ${this.expected}; read it and decide again`
  }
}

/** The version that the caller saw, or `"any"` to say that whatever it is now is fine. */
export const ExpectedVersion = Schema.Union([Schema.Int, Schema.Literal("any")])
export type ExpectedVersion = typeof ExpectedVersion.Type

/** Fails with {@link StaleVersion} unless the entity is at the version that the caller expects. */
export const checkVersion = (
  entity: string,
  row: { readonly id: string; readonly version: number },
  expected: ExpectedVersion
): Result.Result<void, StaleVersion> =>
  expected === "any" || expected === row.version
    ? Result.void
    : Result.fail(new StaleVersion({ entity, id: row.id, expected, current: row.version }))
