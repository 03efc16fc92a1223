// A server over the store in memory, asked through its web handler: real routing, codecs and passwords, no socket.
import { layerLocal, type TokenSettings } from "@onhand/auth"
import { Deliveries, Inventory, layerMemory } from "@onhand/core"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import {
  type AccessEntry,
  AccessLog,
  defaultSettings,
  ensureAdmin,
  ServerSettings,
  type Settings,
  toWebHandler
} from "../src/index.ts"
import { checked } from "./Contract.ts"

export const tokenSettings: TokenSettings = {
  key: { _tag: "Secret", secret: Redacted.make("a secret of at least thirty-two bytes") },
  issuer: "onhand",
  audience: "onhand",
  lifetimeSeconds: 600
}

export const ADMIN = { email: "admin@example.com", password: "the admin's own password" }

/** A reply as a test looks at it. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a body is what the server sent, and the test says what it must be
  readonly body: any
}

export interface Ask {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

const request = (method: string, path: string, { token, body, headers }: Ask = {}): Request =>
  new Request(`http://localhost${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined || typeof body === "string" ? {} : { "content-type": "application/json" }),
      ...headers
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
  })

/** A handler whose replies are all held against the contract, so that no test can go round it. */
const held =
  (handler: (request: Request) => Promise<Response>) =>
  async (request: Request): Promise<Response> =>
    checked(request.method, request.url, await handler(request))

/** Asks a handler. */
const askerOf =
  (handler: (request: Request) => Promise<Response>) =>
  async (method: string, path: string, options: Ask = {}): Promise<Reply> => {
    const response = await handler(request(method, path, options))
    const text = await response.text()
    const isJson = /json/.test(response.headers.get("content-type") ?? "")
    const body = isJson ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, body }
  }

/** Starts a server with an administrator; `settings` are those in which it differs from the others of the tests. */
export const startServer = async (
  settings: Partial<Settings> = {},
  inventory: Layer.Layer<Inventory> = Inventory.layer.pipe(Layer.provide(layerMemory))
) => {
  const entries: Array<AccessEntry> = []
  const Services = Layer.mergeAll(
    inventory,
    Deliveries.layerMemory,
    layerLocal(tokenSettings).pipe(Layer.orDie),
    Layer.succeed(AccessLog, (entry: AccessEntry) => void entries.push(entry)),
    Layer.succeed(ServerSettings, {
      ...defaultSettings,
      signInsPerMinute: { address: 1_000, account: 20 },
      ...settings
    })
  )
  const runtime = ManagedRuntime.make(Services)
  const context = await runtime.runPromise(Effect.context<Layer.Success<typeof Services>>())
  const { handler: plain, dispose } = toWebHandler(Layer.succeedContext(context))
  const handler = held(plain)
  await runtime.runPromise(ensureAdmin({ email: ADMIN.email, password: Redacted.make(ADMIN.password) }))

  const ask = askerOf(handler)

  const signIn = async (email: string, password: string): Promise<string> => {
    const reply = await ask("POST", "/api/v1/auth/login-json", { body: { email, password } })
    if (reply.status !== 200) throw new Error(`Nobody is signed in: ${JSON.stringify(reply.body)}`)
    return reply.body.access_token
  }

  /** The token of a new user with these roles, at these locations only if some are named. */
  const user = async (name: string, roles: ReadonlyArray<string>, locations: ReadonlyArray<string> | null = null) => {
    const token = await customer(name)
    const { id } = (await ask("GET", "/api/v1/users/me", { token })).body
    const admin = await signIn(ADMIN.email, ADMIN.password)
    const change = { token: admin, headers: { "if-match": "*" }, body: { roles, locations } }
    const { status, body } = await ask("PATCH", `/api/v1/users/${id}`, change)
    if (status !== 200) throw new Error(`Nobody got the roles: ${JSON.stringify(body)}`)
    return token
  }

  /** A new customer's token. */
  const customer = async (name: string): Promise<string> => {
    const account = { email: `${name}@example.com`, name, password: `the password of ${name}` }
    await ask("POST", "/api/v1/auth/register", { body: account })
    return signIn(account.email, account.password)
  }

  return {
    ask,
    handler,
    request,
    signIn,
    customer,
    user,
    entries,
    runtime,
    /** Another server on the same store, as a second process would be. */
    another: () => {
      const { handler, dispose } = toWebHandler(Layer.succeedContext(context))
      return { ask: askerOf(held(handler)), stop: dispose }
    },
    admin: () => signIn(ADMIN.email, ADMIN.password),
    stop: async () => {
      await dispose()
      await runtime.dispose()
    }
  }
}

export type TestServer = Awaited<ReturnType<typeof startServer>>
