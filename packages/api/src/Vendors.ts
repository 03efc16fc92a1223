/**
 * Vendors over HTTP: who goods are bought from, what they sell on which terms, and what was said to them.
 */
import {
  ContactMedium,
  ContactRecord as CoreContactRecord,
  Vendor as CoreVendor,
  VendorProduct as CoreVendorProduct,
  MAX_LINES,
  MailSubject,
  ProductId,
  VendorId
} from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Timestamp, TimestampInput } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
  replayable,
  versionKnown,
  versionRequired,
  writeErrors
} from "./Convention.ts"
import { cursorQuery, listOf } from "./Listing.ts"
import { problems } from "./Problem.ts"

const vendor = CoreVendor.fields
const terms = CoreVendorProduct.fields
const said = CoreContactRecord.fields

export const Vendor = Schema.Struct({ ...vendor, createdAt: Timestamp, updatedAt: Timestamp }).annotate({
  identifier: "VendorEntry"
})
export interface Vendor extends Schema.Schema.Type<typeof Vendor> {}

const optional = {
  email: Schema.optionalKey(vendor.email),
  phone: Schema.optionalKey(vendor.phone),
  address: Schema.optionalKey(vendor.address),
  contacts: Schema.optionalKey(vendor.contacts),
  tolerance: Schema.optionalKey(
    vendor.tolerance.annotate({ description: "How much more than what was ordered may arrive, in percent" })
  )
}

export const NewVendor = Schema.Struct({
  id: Schema.optionalKey(VendorId.annotate({ description: "An id of your own, such as a creditor number" })),
  name: vendor.name,
  ...optional
}).annotate({ identifier: "NewVendor", examples: [{ name: "Potter", email: "orders@potter.example" }] })

/** The fields to change, or `archived` by itself; those left out stay as they are. */
export const VendorChange = Schema.Struct({
  name: Schema.optionalKey(vendor.name),
  ...optional,
  archived: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "VendorChange", examples: [{ tolerance: 10 }] })

/** A product as a vendor sells it: `pack` and `minimum` in the product's unit, `price` for one whole unit. */
export const VendorProduct = Schema.Struct({
  vendor: terms.vendor,
  product: terms.product,
  sku: terms.sku,
  pack: Decimal,
  minimum: Decimal,
  price: terms.price,
  leadTimeDays: terms.leadTimeDays,
  primary: terms.primary,
  status: terms.status,
  version: terms.version,
  updatedAt: Timestamp
}).annotate({ identifier: "VendorProductEntry" })
export interface VendorProduct extends Schema.Schema.Type<typeof VendorProduct> {}

const TermsLine = Schema.Struct({
  product: ProductId,
  sku: Schema.optionalKey(terms.sku),
  pack: Schema.optionalKey(Decimal),
  minimum: Schema.optionalKey(Decimal),
  price: Schema.optionalKey(terms.price),
  leadTimeDays: Schema.optionalKey(terms.leadTimeDays),
  primary: Schema.optionalKey(terms.primary),
  archived: Schema.optionalKey(Schema.Boolean.annotate({ description: "The vendor sells it no more" }))
})
export interface VendorTermsLine extends Schema.Schema.Type<typeof TermsLine> {}

export const VendorTerms = Schema.Struct({
  lines: Schema.NonEmptyArray(TermsLine).check(Schema.isMaxLength(MAX_LINES))
}).annotate({ identifier: "VendorTerms" })

export const ContactRecord = Schema.Struct({
  id: said.id,
  vendor: said.vendor,
  medium: said.medium,
  message: said.message,
  person: said.person,
  product: said.product,
  actor: said.actor,
  mail: said.mail,
  contactedAt: Timestamp,
  recordedAt: Timestamp
}).annotate({ identifier: "ContactRecordEntry" })
export interface ContactRecord extends Schema.Schema.Type<typeof ContactRecord> {}

