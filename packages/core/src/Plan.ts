/**
 * Plans: what a command would do if it came now, decided on the rows as they are by the same code, and written nowhere.
 */
import type { Decided } from "./Batch.ts"
import type { ClaimEvent } from "./Claim.ts"
import type { Event } from "./Event.ts"
import type { Movement } from "./Movement.ts"
import type { Outcome, Submission } from "./Submission.ts"

/**
 * What would follow from a command: nothing where it would be refused, or where its key was answered before. Entries
 * stand at the places in the ledger that they would get if nothing came before them.
 */
export interface Consequences {
  readonly movements: ReadonlyArray<Movement>
  readonly claimEvents: ReadonlyArray<ClaimEvent>
  readonly events: ReadonlyArray<Event>
}

/** What would become of a submission, and what would follow from it. */
export interface Plan extends Consequences {
  readonly outcome: Outcome
}

/** The plan of the only submission of a batch that was decided and is not to be written. */
export const planOf = (submission: Submission, { outcomes, writes }: Decided): Plan => {
  const [outcome] = outcomes
  if (outcome === undefined) throw new Error("A batch of one has one outcome")
  // A batch also writes down lapsed holds; these are no consequence of the command.
  const own = writes.commands.find(({ record }) => record.key === submission.key)
  return {
    outcome,
    movements: own?.movements ?? [],
    claimEvents: own?.claimEvents ?? [],
    events: own?.events ?? []
  }
}
