/**
 * Trials of doubt: the connection dies while a commit is under way, and nobody knows what became of it. The engine asks
 * again, and whatever the store then says stays so.
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { type Fault, withFaults } from "./Faults.ts"
import { checkProperty } from "./Property.ts"
import { anotherEngine, checkRows, ensure, outcomeText, withSession } from "./Session.ts"
import { commitOne, sell, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

const UNITS = 6
const SALES = 9

/** Few, for the engine lets half a second pass after each. */
const doubts = fc.array(fc.constantFrom<Fault>("unknownApplied", "unknownLost", "rolledBack", "none"), {
  minLength: 1,
  maxLength: 3
})

const resolved: Trial = {
  title: "answers one way what nobody knew the outcome of, and lets each command take effect once",
  laws: ["F34"],
  run: ({ subject, effort }) =>
    checkProperty(doubts, { runs: Math.ceil(effort.runs / 2), seed: effort.seed }, (faults) =>
      withSession(subject, (session) =>
        Effect.scoped(
          Effect.gen(function* () {
            const shelf = yield* stockShelf(session, UNITS)
            const left = [...faults]
            const plan = { next: Effect.sync(() => left.shift() ?? "none"), isPoison: () => false }
            session.diary.note(`the batches that follow meet ${faults.join(", ")}`)
            const engine = yield* anotherEngine(withFaults(session.store, plan))
            const sales = Array.from({ length: SALES }, (_, sale) => sell(shelf, 1, `sale-${sale}`))
            const answers = yield* Effect.forEach(sales, (sale) => Effect.result(engine.submit(sale)), {
              concurrency: "unbounded"
            })
            const { movements } = yield* session.snapshot
            for (const [index, sale] of sales.entries()) {
              const answer = answers[index]
              const first = answer?._tag === "Success" ? answer.success : undefined
              const told = first === undefined ? "not answered" : outcomeText(sale, first)
              const moved = movements.filter(({ command }) => command === sale.key).length
              yield* ensure(
                "F34",
                first !== undefined && moved === (first._tag === "Applied" ? 1 : 0),
                () => `${sale.key} has ${moved} movements, and was ${told}`
              )
              const again = outcomeText(sale, yield* commitOne(session, sale))
              yield* ensure("F34", again === told, () => `${sale.key} was ${told}, and then ${again}`)
            }
            const after = yield* checkRows(session)
            yield* ensure(
              "F34",
              after.movements.length === UNITS + 1,
              () => `${UNITS} units were there, and ${after.movements.length - 1} were sold`
            )
          })
        )
      )
    )
}

export const doubtTrials: ReadonlyArray<Trial> = [resolved]
