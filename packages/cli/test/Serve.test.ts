// A server from its first start on: ready, used, killed, started again, asked to stop.
import assert from "node:assert"
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, it } from "vitest"
import { type Running, startOnhand } from "./ServerProcess.ts"

const place = mkdtempSync(join(tmpdir(), "onhand-serve-"))
const folder = join(place, "shop")
const started: Array<Running> = []

/** A start takes seconds, and many more while everything else is tested. Milliseconds. */
const START_TIMEOUT = 60_000

const start = (...args: ReadonlyArray<string>): Running => {
  const one = startOnhand(["serve", "--data", folder, ...args])
  started.push(one)
  return one
}

afterAll(async () => {
  for (const one of started) one.kill("SIGKILL")
  await Promise.all(started.map((one) => one.ended))
  rmSync(place, { recursive: true, force: true })
})

/** The three commands that a start printed, run by a shell one after the other; what the last two answered. */
const runPrinted = (printed: string): ReadonlyArray<unknown> => {
  const commands = printed.split("\n").filter((line) => /^ {2}(TOKEN|curl)/.test(line))
  assert.strictEqual(commands.length, 3)
  const answers = execFileSync("sh", ["-e", "-c", [...commands, 'echo "\\"$TOKEN\\""'].join("\n")], {
    encoding: "utf8"
  })
  return answers
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
}

const stockOf = async (url: string, token: string): Promise<number> => {
  const reply = await fetch(`${url}/api/v1/products/coffee-house`, { headers: { authorization: `Bearer ${token}` } })
  assert.strictEqual(reply.status, 200)
  return ((await reply.json()) as { readonly onHand: number }).onHand
}

describe("serving", { timeout: START_TIMEOUT }, () => {
  let first: Running
  let url: string
  let token: string

  beforeAll(async () => {
    first = start("--port", "0")
    url = await first.ready
  })

  it("answers, and keeps its token secret for its owner alone", async () => {
    assert.deepStrictEqual(await (await fetch(`${url}/health/live`)).json(), { status: "ok" })
    assert.strictEqual((await fetch(url)).status, 200)
    assert.strictEqual(statSync(join(folder, "token-secret")).mode & 0o777, 0o600)
  })

  it("prints three commands that work as they are printed", () => {
    const [products, sale, printedToken] = runPrinted(first.printed())
    assert.ok((products as { readonly items: ReadonlyArray<unknown> }).items.length > 0)
    assert.deepStrictEqual(
      (sale as { readonly levels: ReadonlyArray<{ readonly onHand: number }> }).levels.map(({ onHand }) => onHand),
      [12.25]
    )
    token = String(printedToken)
  })

  it("keeps others away from its folder, and says at once who has it", async () => {
    const verify = startOnhand(["verify", "--data", folder])
    assert.deepStrictEqual(await verify.ended, { code: 3, signal: null })
    assert.ok(verify.printed().includes(`process ${first.pid}`), verify.printed())
  })

  it("loses nothing when it is killed, and takes two interrupts in a row, as npm passes them on, for one", async () => {
    const before = await stockOf(url, token)
    first.kill("SIGKILL")
    assert.deepStrictEqual(await first.ended, { code: null, signal: "SIGKILL" })

    const second = start("--port", "0")
    const again = await second.ready
    // The token of the first process still proves who it is: the secret was kept.
    assert.strictEqual(await stockOf(again, token), before)
    assert.ok(!second.printed().includes("It was made at random"), "the second start made another administrator")
    second.kill("SIGINT")
    second.kill("SIGINT")
    assert.deepStrictEqual(await second.ended, { code: 0, signal: null })
  })

  it("says so when something else has its port", async () => {
    const other = createServer().listen(0, "127.0.0.1")
    await once(other, "listening")
    const { port } = other.address() as AddressInfo
    const third = start("--port", String(port))
    assert.deepStrictEqual(await third.ended, { code: 4, signal: null })
    assert.ok(third.printed().includes(`port ${port} of 127.0.0.1: something else`), third.printed())
    other.close()
  })

  it("stops with 0 when it is asked to, with books that balance", async () => {
    const fourth = start("--port", "0")
    await fourth.ready
    fourth.kill("SIGTERM")
    assert.deepStrictEqual(await fourth.ended, { code: 0, signal: null })
    const verified = startOnhand(["verify", "--data", folder])
    assert.deepStrictEqual(await verified.ended, { code: 0, signal: null })
    assert.ok(verified.printed().includes("0 differences"))
  })
})
