/**
 * Trials of lots: when one is gone, and whether all that came in of it is found again.
 */
import { Effect, Option } from "effect"
import { lotTracked } from "./Arbitraries.ts"
import { ensure, type Session } from "./Session.ts"
import { fillStore, overHistories } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

const outside = new Set<string>(["supplier", "opening", "adjustment", "scrap"])

/** Items of a page: few, so that a short history has several pages. */
const PAGE = 3

const traced = (session: Session) =>
  Effect.gen(function* () {
    const { read } = session.inventory
    const { movements } = yield* session.snapshot
    for (const lot of ["A", "B", "C"]) {
      const key = { product: lotTracked, lot }
      const trace = Option.getOrUndefined(yield* read.lotTrace(key))
      if (trace === undefined) continue
      let found = 0
      for (const { sellable, qualityControl, damaged, quarantine } of trace.places) {
        found += sellable + qualityControl + damaged + quarantine
      }
      let cursor: string | undefined
      do {
        const page = yield* read.lotRecipients(key, { _tag: "Cursor", limit: PAGE, cursor })
        for (const { sold, returned } of page.items) found += sold - returned
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      const own = movements.filter((movement) => movement.product === lotTracked && movement.lot === lot)
      const sum = (into: (place: string) => boolean) =>
        own.reduce((total, { from, to, quantity }) => total + (Number(into(to)) - Number(into(from))) * quantity, 0)
      // What was sent by hand belongs to no transfer, and is on its way all the same.
      const [came, sent] = [-sum((place) => outside.has(place)), sum((place) => place === "transit")]
      yield* ensure(
        "H53",
        found + sent === came,
        () => `Of lot ${lot} ${came} came in, its trace has ${found}, and ${sent} are on their way`
      )
      const onItsWay = trace.inTransit.reduce((total, { quantity }) => total + quantity, 0)
      const byTransfers = own
        .filter(({ source }) => source?.type === "transfer")
        .reduce((total, { from, to, quantity }) => {
          return total + (Number(to === "transit") - Number(from === "transit")) * quantity
        }, 0)
      yield* ensure(
        "H53",
        onItsWay === byTransfers,
        () => `Of lot ${lot} ${byTransfers} are on their way in transfers, its trace has ${onItsWay}`
      )
    }
  })

const traces: Trial = {
  title: "finds again all that came in of a lot, on shelves, on its way and with customers",
  laws: ["H53"],
  run: (input) =>
    overHistories(input, (session, history) =>
      Effect.gen(function* () {
        yield* fillStore(session, input, history)
        yield* traced(session).pipe(Effect.catchTags({ StoreUnavailable: Effect.die, InvalidCursor: Effect.die }))
      })
    )
}

export const lotTrials: ReadonlyArray<Trial> = [traces]
