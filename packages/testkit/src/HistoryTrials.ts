/**
 * The model-based trial: random histories on the store and on the reference side by side.
 */
import { steps } from "./History.ts"
import { runHistory } from "./HistoryRun.ts"
import { checkProperty } from "./Property.ts"
import { rowLaws, withSession } from "./Session.ts"
import type { Trial } from "./Trial.ts"

const histories: Trial = {
  title: "keeps every law through random histories, deciding as the reference does",
  laws: ["D24", "D21", "D22", "F33", ...rowLaws],
  run: ({ subject, features, effort }) =>
    checkProperty(
      steps({ features, maxLength: effort.historyLength, timePasses: subject.time === "virtual" }),
      { runs: effort.histories, seed: effort.seed },
      (history, diary) =>
        withSession(subject, (session) => runHistory(session, history, diary, { features, check: effort.check }))
    )
}

export const historyTrials: ReadonlyArray<Trial> = [histories]
