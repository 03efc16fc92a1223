/**
 * `onhand stock-policies`: what may be promised of products at locations beyond what is there.
 */
import { Inventory, quantityFromDecimal } from "@onhand/core"
import { Console, Effect, type Option, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import {
  formatFlag,
  inUnit,
  itemsOf,
  locationNamed,
  locationNames,
  placeFlags,
  placeOf,
  productFlag,
  productNamed,
  productsById
} from "./Named.ts"
import { WrongFlag } from "./PlanFlags.ts"
import { type Column, type Format, printReport } from "./Report.ts"
import { layerInventory, storeFlags } from "./StoreChoice.ts"

interface PolicyRow {
  readonly sku: string
  readonly name: string
  readonly location: string
  readonly floor: string
  readonly backorders: string
}

const columns: ReadonlyArray<Column<PolicyRow>> = [
  { title: "sku", value: ({ sku }) => sku },
  { title: "name", value: ({ name }) => name },
  { title: "location", value: ({ location }) => location },
  { title: "floor", right: true, value: ({ floor }) => floor },
  { title: "backorders", value: ({ backorders }) => backorders }
]

/** Prints the stock policies that were set. */
export const listStockPolicies = (flags: {
  readonly product: Option.Option<string>
  readonly location: Option.Option<string>
  readonly format: Format
}) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const place = yield* placeOf(flags)
    const [product, location] = [yield* productsById, yield* locationNames]
    const rows = itemsOf((page) => read.stockPolicies(place, page)).pipe(
      Stream.mapEffect((policy) =>
        Effect.map(
          product(policy.product),
          (known): PolicyRow => ({
            sku: known.sku,
            name: known.name,
            location: location(policy.location),
            floor: inUnit(policy.floor, known),
            backorders: policy.backorders ? "yes" : "no"
          })
        )
      )
    )
    const json = ({ floor, backorders, ...row }: PolicyRow) => ({
      ...row,
      floor: Number(floor),
      backorders: backorders === "yes"
    })
    const printed = yield* printReport(rows, flags.format, { csv: columns, json })
    if (printed === 0) yield* Console.error("No stock policy is set: nothing is promised beyond what is there")
  })

/** Sets the whole policy of a product at a location, and tells what it is now. */
export const setStockPolicy = (flags: {
  readonly product: string
  readonly location: string
  readonly floor: string
  readonly backorders: boolean
}) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    const product = yield* productNamed(flags.product)
    const location = yield* locationNamed(flags.location)
    const accepted = `0 or less in ${product.unit.name}, such as -5,`
    const wrong = () => new WrongFlag({ flag: "floor", text: flags.floor, accepted })
    const floor = yield* Effect.mapError(
      Effect.fromResult(quantityFromDecimal(flags.floor, product.unit.decimals)),
      wrong
    )
    if (floor > 0) return yield* wrong()
    const { backorders } = flags
    yield* inventory.setStockPolicies({ lines: [{ product: product.id, location, floor, backorders }] })
    const waits = backorders ? "orders may wait for the rest" : "no order waits"
    yield* Console.log(
      `${product.sku} at ${(yield* locationNames)(location)}: available down to ${inUnit(floor, product)}, ${waits}`
    )
  })

const listCommand = Command.make("list", { ...placeFlags, format: formatFlag, ...storeFlags }, (flags) =>
  Effect.provide(listStockPolicies(flags), layerInventory(flags))
).pipe(Command.withDescription("Prints the stock policies that were set. Where there is none, nothing is allowed."))

const setCommand = Command.make(
  "set",
  {
    product: productFlag,
    location: Flag.String("location").pipe(
      Flag.withMetavar("<id or name>"),
      Flag.withDescription("Where the policy holds")
    ),
    floor: Flag.String("floor").pipe(
      Flag.withDefault("0"),
      Flag.withMetavar("<quantity>"),
      Flag.withDescription("The least that may be available, 0 or less, in the product's unit; 0 without it")
    ),
    backorders: Flag.Boolean("backorders").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Orders that ask for it wait for what is not there")
    ),
    ...storeFlags
  },
  (flags) => Effect.provide(setStockPolicy(flags), layerInventory(flags))
).pipe(
  Command.withDescription(
    "Sets the whole policy of a product at a location: what is left out is not allowed from then on. A floor is " +
      "refused while more is promised than it would let, and below 0 for a product that is counted by lots."
  ),
  Command.withExamples([
    {
      command: "onhand stock-policies set --product MUG --location shop --floor -5",
      description: "Promise up to five more than there are"
    }
  ])
)

export const stockPoliciesCommand = Command.make("stock-policies").pipe(
  Command.withShortDescription("Say what may be promised beyond what is there"),
  Command.withDescription("Lists and sets what may be promised of a product at a location beyond what is there."),
  Command.withSubcommands([listCommand, setCommand])
)
