/**
 * The server of Node.js underneath: TLS, how patient it is with slow clients, how many it takes, and what it says to
 * what is no HTTP.
 */
import { createServer, type Server, type ServerOptions, STATUS_CODES } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { PROBLEM_JSON } from "@onhand/api"

/** The most bytes of a request's address and headers: an address that is too long gets as far as being told so. */
const MAX_HEADER_BYTES = 32 * 1024

/** How long a client may take to send its headers, and its whole request: a slow one holds a connection no longer. */
const HEADERS_TIMEOUT_MILLIS = 10_000
const REQUEST_TIMEOUT_MILLIS = 60_000

/** How often connections are looked at for that. */
const CHECK_MILLIS = 1_000

/** Longer than load balancers keep a quiet connection (60 s), so that none sends into one that just closed. */
const KEEP_ALIVE_MILLIS = 75_000

/**
 * How long nothing may go through a connection that is in use. Streams of events say every 15 s that they live, so this
 * cuts off who stopped reading, and frees what waits to be sent.
 */
export const STALLED_MILLIS = 120_000

/** Connections at once. Each takes some 10 kB while it is quiet. */
const MAX_CONNECTIONS = 20_000

export interface NodeServerOptions {
  /** A certificate with its chain, and its key, both in PEM: the server speaks HTTPS then. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** The connections that are taken at once, 20,000 when left out; further ones are closed. */
  readonly maxConnections?: number
  /**
   * How long the server goes on taking requests once it is asked to close, in milliseconds; not at all when left out.
   * Each reply says meanwhile that it is the last of its connection, and the readiness probe fails: so whoever has a
   * connection, or a load balancer before it, goes elsewhere before the door is shut.
   */
  readonly graceMillis?: number
  /** How long a reader may stop reading before it is cut off, in milliseconds; two minutes when left out. */
  readonly stalledMillis?: number
  /** How long a client may take to send a whole request, in milliseconds; a minute when left out. */
  readonly requestMillis?: number
}

const STATUS_OF: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408
}

/** What Node.js could not read as a request is answered here, because no route ever sees it. */
const refuse = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy()
    return
  }
  const status = STATUS_OF[error.code ?? ""] ?? 400
  const title = STATUS_CODES[status] ?? ""
  const body = JSON.stringify({ type: "about:blank", title, status })
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM_JSON}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`
  )
}

/** Has a way to end every connection of a server, whatever it is used for. */
export const trackConnections = (server: Server): (() => void) => {
  const open = new Set<Socket>()
  server.on("connection", (socket) => {
    open.add(socket)
    socket.once("close", () => open.delete(socket))
  })
  return () => {
    for (const socket of open) socket.destroy()
  }
}

/** A server that does not listen yet. */
export const createNodeServer = ({
  tls,
  maxConnections,
  stalledMillis,
  requestMillis = REQUEST_TIMEOUT_MILLIS
}: NodeServerOptions): Server => {
  const options: ServerOptions = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: Math.min(HEADERS_TIMEOUT_MILLIS, requestMillis),
    requestTimeout: requestMillis,
    connectionsCheckingInterval: CHECK_MILLIS,
    keepAliveTimeout: KEEP_ALIVE_MILLIS
  }
  const server = tls === undefined ? createServer(options) : createSecureServer({ ...options, ...tls })
  server.maxConnections = maxConnections ?? MAX_CONNECTIONS
  server.timeout = stalledMillis ?? STALLED_MILLIS
  server.on("clientError", refuse)
  return server
}
