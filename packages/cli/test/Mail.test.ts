// A server that is killed after a sale that crossed a threshold writes the mail when it is back, once.
import assert from "node:assert"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, it } from "vitest"
import { startMailServer } from "../../../test/MailServer.ts"
import { type Running, startOnhand } from "./ServerProcess.ts"

const place = mkdtempSync(join(tmpdir(), "onhand-mail-"))
const started: Array<Running> = []

/** Two starts, and the lease of the one that was killed, on a machine that does other things too. */
const TIMEOUT = 120_000

afterAll(async () => {
  for (const one of started) one.kill("SIGKILL")
  await Promise.all(started.map((one) => one.ended))
  rmSync(place, { recursive: true, force: true })
})

const account = { email: "ann@example.com", password: "a long enough password" }

const start = (smtp: string): Running => {
  const one = startOnhand(["serve", "--data", join(place, "shop"), "--port", "0"], {
    ONHAND_SAMPLE_SHOP: "false",
    ONHAND_ADMIN_EMAIL: account.email,
    ONHAND_ADMIN_PASSWORD: account.password,
    ONHAND_SMTP_URL: smtp,
    ONHAND_MAIL_FROM: "Onhand <stock@example.com>",
    // The administrator is ann, who has one mail of each thing.
    ONHAND_MAIL_TO: "bob@example.com",
    ONHAND_MAIL_ROLES: "admin, warehouse_manager",
    ONHAND_MAIL_GATHER_SECONDS: "1"
  })
  started.push(one)
  return one
}

const signedIn = async (url: string) => {
  const login = await fetch(`${url}/api/v1/auth/login-json`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(account)
  })
  const { access_token: token } = (await login.json()) as { readonly access_token: string }
  return async (method: string, path: string, body: unknown) => {
    const reply = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": crypto.randomUUID()
      },
      body: JSON.stringify(body)
    })
    assert.ok(reply.ok, `${method} ${path} answered ${reply.status}`)
  }
}

describe("a server with mail", { timeout: TIMEOUT }, () => {
  it("that is killed between a commit and its mail writes it when it is back, once", async () => {
    const mail = await startMailServer()
    const first = start(mail.url)
    const ask = await signedIn(await first.ready)
    const line = { product: "mug", location: "shop" }
    await ask("POST", "locations", { id: "shop", name: "Shop" })
    for (const id of ["mug", "cup"]) {
      await ask("POST", "products", { id, sku: id, name: id })
      await ask("POST", "stock-movements", { lines: [{ ...line, product: id, kind: "purchase", quantity: 9 }] })
    }
    const rules = ["mug", "cup"].map((product) => ({ ...line, product, low: 4 }))
    await ask("PUT", "thresholds", { lines: rules })
    await ask("POST", "stock-movements", { lines: [{ ...line, kind: "sale", quantity: 5 }] })
    first.kill("SIGKILL")
    assert.deepStrictEqual(await first.ended, { code: null, signal: "SIGKILL" })
    assert.strictEqual(mail.received.length, 0)

    const second = start(mail.url)
    const again = await signedIn(await second.ready)
    await mail.count(1)
    // What is written of something else afterwards is the second mail: nothing came in between.
    await again("POST", "stock-movements", { lines: [{ ...line, product: "cup", kind: "sale", quantity: 5 }] })
    await mail.count(2)
    assert.deepStrictEqual(
      mail.received.map(({ to, header }) => [to.join(), header("Subject")?.split(":").slice(0, 2).join(":")]),
      [
        ["bob@example.com,ann@example.com", "Low stock: mug (mug) at Shop"],
        ["bob@example.com,ann@example.com", "Low stock: cup (cup) at Shop"]
      ]
    )
    second.kill("SIGTERM")
    assert.deepStrictEqual(await second.ended, { code: 0, signal: null })
    await mail.stop()
  })

  it("does not start with a mail that could never be sent, and says why without a password", async () => {
    const wrong = startOnhand(["serve", "--data", join(place, "none")], {
      ONHAND_SMTP_URL: "https://user:hunter2@example.com",
      ONHAND_MAIL_TO: "ann"
    })
    started.push(wrong)
    assert.deepStrictEqual((await wrong.ended).code, 2)
    assert.match(wrong.printed(), /ONHAND_SMTP_URL: this is no URL of a mail server/)
    assert.doesNotMatch(wrong.printed(), /hunter2/)
  })
})
