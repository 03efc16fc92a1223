/**
 * The commands on a transfer at its origin: to plan it, to commit its stock, to send it, and to take it back. All of
 * its lines are committed or shipped, or none.
 */
import { type DateTime, Result, Schema } from "effect"
import { type Allocated, allocate, checkShelf, type Demand, InsufficientStock } from "./Allocation.ts"
import { type Claim, ClaimId, claimEvent, type NewClaimEvent } from "./Claim.ts"
import { type DecisionContext, define, type Footprint, MAX_LINES } from "./Command.ts"
import { activeLocation, knownLocation, LocationId, LocationInactive, UnknownLocation } from "./Location.ts"
import { checkLotAsked, checkUsable, isUsableLot, lotBlocks, lotRefs, NotLotTracked } from "./Lot.ts"
import {
  checkEntered,
  enteredQuantity,
  enteredRefusals,
  type InexactQuantity,
  keptEntered,
  type UnknownUnit
} from "./Pack.ts"
import { knownProduct, ProductId, UnknownProduct } from "./Product.ts"
import { ref } from "./Row.ts"
import type { Slice } from "./Slice.ts"
import { Lot, NO_LOT } from "./StockKey.ts"
import {
  changedTransfer,
  openInTransit,
  SameLocation,
  Transfer,
  TransferElsewhere,
  TransferId,
  type TransferLine,
  TransferStateConflict,
  transferAt,
  transferMovement,
  transferSource,
  UnknownTransfer,
  writtenTransfer
} from "./Transfer.ts"
import { checkVersion, ExpectedVersion, StaleVersion } from "./Version.ts"

const AskedLine = Schema.Struct({ product: ProductId, lot: Schema.optionalKey(Lot), ...enteredQuantity })
const AskedLines = Schema.NonEmptyArray(AskedLine).check(Schema.isMaxLength(MAX_LINES))

const nothingMoved = { claims: [], shipped: 0, received: 0, damaged: 0, lost: 0, returned: 0 }

const askedLines = (
  slice: Slice,
  asked: ReadonlyArray<typeof AskedLine.Type>
): Result.Result<ReadonlyArray<TransferLine>, UnknownProduct | NotLotTracked | UnknownUnit | InexactQuantity> =>
  Result.gen(function* () {
    const lines: Array<TransferLine> = []
    for (const [index, { product: id, lot = null, quantity, ...said }] of asked.entries()) {
      // An archived product is not bought or sold any more, but what is left of it still goes from place to place.
      const product = yield* knownProduct(slice, id)
      yield* checkLotAsked(product, lot)
      yield* checkEntered(product, quantity, said.entered)
      lines.push({ line: index + 1, product: id, lot, quantity, ...keptEntered(said), ...nothingMoved })
    }
    return lines
  })

type LotBlock = InstanceType<(typeof lotBlocks)[number]>

const demandOf = ({ product, lot }: TransferLine, location: LocationId, quantity: number): Demand =>
  lot === null ? { product, location, quantity } : { product, location, lot, quantity }

/** Commits every line at the origin; the claims are named after the command's id. */
const committed = (
  slice: Slice,
  { id, origin, lines }: Transfer,
  context: DecisionContext
): Result.Result<
  { readonly lines: ReadonlyArray<TransferLine>; readonly claims: ReadonlyArray<NewClaimEvent> },
  InsufficientStock | LotBlock
> =>
  Result.gen(function* () {
    yield* checkUsable(slice, lines, context.now)
    const demands = lines.map((line) => demandOf(line, origin, line.quantity))
    const parts = yield* allocate(slice, demands, context.now)
    const claims = parts.map(({ product, location, lot, quantity, demand }, index) => ({
      demand,
      event: {
        kind: "committed" as const,
        claim: ClaimId.make(`${context.id}-${index}`),
        ...{ product, location, lot, quantity },
        expiresAt: null,
        source: transferSource(id)
      }
    }))
    const byLine = Map.groupBy(claims, ({ demand }) => demand)
    return {
      lines: lines.map((line, index) => ({
        ...line,
        claims: (byLine.get(index) ?? []).map(({ event }) => event.claim)
      })),
      claims: claims.map(({ event }) => event)
    }
  })

/** The commitments of a line that nobody else let go of. */
const openClaimsOf = (slice: Slice, line: TransferLine): ReadonlyArray<Claim> =>
  line.claims.flatMap((id) => slice.claim(id) ?? []).filter((claim) => claim.state === "committed")

