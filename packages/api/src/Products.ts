/**
 * Products over HTTP: the catalogue, with what is in stock of it.
 */
import { Product as CoreProduct, LocationId, ProductId, ProductSort } from "@onhand/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Decimal, Money, Timestamp } from "./Amount.ts"
import {
  Authorization,
  about,
  etag,
  keyAllowed,
  keyRequired,
  replayable,
  versionKnown,
  versionRequired,
  writeErrors
} from "./Convention.ts"
import { listOf, pagedQuery } from "./Listing.ts"
import { problems } from "./Problem.ts"
import { Fault } from "./Refusal.ts"

const core = CoreProduct.fields

/** The most rows of one import; a larger file is sent in parts. */
export const MAX_IMPORT_ROWS = 10_000

/** The largest body of an import: some 400 bytes a row. */
export const MAX_IMPORT_BYTES = 4 * 1024 * 1024

const example = {
  sku: "MUG-BLUE",
  name: "Blue mug",
  category: "Kitchen",
  barcodes: ["4006381333931"],
  price: { amount: "9.50", currency: "USD" }
}

/** A product as the catalogue keeps it. */
export const Product = Schema.Struct({
  id: ProductId,
  sku: core.sku,
  barcodes: core.barcodes,
  packs: core.packs,
  name: core.name,
  description: core.description,
  category: core.category,
  metadata: core.metadata,
  price: Schema.NullOr(Money),
  unit: core.unit,
  lotTracked: Schema.Boolean,
  status: core.status,
  version: Schema.Int,
  createdAt: Timestamp,
  updatedAt: Timestamp
}).annotate({ identifier: "CatalogueProduct" })
export interface Product extends Schema.Schema.Type<typeof Product> {}

/** A product with its stock over all locations. */
export const ListedProduct = Schema.Struct({ ...Product.fields, onHand: Decimal, available: Decimal }).annotate({
  identifier: "ListedProduct"
})
export interface ListedProduct extends Schema.Schema.Type<typeof ListedProduct> {}

/**
 * What is at one location: by condition; what of the sellable is held or committed, or blocked because its lot has
 * expired or was recalled; and what is on its way there.
 */
export const LocationStock = Schema.Struct({
  location: LocationId,
  onHand: Decimal,
  available: Decimal,
  sellable: Decimal,
  qualityControl: Decimal,
  damaged: Decimal,
  quarantine: Decimal,
  held: Decimal,
  committed: Decimal,
  blocked: Decimal,
  incoming: Decimal
}).annotate({ identifier: "LocationStock" })
export interface LocationStock extends Schema.Schema.Type<typeof LocationStock> {}

/** A product with its stock at each location that ever had some. */
export const StockedProduct = Schema.Struct({ ...ListedProduct.fields, stock: Schema.Array(LocationStock) }).annotate({
  identifier: "StockedProduct"
})
export interface StockedProduct extends Schema.Schema.Type<typeof StockedProduct> {}

/** A product that was found by a code, and what one of what has the code is. */
export const FoundProduct = Schema.Struct({
  ...StockedProduct.fields,
  scanned: Schema.Struct({
    unit: core.unit.fields.name.annotate({ description: "The pack that the code is on, or the product's own unit" }),
    quantity: Schema.NullOr(Decimal).annotate({
      description: "How much one of it is, in the product's own unit; null where that has no end, such as a third"
    })
  })
}).annotate({ identifier: "FoundProduct" })

const optional = {
  barcodes: Schema.optionalKey(core.barcodes),
  packs: Schema.optionalKey(
    core.packs.annotate({
      description:
        "Units beside the product's own: `per` of them are exactly `steps` of its smallest steps. Who scans one of " +
        "the barcodes of a pack has one pack in hand"
    })
  ),
  description: Schema.optionalKey(core.description),
  category: Schema.optionalKey(core.category),
  metadata: Schema.optionalKey(core.metadata),
  price: Schema.optionalKey(Schema.NullOr(Money))
}

const creatable = {
  sku: core.sku,
  name: core.name,
  ...optional,
  unit: Schema.optionalKey(core.unit),
  lotTracked: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Whether its stock is counted by lots; it is not when left out" })
  )
}

