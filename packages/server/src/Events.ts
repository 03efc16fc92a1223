/**
 * Events over HTTP: what the actor may see of the live feed, as Server-Sent Events and over a WebSocket.
 */
import { CurrentActor, ForeignOrigin, OnhandApi, Unavailable } from "@onhand/api"
import { type FeedCursor, feedCursorFromText, feedCursorText, Inventory } from "@onhand/core"
import { Duration, Effect, Option, Redacted, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { isForeign } from "./CrossOrigin.ts"
import { makeEventSocket } from "./EventSocket.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { maySee } from "./LiveEvent.ts"
import { LiveFeed, type Told } from "./LiveFeed.ts"
import { answering } from "./OutwardRefusal.ts"
import { Sessions } from "./Sessions.ts"
import { ServerSettings } from "./Settings.ts"
import { StreamLimit } from "./StreamLimit.ts"

/** How long a reader waits before it comes back, in milliseconds. */
const RECONNECT_MILLIS = 2_000

/** A frame of the stream. The id is the place after the event, from which a reader who comes back goes on. */
const frame = ({ id, name, json }: Told): string => `id: ${id}\nevent: ${name}\ndata: ${json}\n\n`

// The id alone is not an event to a reader, but it tells where to go on should the connection break before the first.
const opening = (place: FeedCursor): string => `retry: ${RECONNECT_MILLIS}\nid: ${feedCursorText(place)}\n\n`

const BEARER = /^Bearer +/i

const makeFollowing = Effect.gen(function* () {
  const inventory = yield* Inventory
  const feed = yield* LiveFeed
  const sessions = yield* Sessions
  const limit = yield* StreamLimit
  const { isClosing } = yield* Lifecycle
  const { roles, origins, streams } = yield* ServerSettings

  /** Lets somebody follow the events after a place, or from now on, for as long as the request's scope is open. */
  return Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, last: string | undefined) {
    if (isForeign(request, origins)) return yield* new ForeignOrigin({ origin: request.headers["origin"] ?? "" })
    if (yield* isClosing) return yield* new Unavailable({ retryAfterMillis: RECONNECT_MILLIS })
    let actor = yield* CurrentActor
    yield* limit.enter(actor.id, request)
    const after =
      last === undefined ? yield* answering(inventory.read.head) : yield* Effect.fromResult(feedCursorFromText(last))
    const token = Redacted.make((request.headers["authorization"] ?? "").replace(BEARER, ""))
    return {
      after,
      told: feed.after(after).pipe(Stream.filter(({ event }) => maySee(roles, actor, event.event))),
      /**
       * Beats as long as the reader may listen: until the token ends, or its user may not sign in any more. A new role
       * counts from the next beat on.
       */
      heartbeats: Stream.tick(Duration.seconds(streams.heartbeatSeconds)).pipe(
        Stream.drop(1),
        Stream.mapEffect(() => sessions.actorOf(token)),
        Stream.takeWhile(Option.isSome),
        Stream.mapEffect((found) =>
          Effect.sync(() => {
            actor = found.value
          })
        )
      )
    }
  })
})

export const layerEvents = HttpApiBuilder.group(
  OnhandApi,
  "events",
  Effect.fnUntraced(function* (handlers) {
    const lifecycle = yield* Lifecycle
    const follow = yield* makeFollowing
    const eventSocket = yield* makeEventSocket(follow)

    return handlers.handleAll({
      stream: Effect.fnUntraced(function* ({ headers, request }) {
        const { after, told, heartbeats } = yield* follow(request, headers["last-event-id"])
        const beats = Stream.map(heartbeats, () => ":\n\n")
        const body = Stream.map(told, frame).pipe(
          Stream.merge(beats, { haltStrategy: "either" }),
          Stream.prepend([opening(after)]),
          Stream.interruptWhen(lifecycle.closing),
          Stream.encodeText
        )
        return HttpServerResponse.stream(body, {
          contentType: "text/event-stream",
          headers: { "x-accel-buffering": "no" }
        })
      }),
      socket: ({ query, request }) => eventSocket(request, query.after)
    })
  })
)
