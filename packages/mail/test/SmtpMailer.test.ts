// Mail over real SMTP: what arrives, what is refused, and a cause that comes a thousand times in an hour.
import { afterEach, assert, describe, it } from "@effect/vitest"
import {
  courier,
  Deliveries,
  DeliveryFailed,
  firstPage,
  Inventory,
  type LocationId,
  layerMemory,
  type Mail,
  Mailer,
  type MailReceivers,
  mailNotices,
  RETRY_MILLIS,
  vendorMails
} from "@onhand/core"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { startMailServer } from "../../../test/MailServer.ts"
import { layerSmtp } from "../src/index.ts"

type MailServer = Awaited<ReturnType<typeof startMailServer>>
const servers: Array<MailServer> = []
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())))

const server = (refusal?: Parameters<typeof startMailServer>[0]) =>
  Effect.tap(
    Effect.promise(() => startMailServer(refusal)),
    (started) => Effect.sync(() => servers.push(started))
  )

const smtp = (url: string, to: ReadonlyArray<string> = ["ann@example.com"]) =>
  layerSmtp({ url: Redacted.make(url), from: "Onhand <stock@example.com>", to })

const mail = {
  id: "018f",
  subject: "Low stock: Tässchen",
  text: "Low stock: Tässchen\r\n.\r\nBcc: eve@example.com\n",
  automatic: true
}
const sent = (url: string, to?: ReadonlyArray<string>) =>
  Effect.provide(
    Effect.flatMap(Mailer, (mailer) => mailer.send(mail)),
    smtp(url, to)
  )

describe("the mailer", () => {
  it.live("hands a mail over, with an id that stays and nothing that the text could add", () =>
    Effect.gen(function* () {
      const { url, received } = yield* server()
      yield* sent(url, ["ann@example.com", "bob@example.com"])
      const [one] = received
      assert.deepStrictEqual(one?.to, ["ann@example.com", "bob@example.com"])
      assert.strictEqual(one?.header("Message-ID"), "<018f@example.com>")
      assert.strictEqual(one?.header("From"), "Onhand <stock@example.com>")
      assert.strictEqual(one?.header("Auto-Submitted"), "auto-generated")
      assert.isUndefined(one?.header("Bcc"))
      assert.include(one?.text, "Tässchen")
    })
  )

  it.live("tells apart a refusal for good and one for now, and a server that is not there", () =>
    Effect.gen(function* () {
      const failure = (code: number) =>
        Effect.gen(function* () {
          const { url } = yield* server(() => code)
          return yield* Effect.flip(sent(url))
        })
      const [lasting, passing] = [yield* failure(554), yield* failure(451)]
      assert(lasting instanceof DeliveryFailed && passing instanceof DeliveryFailed)
      assert.deepStrictEqual([lasting.lasting, passing.lasting], [true, false])
      const gone = yield* Effect.flip(sent("smtp://127.0.0.1:1"))
      assert(gone instanceof DeliveryFailed && !gone.lasting)
      assert.strictEqual((yield* Effect.flip(sent("http://127.0.0.1")))._tag, "InvalidSmtpUrl")
    })
  )
})

const layer = Layer.mergeAll(Inventory.layer.pipe(Layer.provide(layerMemory)), Deliveries.layerMemory)

const shop = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { id: location } = yield* inventory.createLocation({ name: "Shop" })
  const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
  const move = (kind: "receipt" | "sale", quantity: number) =>
    inventory.recordMovements({ lines: [{ kind, product, location, quantity }] })
  yield* move("receipt", 10)
  yield* inventory.setThresholds({ lines: [{ product, location, low: 5, clear: 6 }] })
  return { move, inventory, product, location }
})