const originFootprint = (
  { transfer: id, origin }: { readonly transfer: TransferId; readonly origin: LocationId },
  slice: Slice
): Footprint => {
  const lines = slice.row("transfers", id)?.lines ?? []
  return {
    rows: [ref("transfers", id), ...lotRefs(lines)],
    stock: lines.map(({ product }) => ({ product, location: origin })),
    claims: lines.flatMap((line) => line.claims)
  }
}

const atOrigin = { transfer: TransferId, origin: LocationId }
const refusals = [UnknownTransfer, TransferElsewhere, TransferStateConflict] as const

/** Creates a transfer that is ready: committed at its origin, all lines or none; or a draft, which claims nothing. */
export const CreateTransfer = define("CreateTransfer", {
  payload: {
    origin: LocationId,
    destination: LocationId,
    lines: AskedLines,
    draft: Schema.optionalKey(Schema.Boolean)
  },
  reply: Transfer,
  refusals: [
    SameLocation,
    UnknownLocation,
    LocationInactive,
    UnknownProduct,
    NotLotTracked,
    InsufficientStock,
    ...enteredRefusals,
    ...lotBlocks
  ],
  locations: ({ origin }) => [origin],
  footprint: ({ origin, destination, lines }) => ({
    rows: [
      ref("locations", origin),
      ref("locations", destination),
      ...lines.map(({ product }) => ref("products", product)),
      ...lotRefs(lines)
    ],
    stock: lines.map(({ product }) => ({ product, location: origin }))
  }),
  decide: (slice, { origin, destination, lines: asked, draft = false }, context) =>
    Result.gen(function* () {
      if (origin === destination) return yield* Result.fail(new SameLocation({ location: origin }))
      yield* knownLocation(slice, origin)
      yield* activeLocation(slice, destination)
      const plan: Transfer = {
        id: TransferId.make(context.id),
        origin,
        destination,
        lines: yield* askedLines(slice, asked),
        state: "draft",
        reason: null,
        version: 1,
        createdAt: context.now,
        updatedAt: context.now
      }
      if (draft) return writtenTransfer(plan)
      const { lines, claims } = yield* committed(slice, plan, context)
      return { ...writtenTransfer({ ...plan, state: "ready", lines }), claims }
    })
})

/** Sets the lines of a draft. */
export const UpdateTransfer = define("UpdateTransfer", {
  payload: { ...atOrigin, expected: ExpectedVersion, lines: AskedLines },
  reply: Transfer,
  refusals: [...refusals, StaleVersion, UnknownProduct, NotLotTracked, ...enteredRefusals],
  locations: ({ origin }) => [origin],
  footprint: ({ transfer, lines }) => ({
    rows: [ref("transfers", transfer), ...lines.map(({ product }) => ref("products", product))]
  }),
  decide: (slice, { transfer: id, origin, expected, lines }, context) =>
    Result.gen(function* () {
      const before = yield* transferAt(slice, id, "origin", origin, ["draft"])
      yield* checkVersion("transfer", before, expected)
      return writtenTransfer(changedTransfer(before, { lines: yield* askedLines(slice, lines) }, context))
    })
})

/** Makes a draft ready: commits all its lines at the origin, or none. */
export const ReadyTransfer = define("ReadyTransfer", {
  payload: atOrigin,
  reply: Transfer,
  refusals: [...refusals, InsufficientStock, ...lotBlocks],
  locations: ({ origin }) => [origin],
  footprint: originFootprint,
  decide: (slice, { transfer: id, origin }, context) =>
    Result.gen(function* () {
      const before = yield* transferAt(slice, id, "origin", origin, ["draft"])
      const { lines, claims } = yield* committed(slice, before, context)
      return { ...writtenTransfer(changedTransfer(before, { state: "ready", lines }, context)), claims }
    })
})

const released = (slice: Slice, transfer: Transfer) => ({
  lines: transfer.lines.map((line) => ({ ...line, claims: [] })),
  claims: transfer.lines.flatMap((line) => openClaimsOf(slice, line)).map((claim) => claimEvent("released", claim))
})

/** Makes a ready transfer a draft again; what it had committed is available. */
export const ReleaseTransfer = define("ReleaseTransfer", {
  payload: atOrigin,
  reply: Transfer,
  refusals,
  locations: ({ origin }) => [origin],
  footprint: originFootprint,
  decide: (slice, { transfer: id, origin }, context) =>
    Result.map(transferAt(slice, id, "origin", origin, ["ready"]), (before) => {
      const { lines, claims } = released(slice, before)
      return { ...writtenTransfer(changedTransfer(before, { state: "draft", lines }, context)), claims }
    })
})

