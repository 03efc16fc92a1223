/**
 * Plans on several threads: forecasts are nothing but computing, so they go as fast as there are processors.
 */
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { type PlannedStock, type PlanTask, planStock } from "@onhand/core"
import { Effect, Pool } from "effect"

/** More threads than this wait for the store rather than for processors. */
const MAX_THREADS = 8

/** Built, the worker lies beside this file's bundle; from the sources it is read as it is written. */
const isBuilt = !import.meta.url.endsWith(".ts")
const workerFile = new URL(isBuilt ? "./PlanWorker.js" : "./PlanWorker.ts", import.meta.url)
const workerOptions = isBuilt ? {} : { execArgv: ["--conditions=onhand-source"] }

const makeWorker = Effect.acquireRelease(
  Effect.sync(() => new Worker(workerFile, workerOptions)),
  (worker) => Effect.promise(() => worker.terminate())
)

const ask = (worker: Worker, tasks: ReadonlyArray<PlanTask>) =>
  Effect.callback<ReadonlyArray<PlannedStock>>((resume) => {
    const end = (effect: Effect.Effect<ReadonlyArray<PlannedStock>>) => {
      worker.off("message", answered)
      worker.off("error", failed)
      resume(effect)
    }
    const answered = (plans: ReadonlyArray<PlannedStock>) => end(Effect.succeed(plans))
    const failed = (error: unknown) => end(Effect.die(error))
    worker.on("message", answered)
    worker.on("error", failed)
    worker.postMessage(tasks)
  })

/** Where tasks are planned, and how many groups of them at once. */
export interface PlanThreads {
  readonly plan: (tasks: ReadonlyArray<PlanTask>) => Effect.Effect<ReadonlyArray<PlannedStock>>
  readonly concurrency: number
}

/**
 * Threads for as long as the scope lives, as many as there are processors. The first group is planned here: a small
 * shop has no more, and would wait longer for a thread to start.
 */
export const planThreads = (threads = Math.min(MAX_THREADS, availableParallelism())) =>
  Effect.gen(function* () {
    const pool = yield* Pool.makeWithTTL({ acquire: makeWorker, min: 0, max: threads, timeToLive: "1 minute" })
    let groups = 0
    const plan: PlanThreads["plan"] = (tasks) =>
      Effect.suspend(() => {
        groups += 1
        return groups === 1 || threads < 2
          ? Effect.sync(() => tasks.map(planStock))
          : Effect.scoped(
              Effect.flatMap(Pool.get(pool), (worker) =>
                // A thread that broke is gone; the next one in need of it gets another.
                Effect.onError(ask(worker, tasks), () => Pool.invalidate(pool, worker))
              )
            )
      })
    const made: PlanThreads = { plan, concurrency: threads }
    return made
  })
