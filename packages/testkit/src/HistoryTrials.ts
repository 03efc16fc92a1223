/**
 * The model-based trial: random histories on the store and on the reference side by side.
 */
import { shorterSteps, simplerSteps, steps } from "./History.ts"
import { runHistory } from "./HistoryRun.ts"
import { checkProperty } from "./Property.ts"
import { rowLaws, withSession } from "./Session.ts"
import type { Trial } from "./Trial.ts"

const histories: Trial = {
  title: "keeps every law through random histories, deciding as the reference does",
  laws: ["D24", "D21", "D22", "F33", ...rowLaws],
  run: ({ subject, features, effort }) => {
    const arbitrary = { features, timePasses: subject.time === "virtual" }
    return checkProperty(
      steps({ ...arbitrary, maxLength: effort.historyLength }),
      {
        runs: effort.histories,
        seed: effort.seed,
        simpler: simplerSteps,
        shorter: (history) => shorterSteps(history, arbitrary)
      },
      (history) => withSession(subject, (session) => runHistory(session, history, { features, check: effort.check }))
    )
  }
}

export const historyTrials: ReadonlyArray<Trial> = [histories]
