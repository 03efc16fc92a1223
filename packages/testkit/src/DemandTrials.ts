/**
 * Trials of demand: what a store sums up by period is what its movements make, over movements that were dated back and
 * ahead, shelves that ran empty, and bounds that fall on a movement or beside it.
 */
import { type DemandSeries, type Movement, type Page, type Submission, stockPlaceText } from "@onhand/core"
import { DateTime, Effect } from "effect"
import * as fc from "fast-check"
import { checkProperty } from "./Property.ts"
import { ensure, submissionOf, withSession } from "./Session.ts"
import { commitBatch, type Shelf, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

const HOUR = 3_600_000

interface Move {
  readonly shelf: number
  readonly lot: string
  readonly kind: "receipt" | "sale" | "customerReturn" | "damage"
  readonly quantity: number
  /** Milliseconds from its recording; null for one that nobody dated. */
  readonly dated: number | null
}

const distance = fc.oneof(
  fc.integer({ min: -9 * HOUR, max: 3 * HOUR }),
  fc.integer({ min: -9, max: 3 }).map((hours) => hours * HOUR)
)

// Receipts are small, so that shelves run empty again and again.
const moves = fc.array(
  fc.record<Move>({
    shelf: fc.integer({ min: 0, max: 2 }),
    lot: fc.constantFrom("L1", "L1", "L2"),
    kind: fc.constantFrom("receipt", "receipt", "sale", "sale", "customerReturn", "damage"),
    quantity: fc.integer({ min: 1, max: 4 }),
    dated: fc.oneof(fc.constant(null), distance, distance)
  }),
  { minLength: 1, maxLength: 24 }
)

const periods = fc
  .uniqueArray(distance, { minLength: 2, maxLength: 6 })
  .map((bounds) => bounds.toSorted((a, b) => a - b))

const submissionsOf = (shelves: ReadonlyArray<Shelf>, moved: ReadonlyArray<Move>, now: DateTime.Utc) =>
  moved.flatMap(({ shelf, lot, kind, quantity, dated }, index): ReadonlyArray<Submission> => {
    const place = shelves[shelf]
    if (place === undefined) return []
    const submission = submissionOf(
      "recordMovements",
      { lines: [{ kind, ...place, lot, quantity }] },
      { key: `m${index}` }
    )
    return [{ ...submission, occurredAt: dated === null ? null : DateTime.add(now, { milliseconds: dated }) }]
  })

const sumOf = (numbers: ReadonlyArray<number>) => numbers.reduce((sum, number) => sum + number, 0)

/** Demand in a period, by definition: what was sold in it, and the time for which the sum of all before was above 0. */
const demandIn = (movements: ReadonlyArray<Movement>, from: number, to: number) => {
  const at = ({ occurredAt }: Movement) => DateTime.toEpochMillis(occurredAt)
  const happened = movements.filter((movement) => at(movement) >= from && at(movement) < to)
  const signed = { sale: 1, customerReturn: -1 } as Readonly<Record<string, number>>
  const moments = [...new Set([from, to, ...happened.map(at)])].toSorted((a, b) => a - b)
  const sellableAt = (time: number) =>
    sumOf(
      movements
        .filter((movement) => at(movement) <= time)
        .map(({ from, to, quantity }) => (Number(to === "sellable") - Number(from === "sellable")) * quantity)
    )
  return {
    quantity: sumOf(happened.map(({ kind, quantity }) => (signed[kind] ?? 0) * quantity)),
    stocked: sumOf(
      moments.slice(1).map((end, index) => {
        const begin = moments[index] ?? end
        return sellableAt(begin) > 0 ? end - begin : 0
      })
    )
  }
}

const textOf = (series: ReadonlyArray<DemandSeries>) =>
  series
    .map(({ product, location, quantities, inStock }) => {
      const shares = inStock.map((share) => share.toFixed(9))
      return `${product} at ${location}: ${quantities.join(" ")}, in stock ${shares.join(" ")}`
    })
    .join("\n")

const demandByPeriod: Trial = {
  title: "tells the demand of each period as its movements make it, and for which part of it there was stock",
  laws: ["H47"],
  run: ({ subject, effort }) =>
    checkProperty(fc.tuple(moves, periods), { runs: effort.runs, seed: effort.seed }, ([moved, distances]) =>
      withSession(subject, (session) =>
        Effect.gen(function* () {
          const here = yield* stockShelf(session, 0, "here", true)
          const there = yield* stockShelf(session, 0, "there")
          const shelves = [here, { product: here.product, location: there.location }, there]
          const now = yield* DateTime.now
          yield* commitBatch(session, submissionsOf(shelves, moved, now))
          const bounds = distances.map((milliseconds) => DateTime.add(now, { milliseconds }))
          const { movements } = yield* session.snapshot
          const all = [...Map.groupBy(movements, stockPlaceText).values()]
            .flatMap(([first, ...rest]) => {
              if (first === undefined) return []
              const parts = bounds.slice(1).map((end, index) => {
                const [from, to] = [bounds[index] ?? end, end].map(DateTime.toEpochMillis) as [number, number]
                const { quantity, stocked } = demandIn([first, ...rest], from, to)
                return { quantity, share: stocked / (to - from) }
              })
              const { product, location } = first
              const quantities = parts.map(({ quantity }) => quantity)
              return [{ product, location, quantities, inStock: parts.map(({ share }) => share) }]
            })
            .toSorted((a, b) => (stockPlaceText(a) < stockPlaceText(b) ? -1 : 1))
          for (const filter of [{}, { product: here.product }, { location: there.location }, here]) {
            const expected = all.filter(
              ({ product, location }) =>
                product === (("product" in filter && filter.product) || product) &&
                location === (("location" in filter && filter.location) || location)
            )
            const told: Array<DemandSeries> = []
            let cursor: string | undefined
            do {
              const page: Page<DemandSeries> = yield* Effect.orDie(
                session.inventory.read.demand({ ...filter, bounds }, { _tag: "Cursor", limit: 2, cursor })
              )
              told.push(...page.items)
              cursor = page.nextCursor ?? undefined
            } while (cursor !== undefined)
            yield* ensure(
              "H47",
              textOf(told) === textOf(expected),
              () =>
                `The demand between ${bounds.map(DateTime.formatIso).join(", ")} for ${JSON.stringify(filter)} is\n` +
                `${textOf(told)}\nwhile the movements make\n${textOf(expected)}`
            )
          }
        })
      )
    )
}

export const demandTrials: ReadonlyArray<Trial> = [demandByPeriod]
