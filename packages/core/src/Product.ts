/**
 * Products: what is sold, how it is counted, and what it costs the customer.
 */
import { Result, Schema } from "effect"
import { type DecisionContext, define, type Footprint } from "./Command.ts"
import { Price } from "./Money.ts"
import { Pack } from "./Pack.ts"
import { piece, UnitOfMeasure } from "./Quantity.ts"
import { put, putName, type RowChange, ref, removeName } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

export const ProductId = Schema.NonEmptyString.check(Schema.isMaxLength(64)).pipe(Schema.brand("ProductId"))
export type ProductId = typeof ProductId.Type

/** The most barcodes one product may carry: its own, its packs', and those of past packagings. */
export const MAX_BARCODES = 20

// Codes are typed and scanned: visible characters only, so that two codes that look alike are alike.
const Code = Schema.String.check(Schema.isPattern(/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/))

export const Sku = Code.annotate({ description: "A stock-keeping unit: 1 to 64 visible ASCII characters" })
const Text = (length: number) => Schema.String.check(Schema.isMaxLength(length))

/** The most packs of one product. */
export const MAX_PACKS = 10

/** A pack of a product, and the barcodes on it: who scans one of them has one pack in hand. */
export const ProductPack = Schema.Struct({
  ...Pack.fields,
  barcodes: Schema.Array(Code).check(Schema.isMaxLength(5))
})
export interface ProductPack extends Schema.Schema.Type<typeof ProductPack> {}

const isEachOnce = (names: ReadonlyArray<string>) => new Set(names).size === names.length

const Packs = Schema.Array(ProductPack).check(
  Schema.isMaxLength(MAX_PACKS),
  Schema.makeFilter(
    (packs) => isEachOnce(packs.map(({ unit }) => unit)) || "each pack of a product has a name of its own"
  ),
  Schema.makeFilter(
    (packs) => isEachOnce(packs.flatMap(({ barcodes }) => barcodes)) || "a barcode is on one pack alone"
  )
)

const editable = {
  sku: Sku,
  barcodes: Schema.Array(Code).check(Schema.isMaxLength(MAX_BARCODES)),
  packs: Packs,
  name: Schema.NonEmptyString.check(Schema.isMaxLength(200)),
  description: Text(10_000),
  category: Text(120),
  metadata: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null])),
  price: Schema.NullOr(Price)
}

