/**
 * The contact history: what was said to whom at a vendor, about which product, and how. It is only ever added to.
 */
import { Result, Schema } from "effect"
import { define } from "./Command.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { put, ref } from "./Row.ts"
import { Email } from "./User.ts"
import { knownVendor, UnknownVendor, type Vendor, VendorId } from "./Vendor.ts"

export const ContactRecordId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("ContactRecordId"))
export type ContactRecordId = typeof ContactRecordId.Type

/** The ways in which a vendor is spoken to. */
export const contactMedia = ["email", "phone", "inPerson"] as const
export const ContactMedium = Schema.Literals(contactMedia)
export type ContactMedium = typeof ContactMedium.Type

const said = {
  vendor: VendorId,
  medium: ContactMedium,
  message: Schema.NonEmptyString.check(Schema.isMaxLength(10_000))
}
/** What stands above a mail: one line. */
export const MailSubject = Schema.String.check(Schema.isPattern(/^[^\p{Cc}]{1,200}$/u))

/** A mail that was asked for with a record, and to whom it goes. */
export const ContactMail = Schema.Struct({ to: Email, subject: MailSubject })

const Person = Schema.String.check(Schema.isMaxLength(120))

/**
 * `person` is who was spoken to, `actor` who spoke; `contactedAt` is when, as the caller says. `mail` is the mail that
 * the message was sent as; null where the record only tells of what was said elsewhere.
 */
export const ContactRecord = Schema.Struct({
  id: ContactRecordId,
  ...said,
  person: Schema.NullOr(Person),
  product: Schema.NullOr(ProductId),
  actor: Schema.NullOr(Schema.String),
  mail: Schema.NullOr(ContactMail),
  contactedAt: Schema.DateTimeUtcFromString,
  recordedAt: Schema.DateTimeUtcFromString,
  version: Schema.Int
}).annotate({ identifier: "ContactRecord" })
export interface ContactRecord extends Schema.Schema.Type<typeof ContactRecord> {}

/** There is nobody to send the mail to, or what was said was said in another way. */
export class NotMailable extends Schema.TaggedError<NotMailable>()("NotMailable", {
  vendor: VendorId,
  accepted: Schema.String
}) {
  override get message() {
    return `No mail can be sent to vendor ${this.vendor} with this; ${this.accepted} is accepted`
  }
}

/**
 * The address of a person at a vendor, or else the vendor's own. A mail goes to nobody else, so that who may write to
 * vendors cannot write to the world.
 */
const addressOf = ({ email, contacts }: Vendor, person: string | null): string | null =>
  contacts.find(({ name, email }) => name === person && email !== null)?.email ?? email

/**
 * Records a contact with a vendor, an archived one too. When it happened is the command's `occurredAt`. With `mail` the
 * message is also sent, by whatever process writes mail: to the person of this name among the vendor's contacts, or
 * else to the vendor's own address.
 */
export const RecordContact = define("RecordContact", {
  payload: {
    ...said,
    person: Schema.optionalKey(Person),
    product: Schema.optionalKey(ProductId),
    mail: Schema.optionalKey(Schema.Struct({ subject: MailSubject }))
  },
  reply: ContactRecord,
  refusals: [UnknownVendor, UnknownProduct, NotMailable],
  footprint: ({ vendor, product }) => ({
    rows: [ref("vendors", vendor), ...(product === undefined ? [] : [ref("products", product)])]
  }),
  decide: (slice, { person = null, product, mail, ...payload }, context) =>
    Result.gen(function* () {
      const vendor = yield* knownVendor(slice, payload.vendor)
      const refused = (accepted: string) => Result.fail(new NotMailable({ vendor: vendor.id, accepted }))
      if (mail !== undefined && payload.medium !== "email") return yield* refused("the medium email")
      const to = mail === undefined ? null : addressOf(vendor, person)
      if (mail !== undefined && to === null) return yield* refused("a vendor or a contact of it that has an address")
      if (product !== undefined) yield* knownProduct(slice, product)
      const record: ContactRecord = {
        id: ContactRecordId.make(context.id),
        ...payload,
        person,
        product: product ?? null,
        actor: context.actor,
        mail: mail === undefined || to === null ? null : { to, subject: mail.subject },
        contactedAt: context.occurredAt,
        recordedAt: context.now,
        version: 1
      }
      return {
        reply: record,
        rows: [put("contactRecords", record)],
        events: [{ _tag: "VendorContacted" as const, vendor: record.vendor, contact: record.id }]
      }
    })
})
