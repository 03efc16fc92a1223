// Runs the program as a terminal would, inside this process: its exit code, and what it printed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Console, Effect, Layer, Stdio } from "effect"
import { codeOf } from "../src/ExitCode.ts"
import { runOnhand } from "../src/Program.ts"

/** A console that keeps what is printed on it. */
export const capture = () => {
  const out: Array<string> = []
  const err: Array<string> = []
  const console: Console.Console = {
    ...globalThis.console,
    log: (...texts) => void out.push(texts.join(" ")),
    error: (...texts) => void err.push(texts.join(" "))
  }
  return { console, out: () => out.join("\n"), err: () => err.join("\n") }
}

/** What an effect prints: the lines on standard output, and what is on standard error. */
export const printedBy = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const { console, out, err } = capture()
  return Effect.map(Effect.provideService(effect, Console.Console, console), () => ({
    lines: out() === "" ? [] : out().split("\n"),
    err: err()
  }))
}

/** Everything the commands ask of the platform, away from this process's own terminal. */
export const platform = Layer.mergeAll(NodeServices.layer, Stdio.layerTest({}))

/** Runs `onhand` with arguments in an environment of its own. */
export const run = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const printed = capture()
    const exit = yield* Effect.exit(runOnhand(args)).pipe(
      Effect.provide(platform),
      Effect.provideService(Console.Console, printed.console),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(environment))
    )
    return { code: codeOf(exit), out: printed.out(), err: printed.err() }
  })

/** A folder that is gone with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "onhand-cli-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** A file in a folder, from its lines. */
export const writeLines = (folder: string, name: string, lines: ReadonlyArray<string>): string => {
  const file = join(folder, name)
  writeFileSync(file, `${lines.join("\n")}\n`)
  return file
}
