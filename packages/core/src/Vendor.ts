/**
 * Vendors: who goods are bought from, and the people there. A vendor is never deleted: purchase orders name it.
 */
import { Result, Schema } from "effect"
import { type DecisionContext, define } from "./Command.ts"
import { put, ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { Email } from "./User.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

export const VendorId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("VendorId"))
export type VendorId = typeof VendorId.Type

/** The most people one vendor may have on file: a sales team, not an address book. */
export const MAX_VENDOR_CONTACTS = 50

/** How much more than what was ordered may arrive, in whole percent of the line. */
export const TolerancePercent = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))

const Name = Schema.NonEmptyString.check(Schema.isMaxLength(120))
const Text = (length: number) => Schema.String.check(Schema.isMaxLength(length))
const Phone = Text(40)

/** Somebody to talk to at a vendor. `role` says what they do there. */
export const VendorContact = Schema.Struct({ name: Name, role: Text(120), email: Schema.NullOr(Email), phone: Phone })
export interface VendorContact extends Schema.Schema.Type<typeof VendorContact> {}

const editable = {
  name: Name,
  email: Schema.NullOr(Email),
  phone: Phone,
  address: Text(500),
  contacts: Schema.Array(VendorContact).check(Schema.isMaxLength(MAX_VENDOR_CONTACTS)),
  tolerance: TolerancePercent
}

/** `tolerance` is what purchase orders to this vendor allow to arrive beyond what they ordered, unless they differ. */
export const Vendor = Schema.Struct({
  id: VendorId,
  ...editable,
  status: Schema.Literals(["active", "archived"]),
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Vendor" })
export interface Vendor extends Schema.Schema.Type<typeof Vendor> {}

export class UnknownVendor extends Schema.TaggedError<UnknownVendor>()("UnknownVendor", { vendor: VendorId }) {
  override get message() {
    return `There is no vendor ${this.vendor}; an id that a vendor was created with is accepted`
  }
}

export class VendorInactive extends Schema.TaggedError<VendorInactive>()("VendorInactive", { vendor: VendorId }) {
  override get message() {
    return `Vendor ${this.vendor} is archived; restore it, or name an active vendor`
  }
}

export class VendorExists extends Schema.TaggedError<VendorExists>()("VendorExists", { vendor: VendorId }) {
  override get message() {
    return `There is a vendor ${this.vendor} already; choose another id, or leave it out to have one made`
  }
}

/** The vendor, if it exists. */
export const knownVendor = (slice: Slice, id: VendorId): Result.Result<Vendor, UnknownVendor> => {
  const vendor = slice.row("vendors", id)
  return vendor === undefined ? Result.fail(new UnknownVendor({ vendor: id })) : Result.succeed(vendor)
}

/** The vendor, if it exists and is active. */
export const activeVendor = (slice: Slice, id: VendorId): Result.Result<Vendor, UnknownVendor | VendorInactive> =>
  Result.flatMap(
    knownVendor(slice, id),
    (vendor): Result.Result<Vendor, VendorInactive> =>
      vendor.status === "active" ? Result.succeed(vendor) : Result.fail(new VendorInactive({ vendor: id }))
  )

const optionalFields = {
  email: Schema.optionalKey(editable.email),
  phone: Schema.optionalKey(editable.phone),
  address: Schema.optionalKey(editable.address),
  contacts: Schema.optionalKey(editable.contacts),
  tolerance: Schema.optionalKey(editable.tolerance)
}

/** Creates a vendor; with `id` under the caller's own id, such as a creditor number. */
export const CreateVendor = define("CreateVendor", {
  payload: { id: Schema.optionalKey(VendorId), name: editable.name, ...optionalFields },
  reply: Vendor,
  refusals: [VendorExists],
  footprint: ({ id }) => (id === undefined ? {} : { rows: [ref("vendors", id)] }),
  decide: (slice, payload, context) => {
    const id = payload.id ?? VendorId.make(context.id)
    if (payload.id !== undefined && slice.row("vendors", id) !== undefined)
      return Result.fail(new VendorExists({ vendor: id }))
    const vendor: Vendor = {
      id,
      name: payload.name,
      email: payload.email ?? null,
      phone: payload.phone ?? "",
      address: payload.address ?? "",
      contacts: payload.contacts ?? [],
      tolerance: payload.tolerance ?? 0,
      status: "active",
      version: 1,
      createdAt: context.now,
      updatedAt: context.now
    }
    return Result.succeed({
      reply: vendor,
      rows: [put("vendors", vendor)],
      events: [{ _tag: "VendorCreated", vendor: id }]
    })
  }
})

/** What a change of a vendor answers, writes and tells. */
const written = (before: Vendor, changes: Partial<Vendor>, context: DecisionContext) => {
  const vendor: Vendor = { ...before, ...changes, version: before.version + 1, updatedAt: context.now }
  return {
    reply: vendor,
    rows: [put("vendors", vendor)],
    events: [{ _tag: "VendorUpdated" as const, vendor: vendor.id }]
  }
}

/** Changes the named fields of a vendor and leaves the others. */
export const UpdateVendor = define("UpdateVendor", {
  payload: {
    vendor: VendorId,
    expected: ExpectedVersion,
    name: Schema.optionalKey(editable.name),
    ...optionalFields
  },
  reply: Vendor,
  refusals: [UnknownVendor, StaleVersion],
  footprint: ({ vendor }) => ({ rows: [ref("vendors", vendor)] }),
  decide: (slice, { vendor: id, expected, ...changes }, context) =>
    Result.gen(function* () {
      const before = yield* knownVendor(slice, id)
      yield* checkVersion("vendor", before, expected)
      return written(before, changes, context)
    })
})

/** Archives a vendor, or restores it. What was ordered still arrives; nothing more can be ordered. */
export const ArchiveVendor = define("ArchiveVendor", {
  payload: { vendor: VendorId, expected: ExpectedVersion, archived: Schema.Boolean },
  reply: Vendor,
  refusals: [UnknownVendor, StaleVersion],
  footprint: ({ vendor }) => ({ rows: [ref("vendors", vendor)] }),
  decide: (slice, { vendor: id, expected, archived }, context) =>
    Result.gen(function* () {
      const before = yield* knownVendor(slice, id)
      yield* checkVersion("vendor", before, expected)
      return written(before, { status: archived ? "archived" : "active" }, context)
    })
})