/** `lotTracked`: its stock is counted lot by lot, and every arrival names one. */
export const Product = Schema.Struct({
  id: ProductId,
  ...editable,
  unit: UnitOfMeasure,
  lotTracked: Schema.Boolean,
  status: Schema.Literals(["active", "archived"]),
  version: Schema.Int,
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Product" })
export interface Product extends Schema.Schema.Type<typeof Product> {}

export class UnknownProduct extends Schema.TaggedError<UnknownProduct>()("UnknownProduct", { product: ProductId }) {
  override get message() {
    return `There is no product ${this.product}; an id that a product was created with is accepted`
  }
}

export class ProductInactive extends Schema.TaggedError<ProductInactive>()("ProductInactive", { product: ProductId }) {
  override get message() {
    return `Product ${this.product} is archived; restore it, or name an active product`
  }
}

export class ProductExists extends Schema.TaggedError<ProductExists>()("ProductExists", { product: ProductId }) {
  override get message() {
    return `There is a product ${this.product} already; choose another id, or leave it out to have one made`
  }
}

/** Another product has the SKU or barcode. */
export class CodeTaken extends Schema.TaggedError<CodeTaken>()("CodeTaken", {
  field: Schema.Literals(["sku", "barcode"]),
  code: Schema.String,
  product: ProductId
}) {
  override get message() {
    return `The ${this.field} "${this.code}" belongs to product ${this.product}; one of no other product is accepted`
  }
}

/** The product, if it exists. */
export const knownProduct = (slice: Slice, id: ProductId): Result.Result<Product, UnknownProduct> => {
  const product = slice.row("products", id)
  return product === undefined ? Result.fail(new UnknownProduct({ product: id })) : Result.succeed(product)
}

/** The product, if it exists and is active. */
export const activeProduct = (slice: Slice, id: ProductId): Result.Result<Product, UnknownProduct | ProductInactive> =>
  Result.flatMap(
    knownProduct(slice, id),
    (product): Result.Result<Product, ProductInactive> =>
      product.status === "active" ? Result.succeed(product) : Result.fail(new ProductInactive({ product: id }))
  )

export const skuName = (sku: string) => `sku:${sku}`
export const barcodeName = (barcode: string) => `barcode:${barcode}`

/** What a barcode of a product stands for: one of the pack that it is on, or one of the product's own unit. */
export const unitOfBarcode = ({ unit, packs }: Pick<Product, "unit" | "packs">, barcode: string): string =>
  packs.find(({ barcodes }) => barcodes.includes(barcode))?.unit ?? unit.name

/** The product with the barcodes of its packs among its own, so that whoever scans one finds it. */
const withPackCodes = (product: Product): Product => {
  const codes = product.packs.flatMap(({ barcodes }) => barcodes).filter((code) => !product.barcodes.includes(code))
  return codes.length === 0 ? product : { ...product, barcodes: [...product.barcodes, ...codes] }
}

type Codes = Pick<Product, "sku" | "barcodes">
export const noCodes: Pick<Product, "barcodes"> & { readonly sku?: never } = { barcodes: [] }

interface NamedCodes {
  readonly sku?: string
  readonly barcodes?: ReadonlyArray<string>
  readonly packs?: ReadonlyArray<Pick<ProductPack, "barcodes">>
}

/** The unique names of a product's codes. */
export const namesOf = ({ sku, barcodes = [], packs = [] }: NamedCodes) => [
  ...(sku === undefined ? [] : [skuName(sku)]),
  ...barcodes.map(barcodeName),
  ...packs.flatMap((pack) => pack.barcodes.map(barcodeName))
]

/** The changes of unique names when a product's codes change, or the refusal if another product has one of them. */
export const renameCodes = (
  slice: Slice,
  product: ProductId,
  before: Codes | typeof noCodes,
  after: Codes
): Result.Result<ReadonlyArray<RowChange>, CodeTaken> => {
  const old = new Set(namesOf(before))
  const changes: Array<RowChange> = []
  for (const id of new Set(namesOf(after))) {
    if (old.delete(id)) continue
    const holder = slice.row("names", id)
    if (holder !== undefined && holder.target !== product) {
      const [field = "", ...code] = id.split(":")
      return Result.fail(
        new CodeTaken({
          field: field === "sku" ? "sku" : "barcode",
          code: code.join(":"),
          product: ProductId.make(holder.target)
        })
      )
    }
    changes.push(putName(id, product))
  }
  for (const id of old) changes.push(removeName(id))
  return Result.succeed(changes)
}

const optionalFields = {
  barcodes: Schema.optionalKey(editable.barcodes),
  packs: Schema.optionalKey(editable.packs),
  description: Schema.optionalKey(editable.description),
  category: Schema.optionalKey(editable.category),
  metadata: Schema.optionalKey(editable.metadata),
  price: Schema.optionalKey(editable.price)
}

const creatable = {
  sku: editable.sku,
  name: editable.name,
  ...optionalFields,
  unit: Schema.optionalKey(UnitOfMeasure),
  /** False when left out. */
  lotTracked: Schema.optionalKey(Schema.Boolean)
}

/** What a product is created from. */
export const ProductDraft = Schema.Struct(creatable)
export interface ProductDraft extends Schema.Schema.Type<typeof ProductDraft> {}

export const newProduct = (id: ProductId, payload: ProductDraft, context: DecisionContext): Product =>
  withPackCodes({
    id,
    sku: payload.sku,
    barcodes: payload.barcodes ?? [],
    packs: payload.packs ?? [],
    name: payload.name,
    description: payload.description ?? "",
    category: payload.category ?? "",
    metadata: payload.metadata ?? {},
    price: payload.price ?? null,
    unit: payload.unit ?? piece,
    lotTracked: payload.lotTracked ?? false,
    status: "active",
    version: 1,
    createdAt: context.now,
    updatedAt: context.now
  })

/**
 * Creates a product; with `id` under the caller's own id. Its unit of measure is fixed from then on, and whether it has
 * lots.
 */
export const CreateProduct = define("CreateProduct", {
  payload: { id: Schema.optionalKey(ProductId), ...creatable },
  reply: Product,
  refusals: [ProductExists, CodeTaken],
  footprint: (payload) => ({
    rows: [
      ...(payload.id === undefined ? [] : [ref("products", payload.id)]),
      ...namesOf(payload).map((name) => ref("names", name))
    ]
  }),
  decide: (slice, payload, context) =>
    Result.gen(function* () {
      const id = payload.id ?? ProductId.make(context.id)
      if (payload.id !== undefined && slice.row("products", id) !== undefined)
        return yield* Result.fail(new ProductExists({ product: id }))
      const product = newProduct(id, payload, context)
      const names = yield* renameCodes(slice, id, noCodes, product)
      return {
        reply: product,
        rows: [put("products", product), ...names],
        events: [{ _tag: "ProductCreated" as const, product: id, sku: product.sku }]
      }
    })
})

// The names that it has are read as well, because those that it gives up are removed.
const productAndNames = (payload: NamedCodes & { readonly product: ProductId }, slice: Slice): Footprint => {
  const names = namesOf(payload)
  const before =
    names.length === 0 && payload.barcodes === undefined ? undefined : slice.row("products", payload.product)
  const all = before === undefined ? names : [...names, ...namesOf(before)]
  return { rows: [ref("products", payload.product), ...all.map((name) => ref("names", name))] }
}

export const changed = (before: Product, changes: Partial<Product>, context: DecisionContext): Product =>
  withPackCodes({
    ...before,
    ...changes,
    version: before.version + 1,
    updatedAt: context.now
  })

/** Changes the named fields of a product and leaves the others. */
export const UpdateProduct = define("UpdateProduct", {
  payload: {
    product: ProductId,
    expected: ExpectedVersion,
    sku: Schema.optionalKey(editable.sku),
    name: Schema.optionalKey(editable.name),
    ...optionalFields
  },
  reply: Product,
  refusals: [UnknownProduct, StaleVersion, CodeTaken],
  footprint: productAndNames,
  decide: (slice, { product: id, expected, ...changes }, context) =>
    Result.gen(function* () {
      const before = yield* knownProduct(slice, id)
      yield* checkVersion("product", before, expected)
      const product = changed(before, changes, context)
      const names = yield* renameCodes(slice, id, before, product)
      return {
        reply: product,
        rows: [put("products", product), ...names],
        events: [{ _tag: "ProductUpdated" as const, product: id, sku: product.sku }]
      }
    })
})

/** Archives a product, or restores it. Its stock, history and codes stay; it can no longer be received or sold. */
export const ArchiveProduct = define("ArchiveProduct", {
  payload: { product: ProductId, expected: ExpectedVersion, archived: Schema.Boolean },
  reply: Product,
  refusals: [UnknownProduct, StaleVersion],
  footprint: ({ product }) => ({ rows: [ref("products", product)] }),
  decide: (slice, { product: id, expected, archived }, context) =>
    Result.gen(function* () {
      const before = yield* knownProduct(slice, id)
      yield* checkVersion("product", before, expected)
      const product = changed(before, { status: archived ? "archived" : "active" }, context)
      return {
        reply: product,
        rows: [put("products", product)],
        events: [
          {
            _tag: archived ? ("ProductArchived" as const) : ("ProductRestored" as const),
            product: id,
            sku: product.sku
          }
        ]
      }
    })
})
