/**
 * Following: the events of a server as one stream that survives connections. It connects again by itself and goes on
 * after the last event, so that its reader gets each once.
 */
import { Duration, Effect, Random, Redacted, Schema, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { Socket } from "effect/socket"
import { type ClientOptions, OnhandClient } from "./Client.ts"
import { LiveEvent, SOCKET_BEARER, SOCKET_PROTOCOL, SocketMessage } from "./Events.ts"

/** The pauses before it connects again, in milliseconds: from one to the other, doubled with each failure in a row. */
const SHORTEST_PAUSE = 500
const LONGEST_PAUSE = 30_000

/** The server says every 15 s that it lives; one that said nothing for so long is taken for gone. */
const SILENCE = "45 seconds"

export interface FollowOptions extends ClientOptions {
  /** The `id` of the last event that was seen. Left out, what happens from now on is told. */
  readonly after?: string
}

/** An event, and the place after it: keep it with what you made of the event, and give it as `after` the next time. */
export interface Followed {
  readonly id: string
  readonly event: LiveEvent
}

/** What a connection says: an event, or where it begins. */
interface Said {
  readonly id: string
  readonly event: LiveEvent | undefined
}

/** The connection ended, or never began. */
class ConnectionLost extends Schema.TaggedError<ConnectionLost>()("ConnectionLost", {}) {}

const lost = () => new ConnectionLost()

const decodeEvent = Schema.decodeUnknownEffect(Schema.fromJsonString(LiveEvent))
const decodeMessage = Schema.decodeUnknownEffect(Schema.fromJsonString(SocketMessage))

const tokenOf = ({ token }: ClientOptions) => token ?? Effect.succeed(Redacted.make(""))

/** A connection of Server-Sent Events. */
const connectStream = (options: ClientOptions, after: string | undefined) =>
  Effect.gen(function* () {
    const token = Redacted.value(yield* tokenOf(options))
    const request = HttpClientRequest.get(new URL("/api/v1/events", options.baseUrl)).pipe(
      HttpClientRequest.bearerToken(token),
      after === undefined ? (one) => one : HttpClientRequest.setHeader("last-event-id", after)
    )
    const reply = yield* HttpClient.execute(request)
    if (reply.status !== 200) return yield* lost()
    let id: string | undefined
    let data: string | undefined
    return reply.stream.pipe(
      Stream.timeout(SILENCE),
      Stream.decodeText,
      Stream.splitLines,
      Stream.mapEffect((line): Effect.Effect<ReadonlyArray<Said>, Schema.SchemaError> => {
        if (line.startsWith("id: ")) id = line.slice("id: ".length)
        if (line.startsWith("data: ")) data = line.slice("data: ".length)
        if (line !== "" || id === undefined) return Effect.succeed([])
        const place = id
        if (data === undefined) return Effect.succeed([{ id: place, event: undefined }])
        const told = decodeEvent(data)
        data = undefined
        return Effect.map(told, (event) => [{ id: place, event }])
      }),
      Stream.flattenIterable
    )
  }).pipe(Stream.unwrap, Stream.mapError(lost))

/** A connection over a WebSocket. */
const connectSocket = (options: ClientOptions, after: string | undefined) =>
  Effect.gen(function* () {
    const token = Redacted.value(yield* tokenOf(options))
    const url = new URL("/api/v1/ws", options.baseUrl)
    url.protocol = url.protocol.replace("http", "ws")
    if (after !== undefined) url.searchParams.set("after", after)
    const socket = yield* Socket.makeWebSocket(url.href, { protocols: [SOCKET_PROTOCOL, SOCKET_BEARER + token] })
    const { pull } = yield* socket.reader
    return Stream.fromPull(Effect.succeed(pull)).pipe(
      Stream.timeout(SILENCE),
      Stream.mapEffect((text) => decodeMessage(text)),
      Stream.map(({ id, data }): Said => ({ id, event: data }))
    )
  }).pipe(Stream.unwrap, Stream.mapError(lost))

/** Waits before the next connection, longer each time; or fails when the server says that there will be none. */
const pause = (options: ClientOptions, after: string | undefined, failures: number) =>
  Effect.gen(function* () {
    const longest = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** failures)
    yield* Effect.sleep(Duration.millis(yield* Random.nextBetween(longest / 2, longest)))
    if (failures === 0) return
    // Why a WebSocket was refused is hidden from pages in browsers; a plain request tells.
    const client = yield* OnhandClient
    yield* client.events.socket({ query: after === undefined ? {} : { after } })
  }).pipe(
    Effect.provide(OnhandClient.layer(options)),
    Effect.catchTags({
      UpgradeRequired: () => Effect.void,
      HttpClientError: () => Effect.void,
      TooManyRequests: () => Effect.void,
      Unavailable: () => Effect.void,
      InternalError: () => Effect.void,
      SchemaError: () => Effect.void
    })
  )

const follow = <R>(
  options: FollowOptions,
  connect: (options: ClientOptions, after: string | undefined) => Stream.Stream<Said, ConnectionLost, R>
) =>
  Stream.suspend(() => {
    let place = options.after
    let failures = 0
    const connection = Stream.suspend(() => connect(options, place)).pipe(
      Stream.map((said) => {
        place = said.id
        failures = 0
        return said
      }),
      Stream.catch(() => Stream.empty)
    )
    const pausing = Effect.suspend(() => pause(options, place, failures++))
    return Stream.concat(connection, Stream.fromEffectDrain(pausing)).pipe(
      Stream.forever,
      Stream.flatMap(({ id, event }) => (event === undefined ? Stream.empty : Stream.succeed<Followed>({ id, event })))
    )
  })

/**
 * Every event that the token may see, over Server-Sent Events, without end. It fails only with what the server will say
 * the next time too, such as `Unauthorized`. Needs an `HttpClient`.
 */
export const followEvents = (options: FollowOptions) => follow(options, connectStream)

/** The same over a WebSocket. Needs a `WebSocketConstructor` too, such as `Socket.layerWebSocketConstructorGlobal`. */
export const followSocket = (options: FollowOptions) => follow(options, connectSocket)
