/**
 * Progress of long work on standard error: a bar that redraws itself on a terminal, a plain line now and then in a log.
 */
import { Clock, Effect, Stdio, Stream } from "effect"

/** How often the bar is redrawn, in milliseconds: smooth to the eye, and nothing beside the work. */
const REDRAW_EVERY = 100

/** How often a log gets a line, in milliseconds. */
const LOG_EVERY = 5_000

const BAR_WIDTH = 30

/** What the bar shows of the work. */
export interface Advance {
  /** How much of the whole is done, from 0 to 1. */
  readonly part: number
  readonly rows: number
}

export interface Progress {
  /** Shows how far the work is, unless it was shown just before. */
  readonly show: (advance: Advance) => Effect.Effect<void>
  /** Takes the bar away, so that what is printed next begins on a line of its own. */
  readonly clear: Effect.Effect<void>
}

const count = (value: number): string => Math.round(value).toLocaleString("en")

/** One line of progress, such as `[######----] 60 %  12,000 rows, 6,000 a second`. */
export const progressLine = ({ part, rows }: Advance, millis: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, part)) * BAR_WIDTH)
  const bar = `[${"#".repeat(full)}${"-".repeat(BAR_WIDTH - full)}]`
  const percent = `${Math.floor(part * 100)}`.padStart(3)
  const rate = millis === 0 ? "" : `, ${count((rows / millis) * 1000)} a second`
  return `${bar} ${percent} %  ${count(rows)} rows${rate}`
}

/** A bar for one piece of work that begins now. */
export const makeProgress = (label: string): Effect.Effect<Progress, never, Stdio.Stdio> =>
  Effect.gen(function* () {
    const stdio = yield* Stdio.Stdio
    const interactive = yield* stdio.stderrIsTerminal
    const started = yield* Clock.currentTimeMillis
    let shown = started
    // A terminal that went away is no reason to stop the work.
    const write = (text: string) => Stream.make(text).pipe(Stream.run(stdio.stderr()), Effect.ignore)
    return {
      show: (advance) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (now - shown < (interactive ? REDRAW_EVERY : LOG_EVERY)) return Effect.void
          shown = now
          const line = `${label} ${progressLine(advance, now - started)}`
          return write(interactive ? `\r${line}\u001b[K` : `${line}\n`)
        }),
      clear: interactive ? write("\r\u001b[K") : Effect.void
    }
  })
