/**
 * Trials of repair: what somebody changes past a store is named, and made again what the ledger says.
 */
import { stockKeyText } from "@onhand/core"
import { Effect } from "effect"
import { difference } from "./Difference.ts"
import { rowsText } from "./RawReaders.ts"
import { ensure } from "./Session.ts"
import { fillStore, mustAnswer, overHistories, stockShelf } from "./Setup.ts"
import type { Trial } from "./Trial.ts"

const A_DAY = 24 * 60 * 60 * 1000

const repair: Trial = {
  title: "names every balance and claim that somebody changed past it, and makes it what the ledger says",
  laws: ["G42"],
  needs: "tamper",
  run: (input) =>
    overHistories(input, (session, history) =>
      Effect.gen(function* () {
        if (session.tamper === undefined) return
        yield* fillStore(session, input, history)
        if (input.features.claims) {
          // Many a history ends without an open claim.
          const lines = [{ ...(yield* stockShelf(session, 5)), quantity: 2 }] as const
          yield* mustAnswer(
            "G42",
            "A hold of stock that is there",
            session.inventory.holdStock({ lines, ttlMillis: A_DAY })
          )
        }
        const before = yield* session.snapshot
        yield* session.tamper
        const { balances, claims } = yield* session.snapshot
        const { differences } = yield* mustAnswer("G42", "verify", session.inventory.read.verify)
        const named = new Set(differences.map(({ key, claim }) => claim ?? stockKeyText(key)))
        const kept = new Set([...before.balances, ...before.claims].map((row) => JSON.stringify(row)))
        const changed = [
          ...balances.filter((row) => !kept.has(JSON.stringify(row))).map(stockKeyText),
          ...claims.filter((row) => !kept.has(JSON.stringify(row))).map(({ id }) => id)
        ]
        const unseen = changed.filter((name) => !named.has(name))
        yield* ensure("G42", unseen.length === 0, () => `verify does not name ${unseen.join(", ")}`)
        const { left } = yield* mustAnswer("G42", "rebuild", session.inventory.rebuild)
        yield* ensure("G42", left.length === 0, () => `rebuild leaves ${JSON.stringify(left)}`)
        const after = yield* session.snapshot
        // A hold of the history may have lapsed meanwhile, where time is real; else all is as it was.
        if (after.claimEvents.length > before.claimEvents.length) return
        const [was, is] = [rowsText(before, ["balances", "claims"]), rowsText(after, ["balances", "claims"])]
        yield* ensure("G42", was === is, () => difference(is.split("\n"), was.split("\n")))
      })
    )
}

export const repairTrials: ReadonlyArray<Trial> = [repair]
