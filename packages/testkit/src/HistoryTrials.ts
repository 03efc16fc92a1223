/**
 * The model-based trials: random histories on the store and on the reference side by side.
 */
import { type DocumentKind, documentSteps, shorterSteps, simplerSteps, steps } from "./History.ts"
import { runHistory } from "./HistoryRun.ts"
import { checkProperty } from "./Property.ts"
import { rowLaws, withSession } from "./Session.ts"
import type { Trial, TrialInput } from "./Trial.ts"

const laws: Trial["laws"] = ["D24", "D21", "D22", "F33", ...rowLaws]

const tried = ({ subject, features, effort }: TrialInput, of: typeof steps, runs: number) => {
  const arbitrary = { features, timePasses: subject.time === "virtual" }
  return checkProperty(
    of({ ...arbitrary, maxLength: effort.historyLength }),
    {
      runs,
      seed: effort.seed,
      simpler: simplerSteps,
      shorter: (history) => shorterSteps(history, arbitrary)
    },
    (history) => withSession(subject, (session) => runHistory(session, history, { features, check: effort.check }))
  )
}

const documents = (kind: DocumentKind, needs: "carts" | "counts"): Trial => ({
  title: `keeps every law through what becomes of ${kind}, deciding as the reference does`,
  laws,
  needs,
  run: (input) => tried(input, (options) => documentSteps(kind, options), Math.ceil(input.effort.histories / 2))
})

export const historyTrials: ReadonlyArray<Trial> = [
  {
    title: "keeps every law through random histories, deciding as the reference does",
    laws,
    run: (input) => tried(input, steps, input.effort.histories)
  },
  documents("orders", "carts"),
  documents("counts", "counts")
]
