/**
 * Replay: a ledger decided anew from its records, one command after the other, as proof that order and replies follow.
 */
import { type CommandRecord, commandsByTag, makeMemoryStore, replay, type Submission } from "@onhand/core"
import { Effect } from "effect"
import type { LedgerSnapshot } from "./RawReaders.ts"
import { outcomeText } from "./Session.ts"
import { makeVirtualClock } from "./VirtualClock.ts"

/** The submission that a record was made of. What it kept secret is empty; no decision depends on what it was. */
const submissionOfRecord = (record: CommandRecord): Submission | undefined => {
  const definition = commandsByTag.get(record.tag)
  if (definition === undefined) return undefined
  const { key, id, actor, occurredAt, payloadText } = record
  return {
    key,
    definition,
    payload: definition.codec.decodePayload(JSON.parse(record.payloadText)),
    payloadText,
    id,
    actor,
    occurredAt
  }
}

/**
 * An outcome without which holds it found lapsed. A batch writes that down for all that it might look at; one by one,
 * its commands may look at less in the end, or at more before they know better, and so another command comes first.
 */
const withoutLapses = (outcome: string): string => outcome.replaceAll(/"expired":\[[^\]]*\]/g, '"expired":[]')

/**
 * Decides a ledger again, command by command in the order it gives, at the times it gives, and tells where a reply
 * differs from the one that is stored. That holds lapsed is repeated too, where it did not happen by itself already.
 */
export const replayBySeq = (snapshot: LedgerSnapshot, shards: number): Effect.Effect<ReadonlyArray<string>> => {
  const { clock, provide, advance } = makeVirtualClock(0)
  return Effect.gen(function* () {
    const { store } = yield* makeMemoryStore({ shards })
    const found: Array<string> = []
    const ordered = snapshot.commands.toSorted((a, b) => a.recordedMicros - b.recordedMicros || a.seq - b.seq)
    for (const record of ordered) {
      const submission = submissionOfRecord(record)
      if (submission === undefined) continue
      yield* advance(Math.floor(record.recordedMicros / 1000) - clock.currentTimeMillisUnsafe())
      const [outcome] = yield* Effect.orDie(store.transact([submission]))
      const stored = outcomeText(submission, replay(record, submission))
      const decided = outcome === undefined ? "nothing" : outcomeText(submission, outcome)
      if (withoutLapses(stored) === withoutLapses(decided)) continue
      found.push(`${record.shard}-${record.seq}, ${record.tag} ${record.payloadText}\n  is ${stored}\n  but ${decided}`)
    }
    return found
  }).pipe(provide)
}
