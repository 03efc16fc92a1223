// A walk through the OpenAPI document: each operation is asked as it is documented, and as it must be refused: by
// nobody, by the wrong role, with what nobody knows, of what there is not, without its key, of another version.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { defaultRoles } from "@onhand/core"
import { type Documented, isRequired, operations, placeOf, type Scene, tellStory } from "./StoryTelling.ts"
import { type Ask, type Reply, startServer, type TestServer } from "./TestServer.ts"

/** What the story cannot ask for, and where it is asked for instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "events.stream": "a stream has no end; Events.test.ts",
  "events.socket": "a socket answers no request; EventSocket.test.ts",
  "webhooks.replay": "a message must have been sent first; Webhooks.test.ts"
}

/** Ids that nothing has, of what has no ids like others. */
const UNKNOWN: Readonly<Record<string, string>> = { "stockMovements.reverse": "0-999999999-0" }

/** Replies of which each part says whether it was given before; Batches.test.ts. */
const IN_PARTS: ReadonlySet<string> = new Set(["batches.run"])

/** What is not there is as good as taken away already, so that nothing is unknown. */
const GONE: ReadonlySet<string> = new Set(["carts.remove", "users.endSession"])

/** Changes that nobody else can overwrite, so that they need no version. */
const WITHOUT_VERSION: Readonly<Record<string, string>> = {
  "users.updateMe": "one's own name and password",
  "users.endSession": "what has ended stays so",
  "users.endSessions": "what has ended stays so",
  "users.signOut": "what has ended stays so",
  "carts.clear": "one's own cart, whose lines add up",
  "carts.change": "one's own cart",
  "carts.remove": "one's own cart",
  "thresholds.set": "each line stands for itself",
  "reorderPolicies.set": "each line stands for itself",
  "stockPolicies.set": "each line stands for itself",
  "vendors.setProducts": "each line stands for itself",
  "orders.reportPayment": "the order refuses a payment that cannot follow the one before"
}

let server: TestServer
let powerless: string

beforeAll(async () => {
  server = await startServer({ roles: { ...defaultRoles, nobody: [] } })
  powerless = await server.user("powerless", ["nobody"])
})
afterAll(() => server.stop())

/** A complaint unless what was answered is as it must be. */
type Complaint = string | undefined

const expecting = (what: string, reply: Reply, status: number, sound = true): Complaint =>
  reply.status === status && sound
    ? undefined
    : `${what}: not ${status} as it must be, but ${reply.status} ${JSON.stringify(reply.body)}`

const hasFault = ({ body }: Reply, path: string): boolean =>
  body.faults?.some((fault: { readonly path: string }) => fault.path === path) === true

const takes = ({ parameters = [] }: Documented, name: string): boolean => parameters.some((one) => one.name === name)

let keys = 0

/** Asks a request of the story with something of it changed, and a key of its own. */
const askChanged = (
  { method, path, query, ask, operation }: Scene,
  change: { readonly ask?: Ask; readonly path?: string; readonly query?: Readonly<Record<string, string>> }
) => {
  const key = takes(operation, "idempotency-key") ? { "idempotency-key": `walk-${keys++}` } : {}
  return server.ask(method, placeOf(change.path ?? path, { ...query, ...change.query }), {
    ...ask,
    headers: { ...ask.headers, ...key },
    ...change.ask
  })
}

const without = (headers: Record<string, string>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name))

/** Asks in every way that must be refused, and says what was not. Nothing of it changes anything. */
const refusals = async (scene: Scene): Promise<ReadonlyArray<Complaint>> => {
  const { operation, ask, template, params } = scene
  const requires = operation["x-requires"]
  const found: Array<Complaint> = []
  if (requires !== "anyone") {
    const reply = await askChanged(scene, { ask: { token: undefined } })
    found.push(expecting("no credentials", reply, 401, reply.headers.has("www-authenticate")))
  }
  if (requires !== "anyone" && requires !== "signedIn") {
    const reply = await askChanged(scene, { ask: { token: powerless } })
    found.push(expecting("the wrong role", reply, 403, [requires].flat().includes(reply.body.permission)))
  }
  const unknown = await askChanged(scene, { query: { nothing: "1" } })
  found.push(expecting("an unknown parameter", unknown, 400, hasFault(unknown, "query.nothing")))
  if (typeof ask.body === "object" && ask.body !== null) {
    const reply = await askChanged(scene, { ask: { body: { ...ask.body, nothing: 1 } } })
    found.push(expecting("an unknown field", reply, 400, hasFault(reply, "payload.nothing")))
  }
  const [first] = Object.keys(params)
  if (first !== undefined && !GONE.has(operation.operationId)) {
    const nothing = UNKNOWN[operation.operationId] ?? "nothing"
    const path = template.replace(/\{(\w+)\}/g, (_, name) => (name === first ? nothing : (params[name] ?? "")))
    found.push(expecting("an unknown id", await askChanged(scene, { path }), 404))
  }
  if (isRequired(operation, "idempotency-key")) {
    const headers = without(ask.headers, "idempotency-key")
    const reply = await askChanged(scene, { ask: { headers } })
    found.push(expecting("44: no key", reply, 400, hasFault(reply, "headers.idempotency-key")))
  }
  if (isRequired(operation, "if-match")) {
    const headers = without(ask.headers, "if-match")
    found.push(expecting("49: no version", await askChanged(scene, { ask: { headers } }), 428))
    const wrong = await askChanged(scene, { ask: { headers: { ...headers, "if-match": "seven" } } })
    found.push(expecting("49: no ETag", wrong, 400, hasFault(wrong, "headers.if-match")))
    const old = await askChanged(scene, { ask: { headers: { ...headers, "if-match": '"999999"' } } })
    found.push(expecting("49: another version", old, 412, Number.isInteger(old.body.current)))
  }
  return found
}

