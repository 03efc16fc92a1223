/**
 * The feed: every event after its commit, in ledger order, none skipped. A reader's place in it is one position a
 * shard; because a shard's seq is dense and given under its lock, nothing can commit behind a position later.
 */
import { type Duration, Effect, Option, Result, Schema, Stream } from "effect"
import type { Event } from "./Event.ts"
import type { Queries } from "./Queries.ts"
import type { StoreUnavailable } from "./Store.ts"

/** The most events that are read at once. */
const FEED_PAGE = 500

/** How long a reader waits for a commit of its own process before it looks for those of others. */
const FEED_PAUSE: Duration.Input = "500 millis"

/** The line that stands after every event of a command. */
export const LAST_LINE = 2 ** 31 - 1

/**
 * How far a reader has come: the last event it has seen of each shard. A shard it does not name begins at the start.
 */
export type FeedCursor = Readonly<Record<number, { readonly seq: number; readonly line: number }>>

/** A cursor that is not one of {@link feedCursorText}. */
export class InvalidFeedCursor extends Schema.TaggedError<InvalidFeedCursor>()("InvalidFeedCursor", {
  cursor: Schema.String
}) {
  override get message() {
    return `"${this.cursor}" is not a place in the feed; the id of an event that it gave, or an empty text, is accepted`
  }
}

/** The cursor after an event. */
export const advance = (cursor: FeedCursor, event: Pick<Event, "shard" | "seq" | "line">): FeedCursor => ({
  ...cursor,
  [event.shard]: { seq: event.seq, line: event.line }
})

/** A cursor as text, such as `0-12-3.1-4-0`: shard, seq and line of each shard. Empty at the start of the feed. */
export const feedCursorText = (cursor: FeedCursor): string =>
  Object.entries(cursor)
    .map(([shard, { seq, line }]) => `${shard}-${seq}-${line}`)
    .join(".")

/** The cursor of a text that {@link feedCursorText} made. */
export const feedCursorFromText = (text: string): Result.Result<FeedCursor, InvalidFeedCursor> => {
  if (text === "") return Result.succeed({})
  if (!/^\d{1,9}-\d{1,15}-\d{1,10}(\.\d{1,9}-\d{1,15}-\d{1,10}){0,255}$/.test(text)) {
    return Result.fail(new InvalidFeedCursor({ cursor: text }))
  }
  const parts = text.split(".").map((part) => part.split("-").map(Number))
  return Result.succeed(Object.fromEntries(parts.map(([shard = 0, seq = 0, line = 0]) => [shard, { seq, line }])))
}

/**
 * Every event after the cursor, and then those to come, without end. `nextCommit` wakes it; it also looks by itself.
 */
export const feed = (
  queries: Queries,
  nextCommit: Effect.Effect<Effect.Effect<void>>,
  after: FeedCursor
): Stream.Stream<Event, StoreUnavailable> =>
  Stream.paginate(after, (cursor) =>
    Effect.gen(function* () {
      for (;;) {
        // The ticket is taken before the look, so that a commit in between is not slept through.
        const commit = yield* nextCommit
        const events = yield* queries.events(cursor, FEED_PAGE)
        if (events.length > 0) return [events, Option.some(events.reduce(advance, cursor))] as const
        yield* Effect.timeoutOption(commit, FEED_PAUSE)
      }
    })
  )
