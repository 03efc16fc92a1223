// What is written to a vendor over HTTP: to whom it goes, and that nothing is promised that nobody sends.
import { assert, describe, it } from "@effect/vitest"
import { startServer } from "./TestServer.ts"

const eve = { name: "Eve", role: "Sales", email: "eve@potter.example", phone: "" }
const letter = { medium: "email", message: "Where are the mugs?", mail: { subject: "The mugs" } }

const withVendor = async (sendsMail: boolean) => {
  const server = await startServer({ sendsMail })
  const token = await server.admin()
  const post = (path: string, body: unknown) => server.ask("POST", `/api/v1/vendors${path}`, { token, body })
  await post("", { id: "potter", name: "Potter", email: "orders@potter.example", contacts: [eve] })
  await post("", { id: "grower", name: "Grower" })
  return { write: (vendor: string, body: unknown) => post(`/${vendor}/contacts`, body), stop: server.stop }
}

describe("a mail to a vendor", () => {
  it("goes to the person or to the vendor, and to nobody else", async () => {
    const { write, stop } = await withVendor(true)
    const toEve = await write("potter", { ...letter, person: "Eve" })
    assert.strictEqual(toEve.status, 201)
    assert.deepStrictEqual(toEve.body.mail, { to: "eve@potter.example", subject: "The mugs" })
    assert.strictEqual((await write("potter", letter)).body.mail.to, "orders@potter.example")
    assert.strictEqual((await write("potter", { medium: "email", message: "Sent before" })).body.mail, null)
    for (const refused of [write("grower", letter), write("potter", { ...letter, medium: "phone" })]) {
      const { status, body } = await refused
      assert.deepStrictEqual([status, body.type], [409, "https://onhand.dev/problems/not-mailable"])
    }
    const elsewhere = await write("potter", { ...letter, mail: { subject: "Hello", to: "all@example.com" } })
    assert.strictEqual(elsewhere.status, 400)
    const injected = await write("potter", { ...letter, mail: { subject: "Hello\r\nBcc: all@example.com" } })
    assert.strictEqual(injected.status, 400)
    await stop()
  })

  it("is refused by a server that sends none, and the record without it is taken", async () => {
    const { write, stop } = await withVendor(false)
    const refused = await write("potter", letter)
    assert.strictEqual(refused.status, 400)
    assert.strictEqual(refused.body.faults[0].path, "payload.mail")
    assert.strictEqual((await write("potter", { medium: "email", message: "Where are the mugs?" })).status, 201)
    await stop()
  })
})
