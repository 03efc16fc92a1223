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

const post = (path: string, body: object, key: string, as = token) =>
  fetch(`${url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${as}`, "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(body)
  })

/** Asks with the same key until there is an answer: whoever got none may do so, and it counts once. */
const answerTo = async <Answer>(...question: Parameters<typeof post>): Promise<Answer> => {
  for (;;) {
    const reply = await post(...question).catch(() => undefined)
    if (reply === undefined || reply.status >= 500) await pause(20)
    else {
      assert.ok(reply.ok, `${reply.status} ${question[0]}`)
      return (await reply.json()) as Answer
    }
  }
}

interface Order {
  readonly id: string
  readonly lines: ReadonlyArray<{ readonly ordered: number }>
}

const signIn = async (username: string, password: string): Promise<string> => {
  const body = new URLSearchParams({ username, password })
  const reply = await fetch(`${url}/api/v1/auth/login`, { method: "POST", body })
  return ((await reply.json()) as { readonly access_token: string }).access_token
}

/** Somebody who buys: the token of a customer of this name. */
const customer = async (name: string): Promise<string> => {
  const account = { email: `${name}@example.com`, name, password: `the password of ${name}` }
  assert.strictEqual((await post("/auth/register", account, name)).status, 201)
  return signIn(account.email, account.password)
}

const sell = (key: string) =>
  post("/stock-movements", { lines: [{ kind: "sale", product: "mug", location: "shop", quantity: 1 }] }, key)

const onHand = async (): Promise<number> => {
  const reply = await fetch(`${url}/api/v1/products/mug`, { headers: { authorization: `Bearer ${token}` } })
  return ((await reply.json()) as { readonly onHand: number }).onHand
}

/** Asks over a connection of its own. */
const askAnew = (path: string) =>
  new Promise<string>((resolve, reject) => {
    get(`${url}${path}`, { agent: false, headers: { authorization: `Bearer ${METRICS_TOKEN}` } }, (reply) => {
      let text = ""
      reply.on("data", (chunk) => {
        text += String(chunk)
      })
      reply.on("end", () => resolve(text))
    }).once("error", reject)
  })

/** Waits until each worker answers while the other stands still. */
const untilBothServe = async () => {
  for (const other of childrenOf(running.pid)) {
    process.kill(other, "SIGSTOP")
    await askAnew("/health/live")
    process.kill(other, "SIGCONT")
  }
}

const start = async (database: string) => {
  running = startOnhand(["serve", "--workers", "2", "--port", "0"], {
    DATABASE_URL: database,
    ONHAND_ADMIN_PASSWORD: PASSWORD,
    ONHAND_METRICS_TOKEN: METRICS_TOKEN,
    ONHAND_SAMPLE_SHOP: "false"
  })
  url = await running.ready
  token = await signIn("admin@onhand.local", PASSWORD)
}

beforeAll(async () => {
  database = await createDatabase()
  await start(database)
  await post("/locations", { id: "shop", name: "Shop" }, "shop")
  await post("/products", { id: "mug", sku: "MUG", name: "Mug", price: { amount: "9.50", currency: "EUR" } }, "mug")
  const lines = [{ kind: "purchase", product: "mug", location: "shop", quantity: 10_000 }]
  assert.strictEqual((await post("/stock-movements", { lines }, "delivery")).status, 201)
}, START_TIMEOUT)

afterAll(async () => {
  running.kill("SIGKILL")
  await running.ended
})

