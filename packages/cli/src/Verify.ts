/**
 * `onhand verify`: recomputes every balance from the ledgers, checks the seals of the ledger, and tells what differs.
 */
import { auditDocuments, type Difference, type DocumentDifference, Inventory, type ValueDifference } from "@onhand/core"
import { type BrokenSeal, type NotedSeal, SealNote, verifyChain } from "@onhand/postgres"
import { Console, DateTime, Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { SqlClient } from "effect/sql/SqlClient"
import { exitCode, exitCodes } from "./ExitCode.ts"
import { layerInventory, storeFlags } from "./StoreChoice.ts"

const count = (value: number): string => value.toLocaleString("en")

const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`

/** The books do not balance, or somebody changed the ledger after it was written. */
export class DifferencesFound extends Schema.TaggedError<DifferencesFound>()("DifferencesFound", {
  differences: Schema.Int,
  brokenSeals: Schema.Int
}) {
  override readonly [exitCode] = exitCodes.failed
  override get message() {
    const found = [counted(this.differences, "difference"), counted(this.brokenSeals, "broken seal")]
    return `The books are not sound: ${found.filter((text) => !text.startsWith("0 ")).join(", ")}`
  }
}

const differenceLine = ({ key, claim, field, stored, recomputed }: Difference): string => {
  const lot = key.lot === "" ? "" : `, lot ${key.lot}`
  const place = `product ${key.product} at ${key.location}${lot}`
  const subject = claim === undefined ? place : `claim ${claim} on ${place}`
  return `${subject}: ${field} is kept as ${stored}, the ledger says ${recomputed}`
}

const valueLine = ({ product, method, recordedAt, fields }: ValueDifference): string =>
  `${method} value of product ${product} as kept at ${DateTime.formatIso(recordedAt)}: ${fields.join(", ")} ` +
  `${fields.length === 1 ? "does" : "do"} not follow from the ledger`

const sealLine = ({ shard, seq, reason }: BrokenSeal): string => `ledger shard ${shard}, entry ${seq}: ${reason}`

/** Recomputes balances, claims and kept values; prints their numbers, and each difference in steps of the unit. */
const verifyBalances = Effect.gen(function* () {
  const inventory = yield* Inventory
  const { movements, claimEvents, balances, differences, ...values } = yield* inventory.read.verify
  yield* Console.log(
    `${count(movements)} movements and ${count(claimEvents)} claim events recomputed into ${count(balances)} balances`
  )
  if (values.keptValues > 0) yield* Console.log(`${counted(values.keptValues, "kept value")} recomputed`)
  for (const difference of differences) yield* Console.log(differenceLine(difference))
  for (const difference of values.valueDifferences) yield* Console.log(valueLine(difference))
  const found = differences.length + values.valueDifferences.length
  yield* Console.log(counted(found, "difference"))
  return found
})

const documentLine = ({ document, product, field, told, recomputed }: DocumentDifference): string =>
  `${document.type} ${document.id}, product ${product}: ${field} is told as ${told}, the ledger says ${recomputed}`

/** Compares documents with what was moved and claimed for them; prints how many, and each difference. */
const verifyDocuments = Effect.gen(function* () {
  const { documents, differences } = yield* auditDocuments((yield* Inventory).read)
  yield* Console.log(`${counted(documents, "document")} compared with the ledger`)
  for (const difference of differences) yield* Console.log(documentLine(difference))
  yield* Console.log(`${counted(differences.length, "difference")} in documents`)
  return differences.length
})

const encodeNote = Schema.encodeSync(SealNote)

/**
 * Checks the hash chain, and that what was noted of it is still there; prints what is to be noted elsewhere next, and
 * each broken seal.
 */
const verifySeals = (noted: ReadonlyArray<NotedSeal>) =>
  Effect.gen(function* () {
    const { commits, broken, heads } = yield* verifyChain(yield* SqlClient, noted)
    yield* Console.log(`${counted(commits, "commit")} as sealed`)
    for (const { shard, seq } of noted) {
      const isSound = heads.some((head) => head.shard === shard)
      if (isSound) yield* Console.log(`ledger shard ${shard} is as noted up to entry ${seq}`)
    }
    if (heads.length > 0) yield* Console.log(`to be noted elsewhere: ${encodeNote(heads)}`)
    for (const seal of broken) yield* Console.log(sealLine(seal))
    yield* Console.log(counted(broken.length, "broken seal"))
    return broken.length
  })

/** Corrects all that is not what the ledger says; prints each correction, and what it had to leave. */
const repairAll = Effect.gen(function* () {
  const { repaired, forgotten, left } = yield* (yield* Inventory).rebuild
  for (const difference of repaired) yield* Console.log(`repaired: ${differenceLine(difference)}`)
  for (const difference of forgotten) yield* Console.log(`dropped, to be made anew: ${valueLine(difference)}`)
  for (const difference of left) yield* Console.log(`left: ${differenceLine(difference)}`)
  yield* Console.log(`${counted(repaired.length + forgotten.length, "difference")} repaired`)
})

/**
 * Verifies the books of a store on PostgreSQL or embedded, tells what it found, and fails if anything is wrong. `chain`
 * verifies only that the ledger is what was written; `noted` are seals that must still be in it; `repair` first makes
 * every balance and claim what the ledger says; `documents` also compares every order, transfer, count and purchase
 * order with the ledger.
 */
export const verifyBooks = (
  options: {
    readonly chain?: boolean
    readonly noted?: ReadonlyArray<NotedSeal>
    readonly repair?: boolean
    readonly documents?: boolean
  } = {}
) =>
  Effect.gen(function* () {
    if (options.repair === true) yield* repairAll
    const ofBalances = options.chain === true ? 0 : yield* verifyBalances
    const differences = ofBalances + (options.documents === true ? yield* verifyDocuments : 0)
    const brokenSeals = yield* verifySeals(options.noted ?? [])
    if (differences + brokenSeals > 0) return yield* new DifferencesFound({ differences, brokenSeals })
  })

const chain = Flag.Boolean("chain").pipe(
  Flag.withDefault(false),
  Flag.withDescription("Check only the hash chain: was anything in the ledger changed after it was written?")
)

const noted = Flag.String("noted").pipe(
  Flag.withSchema(SealNote),
  Flag.optional,
  Flag.withMetavar("note"),
  Flag.withDescription("What an earlier run gave to be noted elsewhere: is the ledger up to there still the same?")
)

const repair = Flag.Boolean("repair").pipe(
  Flag.withDefault(false),
  Flag.withDescription(
    "First make every balance and claim that differs what the ledger says; the ledger keeps that it was done"
  )
)

const documents = Flag.Boolean("documents").pipe(
  Flag.withDefault(false),
  Flag.withDescription("Also compare each order, transfer, count and purchase order with what was moved for it")
)

const flags = { chain, noted, repair, documents, ...storeFlags }

export const verifyCommand = Command.make("verify", flags, ({ chain, noted, repair, documents, ...store }) =>
  verifyBooks({ chain, noted: Option.getOrElse(noted, () => []), repair, documents }).pipe(
    Effect.provide(layerInventory(store))
  )
).pipe(
  Command.withShortDescription("Check that every balance follows from the ledger"),
  Command.withDescription(
    "Recomputes every balance and kept value from the ledger of movements and every claim from its events, checks " +
      "the hash chain that seals the ledger, and prints each difference and each broken seal with its place. Ends " +
      "with 0 if there is none and with 1 if there is one. --chain leaves the balances out, --repair corrects first."
  ),
  Command.withExamples([
    { command: "onhand verify", description: "Verify the shop in ./.onhand" },
    { command: "onhand verify --chain", description: "See whether anybody changed the ledger" },
    {
      command: 'onhand verify --chain --noted "$(cat noted.txt)"',
      description: "See also whether it was rewritten since that was noted"
    },
    { command: "onhand verify --repair", description: "Make every balance and claim what the ledger says" }
  ])
)
