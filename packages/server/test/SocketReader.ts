// A client of the event socket that keeps what it is told.
import { NodeWS } from "@effect/platform-node"

/** What a WebSocket says. */
export interface Said {
  readonly id: string
  readonly event?: string
  // biome-ignore lint/suspicious/noExplicitAny: an event is what the server sent, and the test says what it must be
  readonly data?: any
}

export interface SocketReader {
  readonly socket: NodeWS.WebSocket
  /** So many events, beginning with the first that was not yet taken. */
  readonly next: (count: number) => Promise<ReadonlyArray<Said>>
  /** The place from which the connection goes on, once it is open. */
  readonly opened: Promise<string>
  /** How it was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  /** The status of a handshake that was refused. */
  readonly refused: Promise<number>
}

/** Connects to the event socket of a server. */
export const readSocket = (
  url: string,
  { token, after, ...options }: { readonly token?: string; readonly after?: string } & NodeWS.ClientOptions = {}
): SocketReader => {
  const search = after === undefined ? "" : `?after=${encodeURIComponent(after)}`
  const headers = { ...options.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  const socket = new NodeWS.WebSocket(`${url.replace("http", "ws")}/api/v1/ws${search}`, ["onhand.v1"], {
    ...options,
    headers
  })
  const events: Array<Said> = []
  let wake = () => {}
  let isClosed = false
  const opened = new Promise<string>((resolve) => {
    socket.on("message", (text) => {
      const said: Said = JSON.parse(String(text))
      if (said.event === undefined) resolve(said.id)
      else events.push(said)
      wake()
    })
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => {
      isClosed = true
      wake()
      resolve({ code, reason: String(reason) })
    })
  })
  const refused = new Promise<number>((resolve) => {
    socket.on("unexpected-response", (_, reply) => {
      resolve(reply.statusCode ?? 0)
      reply.resume()
      socket.terminate()
    })
  })
  // How it ended is told by `closed` and `refused`.
  socket.on("error", () => {})
  const next = async (count: number): Promise<ReadonlyArray<Said>> => {
    while (events.length < count) {
      if (isClosed) throw new Error("The socket was closed")
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return events.splice(0, count)
  }
  return { socket, next, opened, closed, refused }
}
