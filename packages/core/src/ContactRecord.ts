/**
 * The contact history: what was said to whom at a vendor, about which product, and how. It is only ever added to.
 */
import { Result, Schema } from "effect"
import { define } from "./Command.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { put, ref } from "./Row.ts"
import { knownVendor, UnknownVendor, VendorId } from "./Vendor.ts"

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
const Person = Schema.String.check(Schema.isMaxLength(120))

/** `person` is who was spoken to, `actor` who spoke; `contactedAt` is when, as the caller says. */
export const ContactRecord = Schema.Struct({
  id: ContactRecordId,
  ...said,
  person: Schema.NullOr(Person),
  product: Schema.NullOr(ProductId),
  actor: Schema.NullOr(Schema.String),
  contactedAt: Schema.DateTimeUtcFromString,
  recordedAt: Schema.DateTimeUtcFromString,
  version: Schema.Int
}).annotate({ identifier: "ContactRecord" })
export interface ContactRecord extends Schema.Schema.Type<typeof ContactRecord> {}

/** Records a contact with a vendor, an archived one too. When it happened is the command's `occurredAt`. */
export const RecordContact = define("RecordContact", {
  payload: { ...said, person: Schema.optionalKey(Person), product: Schema.optionalKey(ProductId) },
  reply: ContactRecord,
  refusals: [UnknownVendor, UnknownProduct],
  footprint: ({ vendor, product }) => ({
    rows: [ref("vendors", vendor), ...(product === undefined ? [] : [ref("products", product)])]
  }),
  decide: (slice, { person = null, product, ...payload }, context) =>
    Result.gen(function* () {
      yield* knownVendor(slice, payload.vendor)
      if (product !== undefined) yield* knownProduct(slice, product)
      const record: ContactRecord = {
        id: ContactRecordId.make(context.id),
        ...payload,
        person,
        product: product ?? null,
        actor: context.actor,
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