export const NewProduct = Schema.Struct({ id: Schema.optionalKey(ProductId), ...creatable }).annotate({
  identifier: "NewProduct",
  examples: [example]
})
export interface NewProduct extends Schema.Schema.Type<typeof NewProduct> {}

/** The fields to change; those left out stay as they are. `archived: false` brings an archived product back. */
export const ProductChange = Schema.Struct({
  sku: Schema.optionalKey(core.sku),
  name: Schema.optionalKey(core.name),
  ...optional,
  archived: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "ProductChange", examples: [{ price: { amount: "8.90", currency: "USD" } }] })
export interface ProductChange extends Schema.Schema.Type<typeof ProductChange> {}

/** All of a product: what is left out is empty, as when it is created. Its unit never changes. */
export const ProductReplacement = Schema.Struct(creatable).annotate({
  identifier: "ProductReplacement",
  examples: [example]
})

/** One row of an import: the product with this SKU is created, or changed where it differs, or left. */
export const ProductRow = Schema.Struct(creatable).annotate({ identifier: "ProductRow", examples: [example] })
export interface ProductRow extends Schema.Schema.Type<typeof ProductRow> {}

/** Rows as JSON. Each is checked by itself, so that a wrong one is reported by its number and the others pass. */
export const ProductRows = Schema.Struct({
  rows: Schema.Array(Schema.Record(Schema.String, Schema.Json)).check(Schema.isMaxLength(MAX_IMPORT_ROWS))
}).annotate({ identifier: "ProductRows", examples: [{ rows: [example] }] })

export const ProductCsv = Schema.String.annotate({
  description:
    "A table with a header row: sku and name, and any of description, category, barcodes (separated by `|`), price, " +
    "currency, unit, decimals, packs",
  examples: ["sku,name,price,currency\nMUG-BLUE,Blue mug,9.50,USD\n"]
}).pipe(HttpApiSchema.asText({ contentType: "text/csv" }))

/** What became of a row. `row` counts the rows of data from 1, without the header. */
export const ImportedRow = Schema.Struct({
  row: Schema.Int,
  sku: Schema.NullOr(Schema.String),
  outcome: Schema.Literals(["created", "updated", "unchanged", "refused"]),
  product: Schema.optionalKey(ProductId),
  problem: Schema.optionalKey(Schema.Struct({ type: Schema.String, detail: Schema.String })),
  faults: Schema.optionalKey(Schema.Array(Fault))
}).annotate({ identifier: "ImportedRow" })
export interface ImportedRow extends Schema.Schema.Type<typeof ImportedRow> {}

export const ImportResult = Schema.Struct({
  created: Schema.Int,
  updated: Schema.Int,
  unchanged: Schema.Int,
  refused: Schema.Int,
  rows: Schema.Array(ImportedRow)
}).annotate({ identifier: "ImportResult" })
export interface ImportResult extends Schema.Schema.Type<typeof ImportResult> {}

/** Which products of a list are wanted. */
const wanted = {
  search: Schema.optionalKey(
    Schema.String.check(Schema.isMaxLength(200)).annotate({
      description:
        "Looks into name, SKU, barcodes, description and category. Where nothing has the text, the products that " +
        "look most like it are listed, on one page"
    })
  ),
  category: Schema.optionalKey(core.category),
  status: Schema.optionalKey(
    Schema.Literals(["active", "archived", "any"]).annotate({ description: "Active ones when left out" })
  )
}

const params = { id: ProductId }
const created = HttpApiSchema.WithHeaders(Product.pipe(HttpApiSchema.status(201)), { ...etag, ...replayable })
const changed = HttpApiSchema.WithHeaders(Product, { ...etag, ...replayable })
const versioned = [
  problems.UnknownProduct,
  problems.StaleVersion,
  problems.PreconditionRequired,
  ...writeErrors
] as const

