/**
 * Drafts of the commands on counts.
 */
import { type Count, CountId, type CountState } from "@onhand/core"
import * as fc from "fast-check"
import { condition, inPieces, locationId, locationPool, lotChoice, onceIn, productId, withLot } from "./Arbitraries.ts"
import { drafts, type Known, lines, type Meant, optional, pick, picked, present } from "./Draft.ts"

const NO_COUNT = { id: CountId.make("no-count"), location: locationPool[0]! }

/** The count that is meant: one in a state in which it can be, or any other where there is none. */
const meant = (known: Known, states: ReadonlyArray<CountState>, { pick, mixed = false }: Meant) => {
  const apt = known.counts.filter(({ state }) => states.includes(state))
  const { id, location } = picked<Pick<Count, "id" | "location">>(apt.length > 0 ? apt : known.counts, pick, NO_COUNT)
  return { count: id, location: mixed ? locationPool[1]! : location }
}

const countPick: fc.Arbitrary<Meant> = fc.record({ pick, mixed: onceIn(20, fc.constant(true)) })
const key = { product: productId, lot: lotChoice, condition: onceIn(5, condition) }
const plannedLines = fc.array(
  fc.record(key).map(({ lot, ...line }) => withLot(present(line), lot)),
  { maxLength: 3 }
)
const foundLine = fc
  .record({ ...key, quantity: fc.nat({ max: 12 }), reason: onceIn(3, fc.constant("shrinkage")) })
  .map(({ lot, ...line }) => inPieces(withLot(present(line), lot)))
const underWay = ["draft", "counting", "counted", "approved"] as const

/** Drafts of the commands on counts. */
export const countDrafts = [
  {
    arbitrary: drafts(
      "createCount",
      fc.record({
        location: locationId,
        lines: optional(plannedLines),
        blind: onceIn(3, fc.boolean()),
        policy: onceIn(3, fc.constantFrom("rebase" as const, "reject" as const)),
        draft: onceIn(4, fc.constant(true))
      }),
      (parts) => present(parts)
    ),
    weight: 2
  },
  drafts("startCount", countPick, (one, known) => meant(known, ["draft"], one)),
  {
    arbitrary: drafts(
      "recordCount",
      fc.record({ one: countPick, lines: lines(foundLine) }),
      ({ one, lines }, known) => ({
        ...meant(known, ["counting"], one),
        lines
      })
    ),
    weight: 4
  },
  {
    arbitrary: drafts(
      "finishCount",
      fc.record({ one: countPick, uncounted: optional(fc.constantFrom("zero" as const, "skip" as const)) }),
      ({ one, ...parts }, known) => present({ ...meant(known, ["counting"], one), ...parts })
    ),
    weight: 2
  },
  drafts(
    "recountLines",
    fc.record({ one: countPick, line: optional(fc.integer({ min: 1, max: 3 })) }),
    ({ one, line }, known) =>
      present({
        ...meant(known, ["counted", "approved"], one),
        lines: line === undefined ? undefined : ([line] as const)
      })
  ),
  {
    arbitrary: drafts("approveCount", countPick, (one, known) => meant(known, ["counted"], one)),
    weight: 3
  },
  {
    arbitrary: drafts("postCount", countPick, (one, known) => meant(known, ["approved"], one)),
    weight: 3
  },
  drafts("cancelCount", countPick, (one, known) => meant(known, underWay, one))
]
