// `onhand serve` as a process of its own, which can be killed.
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** How a process ended: its exit code, or the signal that ended it. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Running {
  readonly pid: number
  /** Everything printed so far, on standard output and standard error. */
  readonly printed: () => string
  /** The URL, when the line `ready: <url>` has come; fails if the process ends before. */
  readonly ready: Promise<string>
  readonly ended: Promise<Ended>
  readonly kill: (signal: NodeJS.Signals) => void
}

const running = (child: ChildProcess): Running => {
  let text = ""
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }))
  })
  const ready = new Promise<string>((resolve, reject) => {
    let isReady = false
    const listen = (chunk: Buffer) => {
      text += chunk.toString()
      // Under load the log grows by a line a request: what is found once is not looked for again.
      const url = isReady ? undefined : /^ready: (\S+)\n/m.exec(text)?.[1]
      if (url === undefined) return
      isReady = true
      resolve(url)
    }
    child.stdout?.on("data", listen)
    child.stderr?.on("data", listen)
    void ended.then(() => reject(new Error(`the server ended before it was ready:\n${text}`)))
  })
  // Not everybody waits for it; a process that shall fail is judged by how it ended.
  ready.catch(() => {})
  return { pid: child.pid ?? 0, printed: () => text, ready, ended, kill: (signal) => void child.kill(signal) }
}

/** Starts a program from its source, in an environment of nothing but what is given. */
export const startProgram = (
  file: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): Running =>
  running(
    spawn(process.execPath, ["--conditions=onhand-source", file, ...args], {
      env: { ...environment },
      stdio: ["ignore", "pipe", "pipe"]
    })
  )

/** Starts `onhand` so. */
export const startOnhand = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}): Running =>
  startProgram(main, args, environment)
