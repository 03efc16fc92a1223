/**
 * The laws: what must hold for any store, whatever happens to it. They are data, so that a message can name the one
 * that broke, and a test can say which one catches which fault.
 */
import { Schema } from "effect"

/**
 * Each law by its number. A: arithmetic, B: no overselling, C: claims, D: commands, E: order, F: durability, G: time
 * and reads, H: commerce.
 */
export const laws = {
  A1: "a balance is the sum of its movements and claim events",
  A2: "the versions of a stock key are 1 to n, without gap or duplicate",
  A3: "each ledger entry continues from the one before it",
  A4: "stock comes from somewhere and goes somewhere: the sum over all places is zero",
  A6: "every quantity is a whole number above zero that numbers hold exactly",
  B7: "nothing is ever below zero, nor more claimed than there is",
  B8: "of N takers of S units exactly min(N, S) succeed",
  B9: "the lines of a command are judged on their sum",
  B10: "a shortage reports what truly was available",
  B11: "what was available is not refused",
  C12: "held and committed are the sums of the open claims",
  C13: "a claim gives back or uses up no more than it held",
  C14: "committing a hold never fails for lack of stock",
  C15: "of commit, release and expiry exactly one ends a hold",
  C16: "a hold binds until the very instant of its expiry, and not after it",
  D18: "all entries of a command share its place in the ledger",
  D19: "a refused command changes nothing",
  D20: "an applied command that moves stock has its movements",
  D21: "the same key with the same payload takes effect once and is answered the same",
  D22: "the same key with another payload is refused and changes nothing",
  D23: "a refusal is stored and replayed",
  D24: "every command is decided as the reference decides it",
  D25: "a batch gives what its commands give one by one",
  D26: "a refused command changes no other's outcome in its batch",
  E27: "no update is lost: every seq belongs to one command",
  E28: "reads never go back, and see their own writes",
  E29: "of several writers that expect one version, at most one succeeds",
  E30: "the history of a stock key is linearizable",
  E31: "deciding the ledger again in order of seq gives every stored reply",
  E32: "commands over many keys neither deadlock nor starve",
  F33: "every acknowledged command is there, and nothing that was never submitted",
  F34: "an unknown outcome turns out one way and stays so",
  F35: "the ledger only grows: nothing in it is changed or removed",
  G37: "stock as of a time is the sum of the movements by then, whenever it is asked",
  G38: "recorded time strictly rises with seq",
  G39: "a read tells what the rows say",
  G40: "pages over a growing list give each entry exactly once, in order",
  G41: "what verify recomputes is what is kept",
  G42: "what was changed past the store is named by verify, and made right by rebuild",
  H42: "events are what was committed: told once, in order, with the right levels",
  H43: "a reader of the feed misses nothing and gets nothing twice",
  H44: "what a transfer says of its lines is what was moved for it, and only a ready one claims stock",
  H45: "what an order says of its lines is what was moved for it, and it claims at most what is open",
  H46: "a cart becomes at most one order",
  H47: "the demand of a period is what was sold in it less what came back, and an empty shelf is known as one",
  H48: "low stock is raised and cleared once each time its threshold is crossed",
  H49: "a posted count moved its differences, once, and no other count moved anything",
  H50: "what a purchase order says of its lines is what was received for it, within its tolerance",
  H51: "no claim and no sale takes a lot that has expired or was recalled",
  H52: "who leaves the lot open gets the lots that expire first",
  H53: "all that came in of a lot is where its trace says: on a shelf, on its way, or with a customer",
  H54: "a plan says what then happens, and changes nothing",
  H55: "an explanation adds up to the level that it explains",
  H57: "a movement is reversed at most once, by its exact inverse",
  H58: "the sales of a period are what was sold and came back in it, at the prices of their orders",
  H59: "the value of stock is what came in less what went out at its cost, wherever it is and through any period",
  H60: "what a threshold raised has one notification until it is cleared, and none is left open after that",
  H61: "a notification is what its events say that became of it, raised once and resolved at most once",
  H62: "what is promised beyond what is there is what the policy of its place lets",
  H63: "what an order waits for is open and unclaimed, and it claims at each location at most what it has there"
} as const

export type LawId = keyof typeof laws

/**
 * A law that did not hold, with what shows it. `history` is what was done until then: the shortest that breaks the law,
 * where `again` says how to see it again.
 */
export class LawBroken extends Schema.TaggedError<LawBroken>()("LawBroken", {
  law: Schema.Literals(Object.keys(laws) as ReadonlyArray<LawId>),
  detail: Schema.String,
  history: Schema.optionalKey(Schema.Array(Schema.String)),
  again: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const { law, detail, history = [], again } = this
    const heading = again === undefined ? "What was done:" : "The shortest history found:"
    const told = history.length === 0 ? [] : ["", heading, ...history]
    const hint = again === undefined ? [] : history.length === 0 ? ["", again] : [again]
    return [`Law ${law} is broken: ${laws[law]}.`, detail, ...told, ...hint].join("\n")
  }
}

/** A finding: which law, and what shows it. */
export interface Finding {
  readonly law: LawId
  readonly detail: string
}

/** A check of a snapshot alone, or of one together with the snapshot before it. It lists what breaks the law. */
export interface LedgerLaw<Evidence> {
  readonly law: LawId
  readonly findings: (evidence: Evidence) => ReadonlyArray<string>
}