/** A look at the real clock's turn, in which what is being sent arrives. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/** Lets time pass, some steps of it, and in each what is being sent arrive: the mail server's clock is the real one. */
const passing = (millis: number) =>
  Effect.gen(function* () {
    const steps = Math.ceil(millis / 4_000)
    for (let step = 0; step < steps; step++) {
      yield* TestClock.adjust(millis / steps)
      do yield* Effect.andThen(turn, TestClock.adjust(0))
      while (sending > 0)
    }
  })

/** How many mails are being sent just now. */
let sending = 0

const writing = (url: string, receivers?: MailReceivers) => {
  const counted = Effect.map(Mailer, (mailer) => ({
    send: (one: Mail) =>
      Effect.suspend(() => {
        sending++
        return Effect.ensuring(
          mailer.send(one),
          Effect.sync(() => sending--)
        )
      })
  }))
  const writer = Effect.flatMap(mailNotices(undefined, receivers), (consumer) => courier(consumer))
  return Effect.forkChild(Effect.provide(writer, Layer.effect(Mailer, counted).pipe(Layer.provide(smtp(url)))), {
    startImmediately: true
  })
}

describe("mail about notifications", () => {
  it.effect("is one mail and one digest when a threshold is crossed a thousand times in an hour", () =>
    Effect.gen(function* () {
      const { url, received } = yield* server()
      const { move } = yield* shop
      yield* writing(url)
      yield* passing(1_000)
      for (let time = 0; time < 1_000; time++) {
        yield* move("sale", 5)
        yield* move("receipt", 5)
        yield* passing(3_500)
      }
      assert.strictEqual(received.length, 1)
      yield* passing(7_200_000)
      assert.deepStrictEqual(
        received.map((one) => one.header("Subject")),
        [
          "Low stock: Mug (MUG) at Shop: 5 piece available, the limit is 5 piece; raised 4 times; resolved since",
          "What came up again: 1 notification"
        ]
      )
      assert.include(received[1]?.text.replaceAll(/\r?\n/g, " "), "raised 996 times; resolved since")
    }).pipe(Effect.provide(layer))
  )

  it.effect("is tried again when the server does not take it, and arrives once", () =>
    Effect.gen(function* () {
      let busy = true
      const { url, received } = yield* server(() => (busy ? 451 : undefined))
      const { move } = yield* shop
      yield* writing(url)
      yield* passing(1_000)
      yield* move("sale", 5)
      yield* passing(20_000)
      const deliveries = yield* Deliveries
      const [waiting] = (yield* deliveries.list({ consumer: "mail" }, firstPage())).items
      assert.deepInclude(waiting, { state: "pending" })
      assert.include(waiting?.error, "not now")
      busy = false
      yield* passing(RETRY_MILLIS[1]! + 1_000)
      yield* passing(3_600_000)
      assert.strictEqual(received.length, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is written by one of two processes, and by the other when that one ends", () =>
    Effect.gen(function* () {
      const { url, received } = yield* server()
      const { move } = yield* shop
      const first = yield* writing(url)
      yield* writing(url)
      yield* passing(1_000)
      yield* move("sale", 5)
      yield* passing(20_000)
      assert.strictEqual(received.length, 1)
      yield* Fiber.interrupt(first)
      yield* move("receipt", 5)
      yield* passing(7_200_000)
      yield* move("sale", 5)
      yield* passing(60_000)
      assert.strictEqual(received.length, 2)
    }).pipe(Effect.provide(layer))
  )

  it.effect("writes of several things that happen together in one mail", () =>
    Effect.gen(function* () {
      const { url, received } = yield* server()
      const { inventory, move } = yield* shop
      yield* writing(url)
      yield* passing(1_000)
      yield* move("sale", 10)
      yield* inventory.raiseNotification({ kind: "failedSync", subject: "pepsico", message: "It did\nnot answer." })
      yield* passing(60_000)
      assert.deepStrictEqual(
        received.map((one) => one.header("Subject")),
        ["3 notifications"]
      )
      const text = received[0]?.text ?? ""
      for (const line of [
        "Low stock: Mug (MUG) at Shop: 0 piece available",
        "Out of stock: Mug",
        "Failed sync: pepsico: It did"
      ])
        assert.include(text, line)
    }).pipe(Effect.provide(layer))
  )
})

describe("mail to users", () => {
  it.effect("goes to whom its location is, to who has them all, and to addresses, each of what is theirs", () =>
    Effect.gen(function* () {
      const { url, received } = yield* server()
      const { inventory, location, product, move } = yield* shop
      const { id: branch } = yield* inventory.createLocation({ name: "Branch" })
      const line = { product, location: branch }
      yield* inventory.recordMovements({ lines: [{ ...line, kind: "receipt", quantity: 10 }] })
      yield* inventory.setThresholds({ lines: [{ ...line, low: 5, clear: 6 }] })
      const user = (name: string, role: string, locations: ReadonlyArray<LocationId> | null) =>
        inventory.registerUser({ email: `${name}@example.com`, name, credential: "-", roles: [role], locations })
      yield* user("admin", "admin", null)
      const atShop = yield* user("shop", "warehouse_manager", [location])
      yield* user("branch", "warehouse_manager", [branch])
      yield* user("both", "warehouse_manager", [location, branch])
      yield* user("buyer", "customer", null)
      yield* writing(url, { roles: ["admin", "warehouse_manager"], addresses: ["ann@example.com"] })
      yield* passing(1_000)

      yield* inventory.recordMovements({ lines: [{ ...line, kind: "sale", quantity: 6 }] })
      yield* passing(20_000)
      const sentTo = () =>
        received.splice(0).map(({ to, header }) => [to.toSorted().join(), header("Subject")] as const)
      const low = "Low stock: Mug (MUG) at"
      const everyone = "admin@example.com,ann@example.com"
      assert.deepStrictEqual(sentTo(), [
        [`${everyone},both@example.com,branch@example.com`, `${low} Branch: 4 piece available, the limit is 5 piece`]
      ])

      // What is about no location is for those who have them all; who may not sign in any more gets nothing.
      yield* inventory.updateUser({ user: atShop.id, expected: "any", active: false })
      yield* user("next", "warehouse_manager", [location])
      yield* inventory.raiseNotification({ kind: "failedSync", subject: "till", message: "" })
      yield* move("sale", 7)
      yield* passing(20_000)
      assert.sameDeepMembers(sentTo(), [
        [everyone, "2 notifications"],
        ["both@example.com,next@example.com", `${low} Shop: 3 piece available, the limit is 5 piece`]
      ])
    }).pipe(Effect.provide(layer))
  )

  it.effect("keeps back no other when a mailbox is refused, and is no mail where nobody is to get it", () =>
    Effect.gen(function* () {
      const { url, received } = yield* server((to) => (to.includes("full@example.com") ? 451 : undefined))
      const { inventory, location, move } = yield* shop
      const roles = ["warehouse_manager"]
      const user = (name: string, locations: ReadonlyArray<LocationId>) =>
        inventory.registerUser({ email: `${name}@example.com`, name, credential: "-", roles, locations })
      const { id: branch } = yield* inventory.createLocation({ name: "Branch" })
      yield* user("full", [location])
      yield* user("open", [location, branch])
      yield* writing(url, { roles, addresses: [] })
      yield* passing(1_000)
      yield* inventory.raiseNotification({ kind: "failedSync", subject: "till", message: "" })
      yield* inventory.raiseNotification({ kind: "badScale", subject: "scale", message: "", location: branch })
      yield* move("sale", 7)
      yield* passing(30_000)
      assert.deepStrictEqual(
        received.map(({ to, header }) => [to.join(), header("Subject")]),
        [["open@example.com", "2 notifications"]]
      )
      const deliveries = yield* Deliveries
      const { items } = yield* deliveries.list({ consumer: "mail" }, firstPage())
      assert.sameDeepMembers(
        items.map(({ target, state }) => [target, state]),
        [
          ["full@example.com", "pending"],
          ["open@example.com", "sent"]
        ]
      )
    }).pipe(Effect.provide(layer))
  )
})

describe("mail to vendors", () => {
  /** A process that writes to vendors, for as long as it is not interrupted. */
  const writingToVendors = (url: string) =>
    Effect.forkChild(
      Effect.provide(
        Effect.flatMap(vendorMails, (consumer) => courier(consumer, { pauseMillis: 5, retryMillis: [10, 10, 10, 10] })),
        smtp(url)
      ),
      { startImmediately: true }
    )
  const potter = { name: "Potter", email: "orders@potter.example" } as const
  const eve = { name: "Eve", role: "Sales", email: "eve@potter.example", phone: "" } as const

  it.live("goes to the person or to the vendor, once, over restarts, repeated requests and refusals", () =>
    Effect.gen(function* () {
      let refusals = 2
      const { url, received, count } = yield* server(() => (refusals-- > 0 ? 451 : undefined))
      const inventory = yield* Inventory
      const { id: vendor } = yield* inventory.createVendor({ ...potter, contacts: [eve] })
      const letter = { vendor, medium: "email", message: "Where are the mugs?\nAnn" } as const
      const first = yield* writingToVendors(url)
      yield* inventory.recordContact({ ...letter, medium: "phone" })
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(first)

      // Nobody sends just now; what is asked for meanwhile is not lost, and asked for again it is one mail.
      const asked = { ...letter, person: "Eve", mail: { subject: "The mugs" } } as const
      const { reply } = yield* inventory.submit("recordContact", asked, { key: "letter-1" })
      assert.deepStrictEqual(reply.mail, { to: "eve@potter.example", subject: "The mugs" })
      assert.isTrue((yield* inventory.submit("recordContact", asked, { key: "letter-1" })).replayed)
      const second = yield* writingToVendors(url)
      yield* Effect.promise(() => count(1))
      yield* Fiber.interrupt(second)
      const third = yield* writingToVendors(url)
      yield* inventory.recordContact({ ...letter, person: "Nobody", mail: { subject: "Again" } })
      yield* Effect.promise(() => count(2))
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(third)
      assert.deepStrictEqual(
        received.map((one) => [one.to.join(), one.header("Subject"), one.header("Auto-Submitted")]),
        [
          ["eve@potter.example", "The mugs", undefined],
          ["orders@potter.example", "Again", undefined]
        ]
      )
      assert.include(received[0]?.text.replaceAll("\r\n", "\n"), "Where are the mugs?\nAnn\n")
      assert.strictEqual(received[0]?.header("Message-ID"), `<${reply.id}@example.com>`)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is refused where nobody could get it, or where something else than a mail is meant", () =>
    Effect.gen(function* () {
      const inventory = yield* Inventory
      const { id: vendor } = yield* inventory.createVendor({ name: "Grower", contacts: [{ ...eve, email: null }] })
      const letter = { vendor, message: "Hello", person: "Eve", mail: { subject: "Hello" } } as const
      const none = yield* Effect.flip(inventory.recordContact({ ...letter, medium: "email" }))
      assert.strictEqual(none._tag, "NotMailable")
      yield* inventory.updateVendor({ vendor, expected: "any", email: "orders@grower.example" })
      assert.strictEqual(
        (yield* inventory.recordContact({ ...letter, medium: "email" })).mail?.to,
        "orders@grower.example"
      )
      const call = yield* Effect.flip(inventory.recordContact({ ...letter, medium: "phone" }))
      assert.strictEqual(call._tag, "NotMailable")
      const injected = { ...letter, medium: "email", mail: { subject: "Hello\r\nBcc: all@example.com" } } as const
      assert.strictEqual((yield* Effect.flip(inventory.recordContact(injected)))._tag, "InvalidCommand")
    }).pipe(Effect.provide(layer))
  )
})
