// What was said to a vendor is kept as it was said; a mail goes to a person there or to the vendor, and to nobody else.
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { type ContactRecord, Inventory, layerMemory, NotMailable, ProductId, VendorId } from "../src/index.ts"

const Live = Inventory.layer.pipe(Layer.provide(layerMemory))

const [potter, weaver] = ["potter", "weaver"].map((id) => VendorId.make(id)) as [VendorId, VendorId]

/** A potter with an address of its own and one of Eve's, and a weaver with one of Kim's alone. */
const given = Effect.gen(function* () {
  const inventory = yield* Inventory
  const person = (name: string, email: string | null) => ({ name, role: "sales", email, phone: "" })
  const contacts = [person("Bob", null), person("Eve", null), person("Eve", "eve@pots.example")]
  yield* inventory.createVendor({ id: potter, name: "Potter", email: "hello@pots.example", contacts })
  yield* inventory.createVendor({ id: weaver, name: "Weaver", contacts: [person("Kim", "kim@cloth.example")] })
  const mail = (vendor: VendorId, person?: string) =>
    inventory.recordContact({
      ...{ vendor, medium: "email", message: "Your prices, please.", mail: { subject: "Prices" } },
      ...(person === undefined ? {} : { person })
    })
  return { inventory, mail }
})

describe("a mail to a vendor", () => {
  it.effect.each([
    ["the vendor, where nobody is named", potter, undefined, "hello@pots.example"],
    ["the person who is named", potter, "Eve", "eve@pots.example"],
    ["the vendor, where the person has no address", potter, "Bob", "hello@pots.example"],
    ["the vendor, where nobody there has this name", potter, "Zoe", "hello@pots.example"],
    ["a person of a vendor that has no address", weaver, "Kim", "kim@cloth.example"]
  ] as const)("goes to %s", ([, vendor, person, to]) =>
    Effect.gen(function* () {
      const { mail } = yield* given
      assert.deepStrictEqual((yield* mail(vendor, person)).mail, { to, subject: "Prices" })
    }).pipe(Effect.provide(Live))
  )

  it.effect("is refused where nobody has an address, and where it is no mail", () =>
    Effect.gen(function* () {
      const { inventory, mail } = yield* given
      const accepted = "a vendor or a contact of it that has an address"
      for (const person of [undefined, "Eve"])
        assert.deepStrictEqual(yield* Effect.flip(mail(weaver, person)), new NotMailable({ vendor: weaver, accepted }))
      const call = { vendor: potter, medium: "phone", message: "Hello.", mail: { subject: "Hello" } } as const
      const refused = yield* Effect.flip(inventory.recordContact(call))
      assert.deepStrictEqual(refused, new NotMailable({ vendor: potter, accepted: "the medium email" }))
    }).pipe(Effect.provide(Live))
  )
})

describe("a contact", () => {
  it.effect("is kept as it was said, with who, when and about what, and whether it was mailed", () =>
    Effect.gen(function* () {
      const { inventory } = yield* given
      const { id: product } = yield* inventory.createProduct({ sku: "MUG", name: "Mug" })
      yield* TestClock.adjust("2 days")
      const recordedAt = yield* DateTime.now
      const contactedAt = DateTime.subtract(recordedAt, { days: 1 })
      const said = { vendor: potter, medium: "email", message: "When do they come?", person: "Eve", product } as const
      const { reply } = yield* inventory.submit("recordContact", said, { actor: "ann", occurredAt: contactedAt })
      const kept = { id: reply.id, actor: "ann", mail: null, contactedAt, recordedAt, version: 1 }
      assert.deepStrictEqual<ContactRecord>(reply, { ...said, ...kept })
      const nobody = yield* Effect.flip(inventory.recordContact({ ...said, vendor: VendorId.make("none") }))
      assert.strictEqual(nobody._tag, "UnknownVendor")
      const nothing = yield* Effect.flip(inventory.recordContact({ ...said, product: ProductId.make("none") }))
      assert.strictEqual(nothing._tag, "UnknownProduct")
    }).pipe(Effect.provide(Live))
  )
})
