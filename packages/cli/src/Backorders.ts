/**
 * `onhand backorders`: orders that wait for goods, and giving them what has come.
 */
import { type Backorder, Inventory, type LocationId, OrderId, type Product, UnknownOrder } from "@onhand/core"
import { Console, DateTime, Effect, Option, Stream } from "effect"
import { Command } from "effect/cli"
import {
  formatFlag,
  inUnit,
  itemsOf,
  locationNamed,
  locationNames,
  placeFlags,
  placeOf,
  productsById
} from "./Named.ts"
import { optionalText } from "./PlanFlags.ts"
import { type Column, type Format, printReport } from "./Report.ts"
import { layerInventory, storeFlags } from "./StoreChoice.ts"

interface Waiting extends Backorder {
  readonly known: Product
  readonly place: string
}

const columns: ReadonlyArray<Column<Waiting>> = [
  { title: "placedAt", value: ({ placedAt }) => DateTime.formatIso(placedAt) },
  { title: "order", value: ({ order }) => order },
  { title: "line", right: true, value: ({ line }) => String(line) },
  { title: "sku", value: ({ known }) => known.sku },
  { title: "location", value: ({ place }) => place },
  { title: "customer", value: ({ customer }) => customer ?? "" },
  { title: "quantity", right: true, value: ({ quantity, known }) => inUnit(quantity, known) }
]

type Place = Parameters<typeof placeOf>[0]

/** Prints the lines of orders that wait for goods, the oldest order first. */
export const listBackorders = (flags: Place & { readonly format: Format }) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const filter = yield* placeOf(flags)
    const [product, location] = [yield* productsById, yield* locationNames]
    const rows = itemsOf((page) => read.backorders(filter, page)).pipe(
      Stream.mapEffect((waiting) =>
        Effect.map(
          product(waiting.product),
          (known): Waiting => ({ ...waiting, known, place: location(waiting.location) })
        )
      )
    )
    const json = ({ placedAt, known, place, quantity, ...row }: Waiting) => ({
      ...row,
      placedAt: DateTime.formatIso(placedAt),
      sku: known.sku,
      locationName: place,
      quantity: Number(inUnit(quantity, known))
    })
    const printed = yield* printReport(rows, flags.format, { csv: columns, json })
    if (printed === 0) yield* Console.error("No order waits for goods")
  })

const sumOf = (lines: ReadonlyArray<{ readonly backordered: number }>): number =>
  lines.reduce((sum, { backordered }) => sum + backordered, 0)

/**
 * Gives an order what is available at a location, the order's own if none is named. False if nothing of it was there.
 * Of an order that waits for several products, each line gets what there is of its own.
 */
const give = (order: OrderId, from: LocationId | undefined) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const before = yield* inventory.read.order(order)
    if (Option.isNone(before)) return yield* new UnknownOrder({ order })
    const location = from ?? before.value.location
    const given = yield* Effect.catchTag(
      Effect.asSome(inventory.allocateOrder({ order, location })),
      "InsufficientStock",
      () => Effect.succeedNone
    )
    if (Option.isNone(given)) {
      yield* Console.log(`${order}: nothing that it waits for is available`)
      return false
    }
    const waits = sumOf(given.value.lines)
    yield* Console.log(
      `${order}: ${waits === 0 ? "has all that it waited for" : "has a part of what it waited for, and waits on"}`
    )
    return sumOf(before.value.lines) > waits
  })

/** Gives what has come to one order, or to all that wait, the oldest first, as far as it reaches. */
export const allocateBackorders = (
  flags: Place & { readonly order: Option.Option<string>; readonly from: Option.Option<string> }
) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const filter = yield* placeOf(flags)
    const from = Option.isNone(flags.from) ? undefined : yield* locationNamed(flags.from.value)
    if (Option.isSome(flags.order)) {
      yield* give(OrderId.make(flags.order.value), from)
      return
    }
    // An order's lines stand side by side in the list, and one command gives to all of them.
    const seen = new Set<OrderId>()
    let served = 0
    yield* itemsOf((page) => read.backorders(filter, page)).pipe(
      Stream.runForEach(({ order }) => {
        if (seen.has(order)) return Effect.void
        seen.add(order)
        return Effect.map(give(order, from), (any) => {
          if (any) served += 1
        })
      })
    )
    yield* Console.error(
      seen.size === 0 ? "No order waits for goods" : `${served} of ${seen.size} waiting orders got something`
    )
  })

const listCommand = Command.make("list", { ...placeFlags, format: formatFlag, ...storeFlags }, (flags) =>
  Effect.provide(listBackorders(flags), layerInventory(flags))
).pipe(Command.withDescription("Prints the lines of orders that wait for goods, the oldest order first."))

const allocateCommand = Command.make(
  "allocate",
  {
    ...placeFlags,
    order: optionalText("order", "<id>", "Only this order; all that wait, the oldest first, without it"),
    from: optionalText("from", "<id or name>", "The location that gives; each order's own without it"),
    ...storeFlags
  },
  (flags) => Effect.provide(allocateBackorders(flags), layerInventory(flags))
).pipe(
  Command.withDescription(
    "Commits what is available to orders that wait for it, the oldest first, as far as it reaches. --product and " +
      "--location choose which orders are looked at; an order gets what there is for each of its lines."
  ),
  Command.withExamples([
    { command: "onhand backorders allocate", description: "Give what has come to those who wait" },
    { command: "onhand backorders allocate --product MUG", description: "After mugs have come" }
  ])
)

export const backordersCommand = Command.make("backorders").pipe(
  Command.withShortDescription("See which orders wait for goods, and give them what has come"),
  Command.withDescription("Lists the orders that wait for goods, and gives them what has come."),
  Command.withSubcommands([listCommand, allocateCommand])
)