export class ProductsApi extends HttpApiGroup.make("products")
  .add(
    HttpApiEndpoint.get("list", "/products", {
      headers: versionKnown,
      query: {
        ...pagedQuery,
        ...wanted,
        sort_by: Schema.optionalKey(
          ProductSort.annotate({
            description:
              "By name when left out, or by relevance where something is searched for: the product with that SKU or " +
              "barcode, names that begin with the text, names that have it, and then the others"
          })
        )
      },
      success: listOf(ListedProduct),
      error: [problems.InvalidCursor, problems.Unavailable]
    }).annotateMerge(
      about("catalogue:read", {
        summary: "List products",
        description: "Searches, filters and sorts the catalogue; each product comes with its stock over all locations."
      })
    ),
    HttpApiEndpoint.post("create", "/products", {
      headers: keyAllowed,
      payload: NewProduct,
      success: created,
      error: [problems.ProductExists, problems.CodeTaken, ...writeErrors]
    }).annotateMerge(
      about("catalogue:write", {
        summary: "Create a product",
        description:
          "Its unit of measure, and whether it has lots, stay as they are then; without a unit it is counted in pieces."
      })
    ),
    HttpApiEndpoint.get("byId", "/products/:id", {
      params,
      headers: versionKnown,
      success: [HttpApiSchema.WithHeaders(StockedProduct, etag), HttpApiSchema.Empty(304)],
      error: [problems.UnknownProduct, problems.Unavailable]
    }).annotateMerge(
      about("catalogue:read", {
        summary: "Get a product",
        description:
          "With its stock at each location. The ETag begins with the product's version, so that If-Match takes it."
      })
    ),
    HttpApiEndpoint.get("lookup", "/products/lookup", {
      query: { barcode: Schema.optionalKey(core.sku), sku: Schema.optionalKey(core.sku) },
      success: HttpApiSchema.WithHeaders(FoundProduct, etag),
      error: [problems.UnknownCode, problems.Unavailable]
    }).annotateMerge(
      about("catalogue:read", {
        summary: "Find the product with a barcode or SKU",
        description:
          "The whole code, as a scanner reads it; one of the two is given. With its stock at each location, and with " +
          "what is in hand: whoever scanned the barcode of a case has a case of it, not a piece."
      })
    ),
    HttpApiEndpoint.get("export", "/products/export", {
      query: wanted,
      success: HttpApiSchema.StreamUint8Array({ contentType: "text/csv" }),
      error: [problems.Unavailable]
    }).annotateMerge(
      about("catalogue:read", {
        summary: "Export products",
        description:
          "As CSV in the columns that an import takes, the oldest first, however many there are. Cells that a " +
          "spreadsheet would take for formulas begin with an apostrophe, which an import leaves out again."
      })
    ),
    HttpApiEndpoint.put("replace", "/products/:id", {
      params,
      headers: { ...versionRequired, ...keyAllowed },
      payload: ProductReplacement,
      success: changed,
      error: [...versioned, problems.CodeTaken, problems.UnitFixed, problems.LotTrackingFixed]
    }).annotateMerge(
      about("catalogue:write", {
        summary: "Replace a product",
        description: "Fields that are left out become empty; the unit, and whether it has lots, never change."
      })
    ),
    HttpApiEndpoint.patch("update", "/products/:id", {
      params,
      headers: { ...versionRequired, ...keyAllowed },
      payload: ProductChange,
      success: changed,
      error: [...versioned, problems.CodeTaken]
    }).annotateMerge(
      about("catalogue:write", {
        summary: "Change a product",
        description: "Fields that are left out stay as they are."
      })
    ),
    HttpApiEndpoint.delete("archive", "/products/:id", {
      params,
      headers: { ...versionRequired, ...keyAllowed },
      success: changed,
      error: versioned
    }).annotateMerge(
      about("catalogue:write", {
        summary: "Archive a product",
        description: "Its history, codes and remaining stock stay; it cannot be received or sold any more."
      })
    ),
    HttpApiEndpoint.post("import", "/products/import", {
      headers: keyRequired,
      payload: [ProductRows, ProductCsv],
      success: HttpApiSchema.WithHeaders(ImportResult, replayable),
      error: writeErrors
    }).annotateMerge(
      about("catalogue:write", {
        summary: "Import products",
        description:
          `Up to ${MAX_IMPORT_ROWS} rows, as JSON or CSV, each with its own result. ` +
          "Importing the same file again changes nothing."
      })
    ),
    HttpApiEndpoint.get("categories", "/categories", {
      success: Schema.Struct({ items: Schema.Array(Schema.String) }),
      error: [problems.Unavailable]
    }).annotateMerge(about("catalogue:read", { summary: "List the categories in use" }))
  )
  .middleware(Authorization)
  .prefix("/api/v1")
  .annotateMerge(OpenApi.annotations({ title: "Products", description: "The catalogue." })) {}
