/**
 * `onhand lots`: where a lot is and who got of it, recalling it, and taking that back.
 */
import {
  Inventory,
  type LotRecipient,
  type LotTrace,
  MAX_LINES,
  type Product,
  type ProductLot,
  UnknownLot
} from "@onhand/core"
import { Console, Effect, Option, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { formatFlag, inUnit, itemsOf, locationNames, productFlag, productNamed } from "./Named.ts"
import { type Column, type Format, printReport } from "./Report.ts"
import { layerInventory, storeFlags } from "./StoreChoice.ts"

/** One line of a trace: what of the lot is at a place, on its way, or with whoever got it. */
interface TraceRow {
  readonly where: "shelf" | "in transit" | "customer"
  readonly place: string
  readonly document: string
  readonly customer: string
  readonly quantity: string
}

const columns: ReadonlyArray<Column<TraceRow>> = [
  { title: "where", value: ({ where }) => where },
  { title: "place", value: ({ place }) => place },
  { title: "document", value: ({ document }) => document },
  { title: "customer", value: ({ customer }) => customer },
  { title: "quantity", right: true, value: ({ quantity }) => quantity }
]

const NOWHERE = { place: "", document: "", customer: "" }

const shelfRows = (
  { places }: LotTrace,
  product: Product,
  name: (id: LotTrace["places"][number]["location"]) => string
) =>
  places.flatMap((place): ReadonlyArray<TraceRow> => {
    const there = place.sellable + place.qualityControl + place.damaged + place.quarantine
    const quantity = inUnit(there, product)
    return there === 0 ? [] : [{ ...NOWHERE, where: "shelf", place: name(place.location), quantity }]
  })

const transitRows = ({ inTransit }: LotTrace, product: Product, name: Parameters<typeof shelfRows>[2]) =>
  inTransit.map(
    ({ transfer, origin, destination, quantity }): TraceRow => ({
      ...NOWHERE,
      where: "in transit",
      place: `${name(origin)} to ${name(destination)}`,
      document: `transfer ${transfer}`,
      quantity: inUnit(quantity, product)
    })
  )

/** Who got something and has not brought all of it back. */
const recipientRow = ({ source, customer, sold, returned }: LotRecipient, product: Product): ReadonlyArray<TraceRow> =>
  sold === returned
    ? []
    : [
        {
          ...NOWHERE,
          where: "customer",
          document: source === null ? "" : `${source.type} ${source.id}`,
          customer: customer ?? "",
          quantity: inUnit(sold - returned, product)
        }
      ]

const statusText = ({ lot, status, reason, expiresOn }: ProductLot, { sku }: Product): string => {
  const state = status === "recalled" ? `recalled: ${reason ?? "no reason was given"}` : "in use"
  return `Lot ${lot} of ${sku} is ${state}${expiresOn === null ? "" : `; to be used by ${expiresOn}`}`
}

interface LotFlags {
  readonly product: string
  readonly lot: string
  readonly format: Format
}

/** The product, and the trace of its lot. */
const traced = (flags: Pick<LotFlags, "product" | "lot">) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const product = yield* productNamed(flags.product)
    const key = { product: product.id, lot: flags.lot }
    const found = yield* read.lotTrace(key)
    if (Option.isNone(found)) return yield* new UnknownLot(key)
    return { product, key, trace: found.value }
  })

/** Prints where a lot is and who got of it; its status goes to standard error. */
export const traceLot = (flags: LotFlags) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const { product, key, trace } = yield* traced(flags)
    const name = yield* locationNames
    const rows = Stream.concat(
      Stream.fromIterable([...shelfRows(trace, product, name), ...transitRows(trace, product, name)]),
      itemsOf((page) => read.lotRecipients(key, page)).pipe(
        Stream.map((recipient) => recipientRow(recipient, product)),
        Stream.flattenIterable
      )
    )
    yield* Console.error(statusText(trace.lot, product))
    const json = ({ quantity, ...row }: TraceRow) => ({ ...row, quantity: Number(quantity) })
    yield* printReport(rows, flags.format, { csv: columns, json })
  })

/** The lot with the locations whose levels follow at once, as far as one command takes them. */
const target = ({ key, trace }: Effect.Success<ReturnType<typeof traced>>) => ({
  ...key,
  locations: trace.places.slice(0, MAX_LINES).map(({ location }) => location)
})

/** Recalls a lot, and prints where it is and who got of it: whom to tell. */
export const recallLot = ({ reason, ...flags }: LotFlags & { readonly reason: string }) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    yield* inventory.recallLot({ ...target(yield* traced(flags)), reason })
    yield* traceLot(flags)
  })

/** Takes a recall back, and prints where the lot is and who got of it. */
export const reinstateLot = (flags: LotFlags) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    yield* inventory.reinstateLot(target(yield* traced(flags)))
    yield* traceLot(flags)
  })

const lotFlags = {
  product: productFlag,
  lot: Flag.String("lot").pipe(Flag.withMetavar("<code>"), Flag.withDescription("The code of the lot")),
  format: formatFlag,
  ...storeFlags
}

const traceCommand = Command.make("trace", lotFlags, (flags) =>
  Effect.provide(traceLot(flags), layerInventory(flags))
).pipe(Command.withDescription("Prints where a lot is, what of it is on its way, and who got of it and kept it."))

const recallCommand = Command.make(
  "recall",
  {
    ...lotFlags,
    reason: Flag.String("reason").pipe(Flag.withMetavar("<text>"), Flag.withDescription("Why, for whoever asks later"))
  },
  (flags) => Effect.provide(recallLot(flags), layerInventory(flags))
).pipe(
  Command.withDescription(
    "Recalls a lot: from then on nothing of it is available anywhere. What is promised of it is replaced by other " +
      "stock when it is next dealt with. Prints the lot's trace: which shelves to empty, and whom to tell."
  ),
  Command.withExamples([
    {
      command: "onhand lots recall --product MILK --lot L-7 --reason 'Glass found' --format csv",
      description: "Recall a lot, and list its recipients for a mail"
    }
  ])
)

const reinstateCommand = Command.make("reinstate", lotFlags, (flags) =>
  Effect.provide(reinstateLot(flags), layerInventory(flags))
).pipe(
  Command.withDescription("Takes a recall back: what is left of the lot is available again, unless it has expired.")
)

export const lotsCommand = Command.make("lots").pipe(
  Command.withShortDescription("Trace a lot, recall it, and take that back"),
  Command.withDescription("Tells where a lot is and who got of it, recalls it, and takes a recall back."),
  Command.withSubcommands([traceCommand, recallCommand, reinstateCommand])
)
