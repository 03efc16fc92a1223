/**
 * The vendor mail consumer: sends what was written to vendors, once for each record of the contact history that asks
 * for it.
 */
import { Effect, Option, Schema } from "effect"
import { ContactRecordId } from "./ContactRecord.ts"
import { type Consumer, DeliveryFailed } from "./Courier.ts"
import type { NewDelivery } from "./Delivery.ts"
import { Inventory } from "./Inventory.ts"
import { Mail, Mailer } from "./Mail.ts"

const encodeMail = Schema.encodeSync(Mail)
const decodeMail = Schema.decodeUnknownOption(Mail)

/** Under which name the consumer's place and its deliveries are kept. */
export const VENDOR_MAIL = "vendorMail"

/** The consumer that sends mail to vendors, over the mailer. A delivery's target is its vendor. */
export const vendorMails: Effect.Effect<Consumer, never, Inventory | Mailer> = Effect.gen(function* () {
  const { read } = yield* Inventory
  const mailer = yield* Mailer
  return {
    name: VENDOR_MAIL,
    collect: (events) =>
      Effect.gen(function* () {
        const deliveries: Array<NewDelivery> = []
        for (const { event } of events) {
          if (event._tag !== "VendorContacted") continue
          const record = Option.getOrNull(yield* read.contactRecord(ContactRecordId.make(event.contact)))
          if (!record?.mail) continue
          const { id, vendor, message, mail } = record
          const letter = { id, subject: mail.subject, text: `${message}\n`, to: [mail.to] } as const
          deliveries.push({ id: `${VENDOR_MAIL}-${id}`, target: vendor, body: encodeMail(letter) })
        }
        return { deliveries }
      }),
    send: ({ body }) =>
      Option.match(decodeMail(body), {
        onNone: () => Effect.fail(new DeliveryFailed({ reason: "This is no mail", lasting: true })),
        onSome: mailer.send
      })
  }
})