describe.skipIf(process.platform !== "linux")("two workers", { timeout: START_TIMEOUT }, () => {
  it("lose no answered sale or order when one is killed, and another takes its place", async () => {
    const workers = childrenOf(running.pid)
    assert.strictEqual(workers.length, 2)
    let sold = 0
    let answered = 0
    let stop = false
    const orders: Array<Order> = []
    const sellOn = async (seller: number) => {
      for (let index = 0; !stop; index++) {
        const lines = [{ kind: "sale", product: "mug", location: "shop", quantity: 1 }]
        await answerTo("/stock-movements", { lines }, `${seller}-${index}`)
        sold += 1
        answered += 1
      }
    }
    const buyOn = async (shopper: number, own: string) => {
      for (let index = 0; !stop; index++) {
        await answerTo("/cart/items", { product: "mug", quantity: 1 }, `cart-${index}`, own)
        const order = await answerTo<Order>("/checkout", {}, `order-${shopper}-${index}`, own)
        orders.push(order)
        for (const { ordered } of order.lines) sold += ordered
        answered += 1
      }
    }
    const shoppers = await Promise.all(["ann", "bob", "cem", "dee"].map(customer))
    const callers = [1, 2, 3, 4].map(sellOn).concat(shoppers.map((own, shopper) => buyOn(shopper, own)))
    while (answered < 100 || orders.length < 20) await pause(10)
    process.kill(workers[0]!, "SIGKILL")
    const [answeredThen, ordersThen] = [answered, orders.length]
    while (answered < answeredThen + 200 || orders.length < ordersThen + 20) await pause(10)
    stop = true
    await Promise.all(callers)
    assert.strictEqual(await onHand(), 10_000 - sold)
    assert.strictEqual(new Set(orders.map(({ id }) => id)).size, orders.length)
    for (const { id, lines } of orders) {
      const reply = await fetch(`${url}/api/v1/orders/${id}`, { headers: { authorization: `Bearer ${token}` } })
      const kept = (await reply.json()) as Order
      assert.deepStrictEqual([kept.id, kept.lines.map(({ ordered }) => ordered)], [id, lines.map((one) => one.ordered)])
    }
    while (childrenOf(running.pid).length < 2) await pause(50)
    assert.notDeepStrictEqual(childrenOf(running.pid), workers)
    await untilBothServe()
  })

  it("leave no caller without an answer when one that no longer moves is killed", async () => {
    const [still = 0] = childrenOf(running.pid)
    process.kill(still, "SIGSTOP")
    const asked = Promise.all(Array.from({ length: 16 }, () => askAnew("/health/live")))
    await pause(100)
    process.kill(still, "SIGKILL")
    assert.strictEqual((await asked).length, 16)
    // Who comes while the other stands still waits for the one that takes its place.
    await untilBothServe()
  })

  it("serve on where they did when all were killed at once", async () => {
    const before = childrenOf(running.pid)
    for (const worker of before) process.kill(worker, "SIGKILL")
    while (childrenOf(running.pid).some((worker) => before.includes(worker))) await pause(20)
    for (;;) {
      const reply = await fetch(`${url}/health/live`).catch(() => undefined)
      if (reply?.ok) break
      await pause(20)
    }
  })

  it("tell the metrics of both, whichever is asked, each with its number", async () => {
    const metrics = () => askAnew("/metrics")
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
    // One that has just begun tells its counts as well, at 0.
    for (const worker of [1, 2]) {
      const sales = `onhand_commands_total{worker="${worker}",command="RecordMovements",outcome="applied"}`
      assert.ok(text.includes(`\n${sales} `), `worker ${worker}`)
    }
    assert.strictEqual(text.match(/^# TYPE onhand_http_requests_total counter$/gm)?.length, 1)
    const sold = text.matchAll(/^onhand_http_requests_total\{worker="\d",method="POST",status="201"\} (\d+)$/gm)
    assert.ok([...sold].reduce((sum, [, count]) => sum + Number(count), 0) >= sales.length)
  })

  it("answer every request when asked to stop, tell streams to come back, and end within ten seconds", async () => {
    const before = await onHand()
    const stream = await fetch(`${url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    const streamed = stream.text()
    const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`, ["onhand.v1", `bearer.${token}`])
    const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)))
    await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }))
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
    // Going away: whoever is told so comes back, and finds the next server.
    assert.strictEqual(await closed, 1001)
    assert.deepStrictEqual(await running.ended, { code: 0, signal: null })
    assert.ok(performance.now() - begun < 10_000)
    // What was answered was done, and nothing else was.
    await start(database)
    assert.strictEqual(await onHand(), before - sold)
  })
})