/**
 * What leaves for each line: what it committed, from the very keys where it did; and where somebody else let go of a
 * commitment, or its lot expired or was recalled, what allocation finds instead. A line for each lot.
 */
const taken = (
  slice: Slice,
  { origin, lines }: Transfer,
  now: DateTime.Utc
): Result.Result<
  { readonly lines: ReadonlyArray<TransferLine>; readonly claims: ReadonlyArray<NewClaimEvent> },
  InsufficientStock | LotBlock
> =>
  Result.gen(function* () {
    yield* checkUsable(slice, lines, now)
    const open = lines.map((line) => openClaimsOf(slice, line))
    const usable = ({ product, lot }: Claim) => isUsableLot(slice, product, lot, now)
    const claimed = open.map((claims) => claims.filter(usable))
    const missing = lines.map((line, index) =>
      (claimed[index] ?? []).reduce((left, claim) => left - claim.quantity, line.quantity)
    )
    const wanting = [...lines.entries()].filter(([index]) => (missing[index] ?? 0) > 0)
    const demands = wanting.map(([index, line]) => demandOf(line, origin, missing[index] ?? 0))
    const found = yield* allocate(slice, demands, now)
    const foundFor = Map.groupBy(found, ({ demand }) => wanting[demand]?.[0])
    const shipped = lines.flatMap(({ product, ...line }, index) => {
      const lots = new Map<string, number>()
      const parts: ReadonlyArray<Pick<Allocated, "lot" | "quantity">> = [
        ...(claimed[index] ?? []),
        ...(foundFor.get(index) ?? [])
      ]
      for (const { lot, quantity } of parts) lots.set(lot, (lots.get(lot) ?? 0) + quantity)
      // What was entered is said of the whole line, and of none of its parts.
      const said = lots.size > 1 ? {} : keptEntered(line)
      return [...lots].map(([lot, quantity]) => ({ product, lot, quantity, ...said }))
    })
    return {
      lines: shipped.map((part, index) => ({ line: index + 1, ...part, ...nothingMoved, shipped: part.quantity })),
      claims: open.flat().map((claim) => claimEvent(usable(claim) ? "consumed" : "released", claim))
    }
  })

/** Sends a ready transfer: its commitments are consumed, and its stock leaves the origin into transit. */
export const DispatchTransfer = define("DispatchTransfer", {
  payload: atOrigin,
  reply: Transfer,
  refusals: [...refusals, InsufficientStock, ...lotBlocks],
  locations: ({ origin }) => [origin],
  footprint: originFootprint,
  decide: (slice, { transfer: id, origin }, context) =>
    Result.gen(function* () {
      const before = yield* transferAt(slice, id, "origin", origin, ["ready"])
      const { lines, claims } = yield* taken(slice, before, context.now)
      yield* checkShelf(
        slice,
        lines.map(({ product, lot, shipped }) => ({ product, location: origin, lot: lot ?? NO_LOT, quantity: shipped }))
      )
      const place = { kind: "transferOut", location: origin, from: "sellable", to: "transit" } as const
      return {
        ...writtenTransfer(changedTransfer(before, { state: "inTransit", lines }, context)),
        claims,
        movements: lines.map((line) =>
          transferMovement(id, line, { ...place, quantity: line.shipped, ...keptEntered(line) })
        )
      }
    })
})

/**
 * Cancels a transfer. What it committed is available again, and what is still on its way goes back to the origin; what
 * arrived before stays where it arrived.
 */
export const CancelTransfer = define("CancelTransfer", {
  payload: atOrigin,
  reply: Transfer,
  refusals,
  locations: ({ origin }) => [origin],
  footprint: originFootprint,
  decide: (slice, { transfer: id, origin }, context) => {
    const accepted = ["draft", "ready", "inTransit", "partiallyReceived"] as const
    return Result.map(transferAt(slice, id, "origin", origin, accepted), (before) => {
      const { lines, claims } = released(slice, before)
      const place = { kind: "transferIn", location: origin, from: "transit", to: "sellable" } as const
      const back = lines.filter((line) => openInTransit(line) > 0)
      const after = lines.map((line) => ({ ...line, returned: line.returned + openInTransit(line) }))
      return {
        ...writtenTransfer(changedTransfer(before, { state: "canceled", lines: after }, context)),
        claims,
        movements: back.map((line) => transferMovement(id, line, { ...place, quantity: openInTransit(line) }))
      }
    })
  }
})
