// A server on a port of its own, with an administrator, reached by fetch and by raw sockets.
import { connect } from "node:net"
import { layerLocal } from "@onhand/auth"
import { type Auth, Inventory, layerMemory } from "@onhand/core"
import { Effect, Exit, Layer, Logger, Redacted, Scope } from "effect"
import { HttpServer } from "effect/http"
import {
  type AccessEntry,
  AccessLog,
  defaultSettings,
  ensureAdmin,
  type ListenOptions,
  ServerSettings,
  type Settings,
  serve
} from "../src/index.ts"
import { checked } from "./Contract.ts"
import { ADMIN, tokenSettings } from "./TestServer.ts"

// What comes by fetch is held against the contract too, so that no test can go round it. Raw sockets are not.
const plainFetch = globalThis.fetch
globalThis.fetch = async (input, init) => {
  const asked = input instanceof Request ? input : { method: "GET", url: String(input) }
  const response = await plainFetch(input, init)
  // Every reply of ours has a request id; receivers of webhooks and the like have none.
  return response.headers.has("x-request-id") ? checked(init?.method ?? asked.method, asked.url, response) : response
}

export interface ListeningOptions {
  readonly listen?: Omit<ListenOptions, "port">
  readonly settings?: Partial<Settings>
  /** The store and what lies on it; the store in memory when left out. */
  readonly services?: Layer.Layer<Inventory | Auth>
  /** Gets what is logged, which goes nowhere when it is left out. */
  readonly logged?: (message: unknown) => void
  /** Whether there is an administrator; true when left out. */
  readonly bootstrap?: boolean
}

export const layerServices = Layer.mergeAll(
  Inventory.layer.pipe(Layer.provide(layerMemory)),
  layerLocal(tokenSettings).pipe(Layer.orDie)
)

/** What came back over a socket until it was closed, or until nothing more came for a while. */
export interface RawAnswer {
  readonly text: string
  readonly closed: boolean
}

/** How long a socket that stays open is listened to, in milliseconds. */
const QUIET_MILLIS = 300

/** Sends bytes as they are, and listens. */
export const sendRaw = (port: number, ...parts: ReadonlyArray<string | Buffer>): Promise<RawAnswer> =>
  new Promise((resolve) => {
    let text = ""
    let quiet: NodeJS.Timeout | undefined
    const socket = connect(port, "127.0.0.1", () => {
      for (const part of parts) socket.write(part)
    })
    const done = (closed: boolean) => {
      clearTimeout(quiet)
      resolve({ text, closed })
      socket.destroy()
    }
    socket.on("data", (data) => {
      text += data.toString("latin1")
      clearTimeout(quiet)
      quiet = setTimeout(() => done(false), QUIET_MILLIS)
    })
    // A server that closes while the client still sends resets the connection.
    socket.on("error", () => {})
    socket.on("close", () => done(true))
  })

/** Starts a server. `stop` closes it as a signal would. */
export const startListening = async (options: ListeningOptions = {}) => {
  const entries: Array<AccessEntry> = []
  const Services = Layer.mergeAll(
    options.services ?? layerServices,
    // What goes wrong on purpose is not for the terminal.
    Logger.layer([Logger.make(({ message }) => options.logged?.(message))]),
    Layer.succeed(AccessLog, (entry: AccessEntry) => void entries.push(entry)),
    Layer.succeed(ServerSettings, { ...defaultSettings, ...options.settings })
  )
  const scope = Scope.makeUnsafe()
  const Serving = Layer.provideMerge(serve({ port: 0, ...options.listen }), Services)
  const context = await Effect.runPromise(Layer.buildWithScope(Serving, scope))
  const { address } = await Effect.runPromise(Effect.provideContext(HttpServer.HttpServer, context))
  const { port } = address as { readonly port: number }
  const url = `http://127.0.0.1:${port}`
  const first = { email: ADMIN.email, password: Redacted.make(ADMIN.password) }
  if (options.bootstrap !== false) await Effect.runPromise(Effect.provideContext(ensureAdmin(first), context))

  const signIn = async (email: string = ADMIN.email, password: string = ADMIN.password): Promise<string> => {
    const reply = await fetch(`${url}/api/v1/auth/login`, {
      method: "POST",
      body: new URLSearchParams({ username: email, password })
    })
    return ((await reply.json()) as { access_token: string }).access_token
  }

  return {
    url,
    port,
    context,
    entries,
    signIn,
    raw: (...parts: ReadonlyArray<string | Buffer>) => sendRaw(port, ...parts),
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

export type ListeningServer = Awaited<ReturnType<typeof startListening>>
