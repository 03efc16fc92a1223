/**
 * Workers: several processes that serve on one port. The first process makes ready what they share, starts them, starts
 * another for one that dies, and ends them when it is asked to end.
 */
import cluster, { type Worker } from "node:cluster"
import { createServer } from "node:net"
import { Console, Deferred, Effect, Schema } from "effect"
import { exitCode, exitCodes } from "./ExitCode.ts"
import { passMetricsOn } from "./WorkerMetrics.ts"

/** A worker that dies sooner than this after its start has met something that the next one will meet too. */
const SHORTEST_LIFE_MILLIS = 2_000

/** How many workers may die young before nothing more is tried. */
const MAX_YOUNG_DEATHS = 5

/** How long workers have to end after they were asked to: their own drain takes ten seconds at most. */
const END_TIMEOUT = "15 seconds"

/** Whether this process is one of the workers. */
export const isWorker: boolean = cluster.isWorker

// Not one of the settings, which begin with ONHAND_: those are for people.
const PORT_VARIABLE = "WORKER_PORT"

/** The port of this worker, where the first process was asked for any free one; else it is as that one was told. */
export const workerPort: number | undefined = Number(process.env[PORT_VARIABLE]) || undefined

/**
 * What tells workers to serve on a port that is free now. Should all of them die at once, those that follow would find
 * another free one, and nobody would find them.
 */
export const anyFreePort = (host: string): Effect.Effect<Record<string, string>> =>
  Effect.callback((resume) => {
    const probe = createServer()
    // An address that cannot be listened at is told by whoever listens at it.
    probe.once("error", () => resume(Effect.succeed({})))
    probe.listen(0, host, () => {
      const address = probe.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      probe.close(() => resume(Effect.succeed({ [PORT_VARIABLE]: String(port) })))
    })
  })

/** Workers end as soon as they are started; each has said why. */
export class WorkersDying extends Schema.TaggedError<WorkersDying>()("WorkersDying", {
  code: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String)
}) {
  /** That of the worker, which met what is wrong. */
  override readonly [exitCode] = this.code ?? exitCodes.failed
  override get message() {
    return `A worker ended soon after it was started (${this.signal ?? this.code})`
  }
}

// Each worker takes its connections from the port itself. Were they handed over by the first process, as is Node's way,
// one on its way to a worker that is killed would stay open for good without an answer; so it waits for the next one.
cluster.schedulingPolicy = cluster.SCHED_NONE

interface Workers {
  /** The port that they serve on. */
  readonly port: number
  /** Fails when they die as soon as they start. */
  readonly dying: Effect.Effect<never, WorkersDying>
}

const ended = (worker: Worker) =>
  Effect.callback<void>((resume) => {
    if (worker.isDead()) resume(Effect.void)
    else worker.once("exit", () => resume(Effect.void))
  })

/**
 * Starts workers for as long as the scope lives. Each runs this program with the same arguments, and with `environment`
 * beside its own; it is there once all of them serve.
 */
export const startWorkers = Effect.fnUntraced(function* (count: number, environment: Record<string, string>) {
  const serving = yield* Deferred.make<number, WorkersDying>()
  const dying = yield* Deferred.make<never, WorkersDying>()
  const tell = Effect.runForkWith(yield* Effect.context<never>())
  const workers = new Map<number, Worker>()
  let listening = 0
  let youngDeaths = 0
  let closing = false

  // One that follows another has its number, so that its metrics go on where those of the other ended.
  const start = (number: number): void => {
    const begun = performance.now()
    const worker = cluster.fork(environment)
    workers.set(number, worker)
    passMetricsOn(workers, worker)
    worker.once("listening", ({ port }) => {
      listening += 1
      if (listening >= count) Deferred.doneUnsafe(serving, Effect.succeed(port))
    })
    worker.once("exit", (code, signal) => {
      workers.delete(number)
      if (closing) return
      if (performance.now() - begun < SHORTEST_LIFE_MILLIS) youngDeaths += 1
      if (youngDeaths > MAX_YOUNG_DEATHS || !Deferred.isDoneUnsafe(serving)) {
        const failure = Effect.fail(new WorkersDying({ code, signal }))
        Deferred.doneUnsafe(serving, failure)
        Deferred.doneUnsafe(dying, failure)
        return
      }
      tell(Console.error(`onhand: worker ${worker.process.pid} ended (${signal ?? code}); another one is started`))
      start(number)
    })
  }

  yield* Effect.acquireRelease(
    Effect.sync(() => {
      for (let number = 1; number <= count; number++) start(number)
    }),
    () =>
      Effect.gen(function* () {
        closing = true
        for (const worker of workers.values()) worker.process.kill("SIGTERM")
        yield* Effect.forEach(workers.values(), ended, { concurrency: "unbounded" }).pipe(
          Effect.timeoutOption(END_TIMEOUT)
        )
        for (const worker of workers.values()) worker.process.kill("SIGKILL")
      })
  )
  const port = yield* Deferred.await(serving)
  return { port, dying: Deferred.await(dying) } satisfies Workers
})