/** What must hold of a request that was answered well, when it is sent once more. */
const again = async (scene: Scene, sent: Ask, reply: Reply): Promise<Complaint> => {
  const { method, path, query, operation } = scene
  const ask = (headers: Record<string, string>) =>
    server.ask(method, placeOf(path, query), { ...sent, headers: { ...sent.headers, ...headers } })
  if (takes(operation, "idempotency-key")) {
    const same = await ask({})
    const { headers } = operation.responses[reply.status] ?? {}
    const tells = headers?.["idempotency-replayed"] !== undefined && !IN_PARTS.has(operation.operationId)
    const isSame = same.headers.has("idempotency-replayed") && JSON.stringify(same.body) === JSON.stringify(reply.body)
    return expecting("45: the same key", same, reply.status, isSame || !tells)
  }
  if (method !== "GET" || !/^application\/json/.test(reply.headers.get("content-type") ?? "")) return undefined
  if (operation.responses["304"] === undefined) return undefined
  const etag = reply.headers.get("etag") ?? ""
  const known = await ask({ "if-none-match": etag })
  const other = await ask({ "if-none-match": '"0-none"' })
  return (
    expecting("50: a reader who has it", known, 304, known.body === "" && known.headers.get("etag") === etag) ??
    expecting("50: a reader who has another", other, 200)
  )
}

describe("the walk through the document", () => {
  it("asks each operation as it is documented, and as it must be refused", { timeout: 120_000 }, async () => {
    const complaints: Array<string> = []
    const refused = new Set<string>()
    const answered = new Set<string>()
    await tellStory(server, async (scene) => {
      const { operation, method, path, query, ask } = scene
      const { operationId: name } = operation
      const told = (complaint: Complaint) => {
        if (complaint !== undefined) complaints.push(`${name}, ${complaint}`)
      }
      if (!refused.has(name)) for (const complaint of await refusals(scene)) told(complaint)
      refused.add(name)
      const key = takes(operation, "idempotency-key") ? { "idempotency-key": `walk-${keys++}` } : {}
      const sent = { ...ask, headers: { ...ask.headers, ...key } }
      const reply = await server.ask(method, placeOf(path, query), sent)
      if (reply.status < 300) {
        answered.add(name)
        told(await again(scene, sent, reply))
      }
      return reply
    })
    assert.deepStrictEqual(complaints, [])
    assert.sameMembers(
      [...operations.keys()].filter((name) => !answered.has(name)),
      Object.keys(ELSEWHERE),
      "each operation has an example in ReferenceStory.ts that is answered well"
    )
  })

  it("finds an ETag and 304 documented for every read of JSON, and If-Match for every change", () => {
    for (const [name, { method, path, operation }] of operations) {
      const { content } = operation.responses["200"] ?? {}
      if (method === "GET" && path.startsWith("/api/") && content?.["application/json"] !== undefined) {
        assert.isDefined(operation.responses["304"], name)
        assert.isTrue(takes(operation, "if-none-match"), name)
      }
      if (["PUT", "PATCH", "DELETE"].includes(method)) {
        assert.strictEqual(isRequired(operation, "if-match"), WITHOUT_VERSION[name] === undefined, name)
      }
      if (isRequired(operation, "if-match")) assert.containsAllKeys(operation.responses, ["412", "428"], name)
      if (path.includes("{")) assert.containsAllKeys(operation.responses, ["404"], name)
    }
  })
})