export const NewContactRecord = Schema.Struct({
  medium: ContactMedium,
  message: said.message,
  person: Schema.optionalKey(Schema.NonEmptyString.check(Schema.isMaxLength(120))),
  product: Schema.optionalKey(ProductId),
  mail: Schema.optionalKey(
    Schema.Struct({ subject: MailSubject }).annotate({
      description:
        "Sends the message as a mail with this subject: to the `person`, if that is the name of one of the vendor's " +
        "contacts with an address, or else to the vendor's own; the medium is `email` then"
    })
  ),
  occurredAt: Schema.optionalKey(TimestampInput)
}).annotate({
  identifier: "NewContactRecord",
  examples: [
    { medium: "phone", person: "Eve", message: "The mugs come on Friday." },
    { medium: "email", person: "Eve", message: "Where are the mugs?", mail: { subject: "The mugs of Friday" } }
  ]
})

const params = { id: VendorId }
const headers = { ...etag, ...replayable }

export class VendorsApi extends HttpApiGroup.make("vendors")
  .add(
    HttpApiEndpoint.get("list", "/vendors", {
      query: {
        ...cursorQuery,
        search: Schema.optionalKey(
          Schema.String.check(Schema.isMaxLength(200)).annotate({ description: "A part of the name, in any case" })
        ),
        status: Schema.optionalKey(vendor.status)
      },
      success: listOf(Vendor),
      error: [problems.InvalidCursor]
    }).annotateMerge(about("stock:write", { summary: "List vendors", description: "By name." })),
    HttpApiEndpoint.post("create", "/vendors", {
      headers: keyAllowed,
      payload: NewVendor,
      success: HttpApiSchema.WithHeaders(Vendor.pipe(HttpApiSchema.status(201)), headers),
      error: [problems.VendorExists, ...writeErrors]
    }).annotateMerge(about("stock:write", { summary: "Create a vendor" })),
    HttpApiEndpoint.get("byId", "/vendors/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(Vendor, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownVendor]
    }).annotateMerge(about("stock:write", { summary: "Get a vendor" })),
    HttpApiEndpoint.patch("update", "/vendors/:id", {
      params,
      headers: { ...versionRequired, ...keyAllowed },
      payload: VendorChange,
      success: HttpApiSchema.WithHeaders(Vendor, headers),
      error: [problems.UnknownVendor, problems.StaleVersion, problems.PreconditionRequired, ...writeErrors]
    }).annotateMerge(about("stock:write", { summary: "Change, archive or restore a vendor" })),
    HttpApiEndpoint.get("products", "/vendors/:id/products", {
      params,
      query: cursorQuery,
      success: listOf(VendorProduct),
      error: [problems.InvalidCursor, problems.UnknownVendor]
    }).annotateMerge(about("stock:write", { summary: "List what a vendor sells, and on which terms" })),
    HttpApiEndpoint.put("setProducts", "/vendors/:id/products", {
      params,
      headers: keyAllowed,
      payload: VendorTerms,
      success: HttpApiSchema.WithHeaders(Schema.Struct({ items: Schema.Array(VendorProduct) }), replayable),
      error: [problems.UnknownVendor, problems.VendorInactive, problems.UnknownProduct, ...writeErrors]
    }).annotateMerge(
      about("stock:write", {
        summary: "Set what a vendor sells",
        description:
          "All lines or none; terms that a line does not name stay. Whoever becomes primary takes that from the other."
      })
    ),
    HttpApiEndpoint.get("contacts", "/vendors/:id/contacts", {
      params,
      query: { ...cursorQuery, product: Schema.optionalKey(ProductId) },
      success: listOf(ContactRecord),
      error: [problems.InvalidCursor, problems.UnknownVendor]
    }).annotateMerge(about("stock:write", { summary: "List what was said to a vendor", description: "Latest first." })),
    HttpApiEndpoint.post("recordContact", "/vendors/:id/contacts", {
      params,
      headers: keyAllowed,
      payload: NewContactRecord,
      success: HttpApiSchema.WithHeaders(ContactRecord.pipe(HttpApiSchema.status(201)), replayable),
      error: [problems.UnknownVendor, problems.UnknownProduct, problems.NotMailable, ...writeErrors]
    }).annotateMerge(
      about("stock:write", {
        summary: "Record what was said to a vendor, or say it",
        description: "With `mail` the message is sent, once; without it the record tells of what was said elsewhere."
      })
    )
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Vendors", description: "Who goods are bought from." })) {}
