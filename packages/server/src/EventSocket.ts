/**
 * The event socket: the live feed over a WebSocket, for as long as its reader takes it and may have it.
 */
import type { Socket as Connection } from "node:net"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { SOCKET_CLOSE, UpgradeRequired } from "@onhand/api"
import { type FeedCursor, feedCursorText } from "@onhand/core"
import { Effect, Exit, Scope, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { Socket } from "effect/socket"
import { Lifecycle } from "./Lifecycle.ts"
import type { Told } from "./LiveFeed.ts"

/** What somebody follows: the events after a place, and beats for as long as he may. */
export interface Following {
  readonly after: FeedCursor
  readonly told: Stream.Stream<Told, { readonly _tag: string }>
  readonly heartbeats: Stream.Stream<void, { readonly _tag: string }>
}

const message = ({ id, name, json }: Told): string => `{"id":"${id}","event":"${name}","data":${json}}`

/** A place alone: where it begins, and later that the server lives. */
const placeMessage = (id: string): string => JSON.stringify({ id })

const KEY = /^[+/\w]{22}==$/

/** Whether a request asks for a WebSocket of the version that everybody speaks (RFC 6455). */
const isHandshake = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["upgrade"]?.toLowerCase() === "websocket" &&
  headers["sec-websocket-version"] === "13" &&
  KEY.test(headers["sec-websocket-key"] ?? "")

/** Until what was sent has left this process: so one who stops reading costs no more than his connection's buffers. */
const drained = (connection: Connection): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const done = () => resume(Effect.void)
    connection.once("drain", done).once("close", done)
    return Effect.sync(() => connection.off("drain", done).off("close", done))
  })

interface Open {
  readonly connection: Connection
  readonly reader: Socket.Reader
  readonly writer: Socket.Writer
  readonly closing: Effect.Effect<void>
}

/** Tells a reader what happens until one of the two sides ends it, and says why if it is this one. */
const tell = ({ after, told, heartbeats }: Following, { connection, reader, writer, closing }: Open) => {
  let last = feedCursorText(after)
  const send = (text: string) =>
    Effect.andThen(
      writer.write(text),
      Effect.suspend(() => (connection.writableNeedDrain ? drained(connection) : Effect.void))
    )
  const telling = Effect.andThen(
    send(placeMessage(last)),
    Stream.runForEach(told, (one) => {
      last = one.id
      return send(message(one))
    })
  )
  // A page in a browser sees no pings, so it is told in words that the connection lives.
  const beating = Stream.runForEach(heartbeats, () =>
    Effect.suspend(() => (connection.writableNeedDrain ? Effect.void : send(placeMessage(last))))
  )
  const tryAgain = new Socket.CloseEvent(SOCKET_CLOSE.tryAgain, "The server is not available now")
  const signedOut = new Socket.CloseEvent(SOCKET_CLOSE.signedOut, "Nobody is signed in any more")
  return Effect.raceAllFirst([
    Effect.as(telling, tryAgain),
    Effect.as(reader.pull, new Socket.CloseEvent(SOCKET_CLOSE.unexpected, "Nothing is expected here")),
    Effect.as(beating, signedOut),
    Effect.as(closing, new Socket.CloseEvent(SOCKET_CLOSE.goingAway, "The server closes"))
  ]).pipe(
    Effect.catch(({ _tag }) => {
      // Who is gone is told nothing.
      if (_tag === "SocketError") return Effect.interrupt
      return Effect.succeed(_tag === "InvalidAccessToken" ? signedOut : tryAgain)
    }),
    Effect.flatMap(writer.write),
    Effect.ignore
  )
}

/** Answers handshakes, and tells each reader for as long as his connection lives what `follow` has for him. */
export const makeEventSocket = <E, R>(
  follow: (
    request: HttpServerRequest.HttpServerRequest,
    last: string | undefined
  ) => Effect.Effect<Following, E, R | Scope.Scope>
) =>
  Effect.gen(function* () {
    const { closing } = yield* Lifecycle
    const all = yield* Effect.scope

    return Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, last: string | undefined) {
      const scope = yield* Scope.fork(all)
      const end = Scope.close(scope, Exit.void)
      const open = Effect.gen(function* () {
        const following = yield* follow(request, last)
        // Looked at last, so that a client whose handshake was refused can ask in a plain request why.
        if (!isHandshake(request)) return yield* new UpgradeRequired()
        const socket = yield* Effect.mapError(request.upgrade, () => new UpgradeRequired())
        const { socket: connection } = NodeHttpServerRequest.toIncomingMessage(request)
        // Whoever leaves during the handshake is owed no answer.
        const reader = yield* Effect.catchTag(socket.reader, "SocketError", () => Effect.interrupt)
        const writer = yield* socket.writer
        const telling = tell(following, { connection, reader, writer, closing })
        // In a fiber of its own: the request is answered, and logged, as soon as the connection is a socket.
        yield* Effect.forkIn(Effect.ensuring(telling, end), all)
        return HttpServerResponse.empty({ status: 101 })
      })
      return yield* open.pipe(
        Scope.provide(scope),
        Effect.onError(() => end)
      )
    })
  })
