// Random requests after the contract, most of them wrong somewhere, on PostgreSQL: none fails the server, none hangs,
// and none is answered with what is not documented. `npm run fuzz` sends ten thousand to each group.

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Inventory } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Layer, Redacted } from "effect"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { operations, type RandomRequest, randomFrom, requestFor } from "./RandomRequests.ts"
import { startServer, type TestServer } from "./TestServer.ts"

const REQUESTS = Number(process.env["FUZZ_REQUESTS"] ?? 40)
const SEED = Number(process.env["FUZZ_SEED"] ?? 1)

/** Far more than any request takes; one that takes longer hangs. */
const HANG_MILLIS = 20_000

/** Characters of a request and of its answer that a failure shows. */
const SHOWN = 1_000

let server: TestServer
let tokens: ReadonlyArray<string | undefined>

beforeAll(async () => {
  const store = PostgresStore.layer({ url: Redacted.make(await createDatabase()) })
  const inventory = Inventory.layer.pipe(Layer.provide(store), Layer.orDie)
  server = await startServer({ requestsPerMinute: { user: 1e9, address: 1e9 } }, inventory)
  const admin = await server.admin()
  const make = (path: string, body: object) => server.ask("POST", `/api/v1${path}`, { token: admin, body })
  for (const id of ["shop", "store"]) await make("/locations", { id, name: id })
  const price = { amount: "2.00", currency: "EUR" }
  await make("/products", { id: "piece", sku: "PIECE", name: "Piece", price })
  await make("/products", { id: "cheese", sku: "CHEESE", name: "Cheese", unit: { name: "kg", decimals: 3 }, price })
  await make("/vendors", { id: "farm", name: "Farm" })
  tokens = [admin, admin, admin, await server.customer("fuzz"), undefined]
})
afterAll(() => server.stop())

const send = async (request: RandomRequest, token: string | undefined) => {
  const hung = AbortSignal.timeout(HANG_MILLIS)
  const { method, path, headers, body } = request
  const response = await server.handler(
    new Request(`http://localhost${path}`, {
      method,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      signal: hung,
      ...(body === undefined || method === "GET" ? {} : { body })
    })
  )
  const type = response.headers.get("content-type") ?? ""
  if (type.includes("event-stream")) {
    await response.body?.cancel()
    return { status: response.status, body: "" }
  }
  const text = await response.text()
  return { status: response.status, body: /json/.test(type) ? JSON.parse(text) : text }
}

/** What is wrong with the answer to a request, if anything. */
const complaint = async (request: RandomRequest, token: string | undefined): Promise<string | undefined> => {
  try {
    const { status, body } = await send(request, token)
    return status >= 500 ? `${status} ${JSON.stringify(body)}` : undefined
  } catch (error) {
    return String(error)
  }
}

const groups = [...new Set(operations.map(({ group }) => group))]

describe("check 75: random requests", { timeout: 30_000 + REQUESTS * 500 }, () => {
  it.each(groups)("to %s are answered as documented, and never by a failure", async (group) => {
    const random = randomFrom(SEED + groups.indexOf(group))
    const own = operations.filter((operation) => operation.group === group)
    let understood = 0
    for (let index = 0; index < REQUESTS; index++) {
      const operation = own[index % own.length]!
      const request = requestFor(random, operation, index >= own.length && random() < 0.8)
      const wrong = await complaint(request, tokens[Math.floor(random() * tokens.length)])
      const place = `FUZZ_SEED=${SEED}, request ${index} of ${group}: ${JSON.stringify(request)}`
      assert.isTrue(wrong === undefined, `${place.slice(0, SHOWN)}\n${wrong?.slice(-SHOWN)}`)
      understood += 1
    }
    assert.strictEqual(understood, REQUESTS)
  })
})
