/**
 * Exit codes: what a script learns from how the program ended.
 */
import { Cause, Exit, Predicate, Runtime } from "effect"
import { CliError } from "effect/cli"

/** They are part of the interface: scripts branch on them, so none changes its meaning. */
export const exitCodes = {
  /** It did what was asked. */
  ok: 0,
  /** It ran, and the answer is bad: rows were refused, the books differ, or something broke. */
  failed: 1,
  /** Nothing was tried: the arguments, the environment or an input file are wrong. */
  usage: 2,
  /** The store cannot be opened or stopped answering: locked, damaged, not reachable. Later it may go. */
  store: 3,
  /** The address to serve on is taken, or may not be used. */
  address: 4,
  /** It was interrupted before it was done. */
  interrupted: 130
} as const

/** The mark by which an error says with which code the program ends. */
export const exitCode = Runtime.errorExitCode

/** The errors that other packages raise, and the code of each; errors of this package carry their own. */
const codesByTag: Readonly<Record<string, number>> = {
  FolderLocked: exitCodes.store,
  FolderDamaged: exitCodes.store,
  NotMigrated: exitCodes.store,
  StoreUnavailable: exitCodes.store,
  OutcomeUnknown: exitCodes.store,
  InvalidPeriods: exitCodes.usage,
  InvalidTable: exitCodes.usage,
  RoleNotLimited: exitCodes.usage,
  WeakTokenKey: exitCodes.usage
}

/** The code for the way a command ended. Asked-for help is fine; help that was shown for a wrong invocation is not. */
export const codeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return exitCodes.ok
  if (Cause.hasInterruptsOnly(exit.cause)) return exitCodes.interrupted
  const error = Cause.squash(exit.cause)
  if (CliError.isCliError(error)) {
    return error._tag === "ShowHelp" && error.errors.length === 0 ? exitCodes.ok : exitCodes.usage
  }
  if (Predicate.hasProperty(error, "_tag") && typeof error._tag === "string") {
    const known = codesByTag[error._tag]
    if (known !== undefined) return known
  }
  return Runtime.getErrorExitCode(error)
}
