/**
 * Products over HTTP.
 */
import {
  CurrentActor,
  type ListedProduct,
  type LocationStock,
  type NewProduct,
  OnhandApi,
  type ProductChange,
  UnknownCode,
  type Product as WireProduct
} from "@onhand/api"
import {
  enteredSteps,
  Inventory,
  type Level,
  LotTrackingFixed,
  type Product,
  type StockedProduct,
  UnitFixed,
  UnknownProduct,
  unitOfBarcode
} from "@onhand/core"
import { Effect, Option, Result, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { faulty } from "./Faults.ts"
import { markOf } from "./Freshness.ts"
import { KeptReplies } from "./KeptReplies.ts"
import { answering, bareKey, requiredKey, submitAs } from "./OutwardRefusal.ts"
import { exportedProducts } from "./ProductExport.ts"
import { importProducts } from "./ProductImport.ts"
import { ProductReads } from "./ProductReads.ts"
import {
  changedReply,
  etagOf,
  expectedVersion,
  jsonReply,
  keptReply,
  moneyOf,
  moneyReply,
  pageReply,
  pageRequest,
  replayedHeader,
  textReply,
  timestamp
} from "./Replying.ts"
import { ShortWay } from "./ShortWay.ts"
import { toDecimal, Units } from "./Units.ts"

export const productReply = (product: Product): WireProduct => ({
  id: product.id,
  sku: product.sku,
  barcodes: product.barcodes,
  packs: product.packs,
  name: product.name,
  description: product.description,
  category: product.category,
  metadata: product.metadata,
  price: product.price && moneyReply(product.price),
  unit: product.unit,
  lotTracked: product.lotTracked,
  status: product.status,
  version: product.version,
  createdAt: timestamp(product.createdAt),
  updatedAt: timestamp(product.updatedAt)
})

const listedReply = ({ product, onHand, available }: Omit<StockedProduct, "held">): ListedProduct => ({
  ...productReply(product),
  onHand: toDecimal(onHand, product.unit.decimals),
  available: toDecimal(available, product.unit.decimals)
})

/** A level on the wire, in a unit with so many decimals. */
export const levelReply = (level: Level, decimals: number): LocationStock => ({
  location: level.location,
  onHand: toDecimal(level.onHand, decimals),
  available: toDecimal(level.available, decimals),
  sellable: toDecimal(level.sellable, decimals),
  qualityControl: toDecimal(level.qualityControl, decimals),
  damaged: toDecimal(level.damaged, decimals),
  quarantine: toDecimal(level.quarantine, decimals),
  held: toDecimal(level.held, decimals),
  committed: toDecimal(level.committed, decimals),
  blocked: toDecimal(level.blocked, decimals),
  incoming: toDecimal(level.incoming, decimals)
})

/** What one of a unit is, in the product's own. */
const oneOf = (product: Product, unit: string) => {
  const steps = enteredSteps(product, { unit, quantity: "1" })
  return { unit, quantity: Result.isSuccess(steps) ? toDecimal(steps.success, product.unit.decimals) : null }
}

const stockedReply = (product: Product, levels: ReadonlyArray<Level>) => {
  const { decimals } = product.unit
  let onHand = 0
  let available = 0
  for (const level of levels) {
    onHand += level.onHand
    // What one location owes takes nothing away from another.
    available += Math.max(0, level.available)
  }
  return {
    ...listedReply({ product, onHand, available }),
    stock: levels.map((level) => levelReply(level, decimals))
  }
}

/** What tells apart two states of the stock under one version of the product: FNV-1a over its numbers. */
const stockMark = (levels: ReadonlyArray<Level>): string => {
  let hash = 0x811c9dc5
  for (const level of levels) {
    const { onHand, sellable, damaged, quarantine, held, committed, blocked, incoming } = level
    for (const part of [onHand, sellable, damaged, quarantine, held, committed, blocked, incoming]) {
      hash = Math.imul(hash ^ (part | 0), 0x01000193)
      hash = Math.imul(hash ^ Math.floor(part / 2 ** 32), 0x01000193)
    }
  }
  return `-${(hash >>> 0).toString(36)}`
}

/** Whether a product's stock is what it is until something happens: a hold lapses by itself, and a lot expires. */
const isLasting = ({ product, held }: Pick<StockedProduct, "product" | "held">): boolean =>
  held === 0 && !product.lotTracked

/** The price of a payload in minor units, if it has one. */
const pricedPayload = <P extends Pick<NewProduct | ProductChange, "price">>({ price, ...fields }: P) =>
  price === undefined || price === null
    ? Effect.succeed({ ...fields, ...(price === null ? { price } : {}) })
    : Effect.map(moneyOf(price, "payload.price"), (exact) => ({ ...fields, price: exact }))

export const layerProducts = HttpApiBuilder.group(
  OnhandApi,
  "products",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const units = yield* Units
    const kept = yield* KeptReplies
    const reads = yield* ProductReads
    const shortWay = yield* ShortWay

    const list = shortWay.take(
      OnhandApi.groups.products.endpoints.list,
      Effect.fnUntraced(function* ({ query, headers }) {
        const { search, category, status = "active", sort_by: sort } = query
        const filter = { search, category, sort, status: status === "any" ? undefined : status }
        const request = yield* pageRequest(query)
        const read = Effect.map(answering(inventory.read.products(filter, request)), (page) => {
          const text = JSON.stringify(pageReply(page, listedReply))
          return {
            ...textReply(text, `"${markOf(text)}"`),
            products: new Set(page.items.map(({ product }) => product.id)),
            // In the order of stock, even a product that is not in the page may come into it.
            lasts: sort?.startsWith("stock") !== true && page.items.every(isLasting)
          }
        })
        const reply = yield* kept.replyTo({ _tag: "Page", name: JSON.stringify([filter, request]) }, read)
        return keptReply(reply, headers["if-none-match"])
      })
    )

    const byId = shortWay.take(
      OnhandApi.groups.products.endpoints.byId,
      Effect.fnUntraced(function* ({ params: { id }, headers }) {
        const read = Effect.gen(function* () {
          const found = yield* answering(reads.get(id))
          if (Option.isNone(found)) return yield* new UnknownProduct({ product: id })
          const { product, levels } = found.value
          units.learn(product)
          const etag = etagOf(product.version, stockMark(levels))
          return {
            reply: jsonReply(stockedReply(product, levels), { etag }),
            etag,
            products: new Set([id]),
            lasts: levels.every(({ held }) => isLasting({ product, held }))
          }
        })
        return keptReply(yield* kept.replyTo({ _tag: "Product", product: id }, read), headers["if-none-match"])
      })
    )

    return handlers.handleAll({
      list,
      create: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const product = yield* pricedPayload(payload)
        const key = bareKey(headers["idempotency-key"])
        const { reply, replayed } = yield* submitAs(inventory, "createProduct", product, { actor, key })
        units.learn(reply)
        return changedReply(productReply(reply), reply.version, replayed)
      }),
      byId,
      lookup: Effect.fnUntraced(function* ({ query: { barcode, sku } }) {
        const code = barcode ?? sku
        if (code === undefined || (barcode !== undefined && sku !== undefined)) {
          return yield* faulty("query.barcode", "Either a barcode or a sku is accepted")
        }
        const field = barcode === undefined ? "sku" : "barcode"
        const found = yield* answering(inventory.read.productByCode(field, code))
        if (Option.isNone(found)) return yield* new UnknownCode({ field, code })
        const stocked = yield* answering(reads.get(found.value.id))
        if (Option.isNone(stocked)) return yield* new UnknownCode({ field, code })
        const { product, levels } = stocked.value
        const headers = { etag: etagOf(product.version, stockMark(levels)) }
        const unit = barcode === undefined ? product.unit.name : unitOfBarcode(product, barcode)
        return HttpApiSchema.withHeaders({
          body: { ...stockedReply(product, levels), scanned: oneOf(product, unit) },
          headers
        })
      }),
      export: Effect.fnUntraced(function* ({ query: { search, category, status = "active" } }) {
        const filter = { search, category, status: status === "any" ? undefined : status }
        return HttpServerResponse.stream(exportedProducts(inventory, filter).pipe(Stream.encodeText), {
          contentType: "text/csv; charset=utf-8",
          headers: { "content-disposition": 'attachment; filename="products.csv"' }
        })
      }),
      replace: Effect.fnUntraced(function* ({ params: { id }, headers, payload }) {
        const as = { actor: yield* CurrentActor, key: bareKey(headers["idempotency-key"]) }
        const expected = yield* expectedVersion(headers["if-match"])
        const { unit, lotTracked, ...fields } = payload
        const found = yield* answering(inventory.read.product(id))
        if (Option.isNone(found)) return yield* new UnknownProduct({ product: id })
        const { unit: fixed } = found.value
        if (unit !== undefined && (unit.name !== fixed.name || unit.decimals !== fixed.decimals)) {
          return yield* new UnitFixed({ product: id, unit: fixed })
        }
        if (lotTracked !== undefined && lotTracked !== found.value.lotTracked) {
          return yield* new LotTrackingFixed({ product: id, lotTracked: found.value.lotTracked })
        }
        const empty = { barcodes: [], packs: [], description: "", category: "", metadata: {}, price: null }
        const command = { product: id, expected, ...empty, ...(yield* pricedPayload(fields)) }
        const { reply, replayed } = yield* submitAs(inventory, "updateProduct", command, as)
        return changedReply(productReply(reply), reply.version, replayed)
      }),
      update: Effect.fnUntraced(function* ({ params, headers, payload }) {
        const as = { actor: yield* CurrentActor, key: bareKey(headers["idempotency-key"]) }
        const expected = yield* expectedVersion(headers["if-match"])
        const { archived, ...fields } = payload
        const others = Object.keys(fields).length
        if ((archived === undefined) === (others === 0)) {
          return yield* faulty("payload", "Fields to change are accepted, or archived by itself")
        }
        const target = { product: params.id, expected }
        const { reply, replayed } =
          archived === undefined
            ? yield* submitAs(inventory, "updateProduct", { ...target, ...(yield* pricedPayload(fields)) }, as)
            : yield* submitAs(inventory, "archiveProduct", { ...target, archived }, as)
        return changedReply(productReply(reply), reply.version, replayed)
      }),
      archive: Effect.fnUntraced(function* ({ params, headers }) {
        const as = { actor: yield* CurrentActor, key: bareKey(headers["idempotency-key"]) }
        const target = { product: params.id, expected: yield* expectedVersion(headers["if-match"]), archived: true }
        const { reply, replayed } = yield* submitAs(inventory, "archiveProduct", target, as)
        return changedReply(productReply(reply), reply.version, replayed)
      }),
      import: Effect.fnUntraced(function* ({ headers, payload }) {
        const actor = yield* CurrentActor
        const key = yield* requiredKey(headers["idempotency-key"])
        const { result, replayed } = yield* importProducts(inventory, payload, { actor, key })
        return HttpApiSchema.withHeaders({ body: result, headers: replayedHeader(replayed) })
      }),
      categories: () => Effect.map(answering(inventory.read.categories), (items) => ({ items }))
    })
  })
)
