// The processor time of processes, as Linux counts it: what a request costs, however busy the machine is otherwise.
import { readdirSync, readFileSync } from "node:fs"

/** What Linux counts processor time in, in microseconds. */
const TICK_MICROS = 10_000

interface Process {
  readonly parent: number
  /** Its own time and that of the children that have ended. */
  readonly ticks: number
}

// The fields after the name, which is in parentheses and may have any character: state, parent, …
const PARENT = 1
const TIMES = [11, 12, 13, 14]

const processOf = (pid: number): Process | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return { parent: Number(fields[PARENT]), ticks: TIMES.reduce((sum, field) => sum + Number(fields[field]), 0) }
  } catch {
    // It ended in the meantime; its parent has its time.
    return undefined
  }
}

/** The time that a process and all that came from it have taken so far, in microseconds. */
export const processMicros = (root: number): number => {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger)
  const processes = new Map(pids.flatMap((pid) => [[pid, processOf(pid)] as const]))
  const ticksOf = (pid: number): number => {
    let ticks = processes.get(pid)?.ticks ?? 0
    for (const [child, found] of processes) if (found?.parent === pid) ticks += ticksOf(child)
    return ticks
  }
  return ticksOf(root) * TICK_MICROS
}
