/**
 * WebSockets of the Node.js server: which subprotocol is spoken, how the token of a page in a browser is read, and how
 * long a peer may say nothing.
 */
import { NodeWS } from "@effect/platform-node"
import { SOCKET_BEARER, SOCKET_PROTOCOL } from "@onhand/api"
import { Headers, type HttpServerRequest } from "effect/http"

/** How often a peer is asked whether it is there, in milliseconds. */
const PING_MILLIS = 15_000

/** Nothing is expected of a client, so a message may have as few bytes as a mistake takes. */
const MAX_PAYLOAD = 1024

/** Asks again and again whether the peer reads; one that has not answered for so long is cut off. */
const watch = (socket: NodeWS.WebSocket, stalledMillis: number): void => {
  let heard = performance.now()
  const timer = setInterval(
    () => {
      if (performance.now() - heard > stalledMillis) socket.terminate()
      else socket.ping()
    },
    Math.min(PING_MILLIS, stalledMillis / 2)
  )
  socket.on("pong", () => {
    heard = performance.now()
  })
  socket.once("close", () => clearInterval(timer))
}

/** How the server speaks WebSocket. */
export const webSocketOptions = (stalledMillis: number): NodeWS.ServerOptions => ({
  maxPayload: MAX_PAYLOAD,
  // The token that a page offers beside it is not told back.
  handleProtocols: (offered) => (offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  WebSocket: class extends NodeWS.WebSocket {
    readonly opened = this.once("open", () => watch(this, stalledMillis))
  }
})

/** The request with the token that a page in a browser offers as a subprotocol, where it is read of all others. */
export const withOfferedToken = (request: HttpServerRequest.HttpServerRequest): HttpServerRequest.HttpServerRequest => {
  const { headers } = request
  if (headers["upgrade"] === undefined || headers["authorization"] !== undefined) return request
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim())
  const token = offered.find((one) => one.startsWith(SOCKET_BEARER))?.slice(SOCKET_BEARER.length)
  return token === undefined
    ? request
    : request.modify({ headers: Headers.set(headers, "authorization", `Bearer ${token}`) })
}
