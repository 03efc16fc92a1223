/**
 * Trials: what is done to a store to see whether a law holds. A trial names the laws it can catch, so that the kit runs
 * the same ones in a test runner and, one by one, against the stores that it must find broken.
 */

import type { Store } from "@onhand/core"
import type { Effect, Layer } from "effect"
import type { Features } from "./History.ts"
import type { LawBroken, LawId } from "./Law.ts"
import type { RawReaders } from "./RawReaders.ts"
import type { Subject } from "./Session.ts"

/** How much is tried. */
export interface Effort {
  /** Random histories of the model-based trial. */
  readonly histories: number
  /** The most commands of one history. */
  readonly historyLength: number
  /** Runs of every other property. */
  readonly runs: number
  /** Callers at once in the races. */
  readonly callers: number
  /** Whether all rows are checked after every batch of a history, or once at its end. */
  readonly check: "batch" | "end"
  readonly seed?: number | undefined
}

/** What a trial is given. */
export interface TrialInput {
  readonly subject: Subject
  readonly features: Features
  readonly effort: Effort
  /** A layer that opens one and the same store each time it is built, where the store can be opened again. */
  readonly reopenable?: (() => Layer.Layer<Store | RawReaders, unknown>) | undefined
}

export interface Trial {
  readonly title: string
  readonly laws: ReadonlyArray<LawId>
  /** The feature without which there is nothing to try; or that the store opens again, or has `tamper`. */
  readonly needs?: keyof Features | "reopen" | "tamper"
  readonly run: (input: TrialInput) => Effect.Effect<void, LawBroken>
}
