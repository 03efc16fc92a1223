// The two files of the retail year: a catalogue, and a year of till receipts in time order.
import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { NodeStream } from "@effect/platform-node"
import { DateTime, Effect, Option, Schema, Stream } from "effect"
import * as Csv from "effect/encoding/Csv"

/** A file that cannot be read, or a row that is not what its header promises. */
export class UnreadableFile extends Schema.TaggedError<UnreadableFile>()("UnreadableFile", {
  path: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.path} cannot be read as CSV: ${this.cause instanceof Error ? this.cause.message : this.cause}`
  }
}

const CatalogueRow = Schema.Struct({
  product_id: Schema.String,
  department: Schema.String,
  brand: Schema.String,
  product_category: Schema.String,
  product_type: Schema.String,
  package_size: Schema.String
})
export interface CatalogueRow extends Schema.Schema.Type<typeof CatalogueRow> {}

/** A line of a receipt. `row` counts the file's lines from 1, the header's; `cents` is what was paid for the line. */
export interface ReceiptLine {
  readonly row: number
  readonly product: string
  readonly quantity: number
  readonly cents: number
}

export interface Basket {
  readonly id: string
  readonly store: string
  readonly at: DateTime.Utc
  readonly lines: ReadonlyArray<ReceiptLine>
}

const records = (path: string) =>
  NodeStream.fromReadable<Uint8Array, UnreadableFile>({
    evaluate: () => createReadStream(path).pipe(createGunzip()),
    onError: (cause) => new UnreadableFile({ path, cause })
  }).pipe(
    Stream.pipeThroughChannelOrFail(Csv.decode({ headers: true })),
    Stream.mapError((cause) => new UnreadableFile({ path, cause }))
  )

/** The catalogue, row by row. */
export const catalogue = (folder: string) => {
  const path = `${folder}/products.csv.gz`
  return records(path).pipe(
    Stream.mapEffect((record) => Schema.decodeUnknownEffect(CatalogueRow)(record)),
    Stream.mapError((cause) => new UnreadableFile({ path, cause }))
  )
}

// The file was written from binary floating point: 1.83 may stand there as 1.8300000001. A cent is a cent.
const centsOf = (dollars: string): number => Math.round(Number(dollars) * 100)

/** All baskets, in the order in which their first lines stand in the file. */
export const readBaskets = (folder: string) =>
  Effect.gen(function* () {
    const found = new Map<string, Basket & { readonly lines: Array<ReceiptLine> }>()
    let row = 1
    yield* Stream.runForEach(records(`${folder}/transactions.csv.gz`), (record) =>
      Effect.sync(() => {
        row += 1
        const id = record["basket_id"] ?? ""
        const basket = found.get(id) ?? {
          id,
          store: record["store_id"] ?? "",
          at: Option.getOrThrow(DateTime.make(record["transaction_timestamp"] ?? "")),
          lines: []
        }
        found.set(id, basket)
        basket.lines.push({
          row,
          product: record["product_id"] ?? "",
          quantity: Number(record["quantity"]),
          cents: centsOf(record["sales_value"] ?? "")
        })
      })
    )
    return [...found.values()]
  })
