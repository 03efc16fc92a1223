// Several workers on one port and one database: one is killed, all are asked to stop, and nothing that was answered is
// lost.
import assert from "node:assert"
import { readFileSync } from "node:fs"
import { get } from "node:http"
import { setTimeout as pause } from "node:timers/promises"
import { afterAll, beforeAll, describe, it } from "vitest"
import { createDatabase } from "../../../test/PostgresDatabase.ts"
import { type Running, startOnhand } from "./ServerProcess.ts"

const PASSWORD = "the admin's own password"
const METRICS_TOKEN = "a token for metrics"
const START_TIMEOUT = 90_000

let database: string
let running: Running
let url: string
let token: string

/** The processes that a process has started. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number)

const post = (path: string, body: object, key: string) =>
  fetch(`${url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(body)
  })

const sell = (key: string) =>
  post("/stock-movements", { lines: [{ kind: "sale", product: "mug", location: "shop", quantity: 1 }] }, key)

const onHand = async (): Promise<number> => {
  const reply = await fetch(`${url}/api/v1/products/mug`, { headers: { authorization: `Bearer ${token}` } })
  return ((await reply.json()) as { readonly onHand: number }).onHand
}

const start = async (database: string) => {
  running = startOnhand(["serve", "--workers", "2", "--port", "0"], {
    DATABASE_URL: database,
    ONHAND_ADMIN_PASSWORD: PASSWORD,
    ONHAND_METRICS_TOKEN: METRICS_TOKEN,
    ONHAND_SAMPLE_SHOP: "false"
  })
  url = await running.ready
  const signIn = new URLSearchParams({ username: "admin@onhand.local", password: PASSWORD })
  const reply = await fetch(`${url}/api/v1/auth/login`, { method: "POST", body: signIn })
  token = ((await reply.json()) as { readonly access_token: string }).access_token
}

beforeAll(async () => {
  database = await createDatabase()
  await start(database)
  await post("/locations", { id: "shop", name: "Shop" }, "shop")
  await post("/products", { id: "mug", sku: "MUG", name: "Mug" }, "mug")
  const lines = [{ kind: "purchase", product: "mug", location: "shop", quantity: 10_000 }]
  assert.strictEqual((await post("/stock-movements", { lines }, "delivery")).status, 201)
}, START_TIMEOUT)

afterAll(async () => {
  running.kill("SIGKILL")
  await running.ended
})

describe.skipIf(process.platform !== "linux")("two workers", { timeout: START_TIMEOUT }, () => {
  it("lose no answered sale when one is killed, and another takes its place", async () => {
    const workers = childrenOf(running.pid)
    assert.strictEqual(workers.length, 2)
    const answered: Array<string> = []
    let stop = false
    const sellOn = async (seller: number) => {
      for (let index = 0; !stop; index++) {
        const key = `${seller}-${index}`
        // Whoever got no answer asks again with the same key, which counts once.
        for (;;) {
          const status = await sell(key).then(
            (reply) => reply.status,
            () => 0
          )
          if (status === 201) break
          await pause(20)
        }
        answered.push(key)
      }
    }
    const sellers = Array.from({ length: 8 }, (_, seller) => sellOn(seller))
    while (answered.length < 100) await pause(10)
    process.kill(workers[0]!, "SIGKILL")
    const killedAt = answered.length
    while (answered.length < killedAt + 200) await pause(10)
    stop = true
    await Promise.all(sellers)
    assert.strictEqual(await onHand(), 10_000 - answered.length)
    while (childrenOf(running.pid).length < 2) await pause(50)
    assert.notDeepStrictEqual(childrenOf(running.pid), workers)
  })

  it("tell the metrics of both, whichever is asked, each with its number", async () => {
    // Each over a connection of its own, which the workers take in turns: so both have something to tell.
    const metrics = () =>
      new Promise<string>((resolve, reject) => {
        const headers = { authorization: `Bearer ${METRICS_TOKEN}` }
        get(`${url}/metrics`, { agent: false, headers }, (reply) => {
          let text = ""
          reply.on("data", (chunk) => {
            text += String(chunk)
          })
          reply.on("end", () => resolve(text))
        }).once("error", reject)
      })
    const sales = Array.from({ length: 40 }, (_, index) => sell(`metered-${index}`))
    for (const reply of await Promise.all(sales)) assert.strictEqual(reply.status, 201)
    const workersIn = (text: string) => [...new Set([...text.matchAll(/\{worker="(\d)"/g)].map(([, one]) => one))]
    // The one that follows the one that was killed may still be starting.
    let text = await metrics()
    while (workersIn(text).length < 2) {
      await pause(100)
      text = await metrics()
    }
    assert.deepStrictEqual(workersIn(text).toSorted(), ["1", "2"])
    assert.strictEqual(text.match(/^# TYPE onhand_http_requests_total counter$/gm)?.length, 1)
    const sold = text.matchAll(/^onhand_http_requests_total\{worker="\d",method="POST",status="201"\} (\d+)$/gm)
    assert.ok([...sold].reduce((sum, [, count]) => sum + Number(count), 0) >= sales.length)
  })

  it("answer every request when asked to stop, tell streams to come back, and end within ten seconds", async () => {
    const before = await onHand()
    const stream = await fetch(`${url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    const streamed = stream.text()
    let sold = 0
    // Whoever is told that a connection ends goes elsewhere, as a load balancer does; nobody else leaves.
    const sellOn = async (seller: number) => {
      for (let index = 0; ; index++) {
        const reply = await sell(`last-${seller}-${index}`)
        assert.strictEqual(reply.status, 201)
        await reply.arrayBuffer()
        sold += 1
        if (reply.headers.get("connection") === "close") return
      }
    }
    const sellers = Array.from({ length: 16 }, (_, seller) => sellOn(seller))
    while (sold < 50) await pause(10)
    const begun = performance.now()
    running.kill("SIGTERM")
    await Promise.all(sellers)
    assert.ok((await streamed).includes("event: StockChanged"))
    assert.deepStrictEqual(await running.ended, { code: 0, signal: null })
    assert.ok(performance.now() - begun < 10_000)
    // What was answered was done, and nothing else was.
    await start(database)
    assert.strictEqual(await onHand(), before - sold)
  })
})
