// What a server tells its operator: lines of JSON without secrets, and traces and metrics for a collector.
import assert from "node:assert"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { type Running, startOnhand } from "./ServerProcess.ts"

const place = mkdtempSync(join(tmpdir(), "onhand-telemetry-"))
const PASSWORD = "a password that nobody may read"
const METRICS_TOKEN = "a token that nobody may read"
const KEY = "a-key-that-nobody-may-read"
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

/** Everything that was sent to the collector, by path. */
const collected = new Map<string, string>()
let collector: Server
let running: Running
let token: string
/** What `/metrics` told at first, and after a product was created. */
const told: Array<string> = []

beforeAll(async () => {
  collector = createServer(async (request, reply) => {
    let text = ""
    for await (const chunk of request) text += chunk
    collected.set(request.url ?? "", (collected.get(request.url ?? "") ?? "") + text)
    reply.end("{}")
  })
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve))
  const file = join(place, "metrics-token")
  writeFileSync(file, `${METRICS_TOKEN}\n`)
  running = startOnhand(["serve", "--data", join(place, "shop"), "--port", "0", "--sample-shop", "false"], {
    ONHAND_ADMIN_PASSWORD: PASSWORD,
    ONHAND_METRICS_TOKEN_FILE: file,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  })
  const url = await running.ready
  const scrape = async () => {
    const reply = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })
    told.push(await reply.text())
  }
  await scrape()
  const form = new URLSearchParams({ username: "admin@onhand.local", password: PASSWORD })
  const signIn = await fetch(`${url}/api/v1/auth/login`, { method: "POST", body: form })
  token = ((await signIn.json()) as { readonly access_token: string }).access_token
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "idempotency-key": KEY,
    traceparent: `00-${TRACE}-00f067aa0ba902b7-01`
  }
  const body = JSON.stringify({ sku: "TOLD", name: "Told" })
  await fetch(`${url}/api/v1/products?access_token=${token}`, { headers })
  await fetch(`${url}/api/v1/products`, { method: "POST", headers, body })
  await scrape()
  running.kill("SIGTERM")
  await running.ended
}, 90_000)

afterAll(() => {
  running.kill("SIGKILL")
  collector.close()
  rmSync(place, { recursive: true, force: true })
})

describe("check 68: what the server prints", () => {
  it("is a line of JSON for each request, with its ids", () => {
    const lines = running
      .printed()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line))
    const created = lines.find((line) => line.method === "POST" && line.path === "/api/v1/products")
    assert.strictEqual(created?.status, 201)
    assert.strictEqual(created?.traceId, TRACE)
    assert.match(created?.requestId, /^[\w-]+$/)
    assert.ok(lines.some((line) => line.status === 400 && line.path === "/api/v1/products"))
  })

  it("has no password, no token and no key in it, and neither has what is sent to the collector", () => {
    const sent = [running.printed(), ...collected.values()].join("\n")
    for (const secret of [PASSWORD, METRICS_TOKEN, KEY, token]) assert.ok(!sent.includes(secret), secret.slice(0, 12))
  })
})

describe("what Prometheus reads", () => {
  it("begins with every count of commands at 0, so that the first is a rise", () => {
    const [fresh = "", after = ""] = told
    const created = 'onhand_commands_total{command="CreateProduct",outcome="applied"}'
    assert.ok(fresh.includes(`${created} 0\n`))
    assert.ok(after.includes(`${created} 1\n`))
    for (const line of [
      'onhand_command_lines_total{command="RecordMovements"} 0',
      'onhand_refusals_total{refusal="InsufficientStock"} 0',
      "onhand_queue_depth 0",
      'onhand_http_requests_total{method="GET",status="500"} 0',
      "onhand_http_request_seconds_count 0"
    ]) {
      assert.ok(fresh.includes(`${line}\n`), line)
    }
  })
})

describe("a collector of OpenTelemetry", () => {
  it("gets the spans of requests under the trace of the caller, and the metrics, the last before the end", () => {
    const traces = collected.get("/v1/traces") ?? ""
    assert.ok(traces.includes(TRACE), "the caller's trace goes on")
    assert.ok(traces.includes("/api/v1/products"))
    const metrics = collected.get("/v1/metrics") ?? ""
    const created = /\{"attributes":\[[^\]]*"CreateProduct"[^\]]*"applied"[^\]]*\][^}]*"as(?:Int|Double)":"?1\b/
    assert.match(metrics, created)
    assert.ok(metrics.includes("onhand_http_request_seconds"))
  })
})
