/**
 * Vendors over HTTP.
 */
import {
  CurrentActor,
  OnhandApi,
  type VendorTermsLine,
  type ContactRecord as WireContactRecord,
  type Vendor as WireVendor,
  type VendorProduct as WireVendorProduct
} from "@onhand/api"
import {
  type ContactRecord,
  Inventory,
  UnknownVendor,
  type Vendor,
  type VendorId,
  type VendorProduct
} from "@onhand/core"
import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { faulty } from "./Faults.ts"
import { answering, bareKey, submitAs } from "./OutwardRefusal.ts"
import {
  changedReply,
  conditional,
  etagOf,
  expectedVersion,
  pageReply,
  pageRequest,
  replayedHeader,
  timestamp
} from "./Replying.ts"
import { ServerSettings } from "./Settings.ts"
import { type Decimals, decimalsOf, eachLine, stepsAbove0, toDecimal, Units } from "./Units.ts"

const vendorReply = (vendor: Vendor): WireVendor => ({
  ...vendor,
  createdAt: timestamp(vendor.createdAt),
  updatedAt: timestamp(vendor.updatedAt)
})

const termsReply = ({ id: _, ...terms }: VendorProduct, decimals: number): WireVendorProduct => ({
  ...terms,
  pack: toDecimal(terms.pack, decimals),
  minimum: toDecimal(terms.minimum, decimals),
  updatedAt: timestamp(terms.updatedAt)
})

const contactReply = ({ version: _, ...record }: ContactRecord): WireContactRecord => ({
  ...record,
  contactedAt: timestamp(record.contactedAt),
  recordedAt: timestamp(record.recordedAt)
})

/** A line of terms with its quantities in steps. */
const termsOf = ({ pack, minimum, ...line }: VendorTermsLine, index: number, decimals: Decimals) =>
  Effect.gen(function* () {
    const digits = decimalsOf(decimals, line.product)
    const steps = (decimal: number, field: string) => stepsAbove0(decimal, digits, `payload.lines.${index}.${field}`)
    return {
      ...line,
      ...(pack === undefined ? {} : { pack: yield* steps(pack, "pack") }),
      ...(minimum === undefined ? {} : { minimum: yield* steps(minimum, "minimum") })
    }
  })

export const layerVendors = HttpApiBuilder.group(
  OnhandApi,
  "vendors",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const units = yield* Units
    const { sendsMail } = yield* ServerSettings

    const vendorOf = (id: VendorId) =>
      Effect.flatMap(answering(inventory.read.vendor(id)), (found) =>
        Effect.mapError(Effect.fromOption(found), () => new UnknownVendor({ vendor: id }))
      )

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { search, status } = query
        const page = yield* answering(inventory.read.vendors({ search, status }, yield* pageRequest(query)))
        return pageReply(page, vendorReply)
      }),
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        const as = { actor: yield* CurrentActor, key: bareKey(headers["idempotency-key"]) }
        const { reply, replayed } = yield* submitAs(inventory, "createVendor", payload, as)
        return changedReply(vendorReply(reply), reply.version, replayed)
      }),
      byId: Effect.fnUntraced(function* ({ params, headers }) {
        const vendor = yield* vendorOf(params.id)
        return conditional(vendorReply(vendor), etagOf(vendor.version), headers["if-none-match"])
      }),
      update: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const as = { actor: yield* CurrentActor, key: bareKey(headers["idempotency-key"]) }
        const target = { vendor: params.id, expected: yield* expectedVersion(headers["if-match"]) }
        const { archived, ...fields } = payload
        if ((archived === undefined) === (Object.keys(fields).length === 0)) {
          return yield* faulty("payload", "Fields to change are accepted, or archived by itself")
        }
        const { reply, replayed } =
          archived === undefined
            ? yield* submitAs(inventory, "updateVendor", { ...target, ...fields }, as)
            : yield* submitAs(inventory, "archiveVendor", { ...target, archived }, as)
        return changedReply(vendorReply(reply), reply.version, replayed)
      }),
      products: Effect.fnUntraced(function* ({ params, query }) {
        yield* vendorOf(params.id)
        const page = yield* answering(inventory.read.vendorProducts({ vendor: params.id }, yield* pageRequest(query)))
        const decimals = yield* units.ofKnown(page.items.map(({ product }) => product))
        return pageReply(page, (terms) => termsReply(terms, decimalsOf(decimals, terms.product)))
      }),
      setProducts: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const as = { actor: yield* CurrentActor, key: bareKey(headers["idempotency-key"]) }
        const decimals = yield* units.of(payload.lines.map(({ product }) => product))
        const lines = yield* eachLine(payload.lines, (line, index) => termsOf(line, index, decimals))
        const command = { vendor: params.id, lines }
        const { reply, replayed } = yield* submitAs(inventory, "setVendorProducts", command, as)
        const items = reply.products.map((terms) => termsReply(terms, decimalsOf(decimals, terms.product)))
        return HttpApiSchema.withHeaders({ body: { items }, headers: replayedHeader(replayed) })
      }),
      contacts: Effect.fnUntraced(function* ({ params, query }) {
        yield* vendorOf(params.id)
        const filter = { vendor: params.id, product: query.product }
        const page = yield* answering(inventory.read.contactHistory(filter, yield* pageRequest(query)))
        return pageReply(page, contactReply)
      }),
      recordContact: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const { occurredAt, ...said } = payload
        if (said.mail !== undefined && !sendsMail) {
          return yield* faulty("payload.mail", "This server sends no mail; a record without one is accepted")
        }
        const as = { actor: yield* CurrentActor, key: bareKey(headers["idempotency-key"]), occurredAt }
        const { reply, replayed } = yield* submitAs(inventory, "recordContact", { ...said, vendor: params.id }, as)
        return HttpApiSchema.withHeaders({ body: contactReply(reply), headers: replayedHeader(replayed) })
      })
    })
  })
)
