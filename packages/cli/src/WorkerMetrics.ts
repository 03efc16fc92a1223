/**
 * Metrics of all workers: whichever of them is asked tells those of every one, each with the label `worker`. The first
 * process passes questions and answers on.
 */
import cluster, { type Worker } from "node:cluster"
import { Effect, Option, Schema } from "effect"

/** How long a worker may take to tell its metrics; one that is busy for longer is left out of this answer. */
const PATIENCE_MILLIS = 1_000

/** What goes between the processes: a question, an answer of one worker, and the answers of all. */
const Message = Schema.TaggedUnion({
  AskMetrics: { id: Schema.String },
  TellMetrics: { id: Schema.String, text: Schema.String },
  AllMetrics: { id: Schema.String, texts: Schema.Array(Schema.Tuple([Schema.Int, Schema.String])) }
})
type Message = typeof Message.Type

const decode = Schema.decodeUnknownOption(Message)

/** A message of ours among those of others, such as the cluster's own. */
const messageOf = (received: unknown): Message | undefined => Option.getOrUndefined(decode(received))

/** A sample of a worker: `name{worker="1",…} value`. */
const withLabel = (sample: string, worker: number): string => {
  const [name = ""] = sample.split(/[{ ]/, 1)
  const rest = sample.slice(name.length)
  const label = `worker="${worker}"`
  return rest.startsWith("{") ? `${name}{${label},${rest.slice(1)}` : `${name}{${label}}${rest}`
}

/** The texts of Prometheus as one: each family once, its samples with the number of the worker that they are of. */
export const mergeMetrics = (texts: ReadonlyArray<readonly [number, string]>): string => {
  const families = new Map<string, { readonly head: Set<string>; readonly samples: Array<string> }>()
  for (const [worker, text] of texts) {
    let name = ""
    for (const line of text.split("\n")) {
      if (line === "") continue
      if (line.startsWith("# ")) name = line.split(" ", 3)[2] ?? ""
      const family = families.get(name) ?? { head: new Set<string>(), samples: [] }
      families.set(name, family)
      if (line.startsWith("# ")) family.head.add(line)
      else family.samples.push(withLabel(line, worker))
    }
  }
  return [...families.values()].flatMap(({ head, samples }) => [...head, ...samples, ""]).join("\n")
}

/** In the first process: asks all workers what one of them wants to know. */
export const passMetricsOn = (workers: ReadonlyMap<number, Worker>, asking: Worker): void => {
  asking.on("message", (received: unknown) => {
    const asked = messageOf(received)
    if (asked?._tag !== "AskMetrics") return
    const { id } = asked
    const texts: Array<readonly [number, string]> = []
    const listeners = [...workers].map(([number, worker]) => {
      const listen = (answer: unknown) => {
        const told = messageOf(answer)
        if (told?._tag !== "TellMetrics" || told.id !== id) return
        texts.push([number, told.text])
        if (texts.length >= listeners.length) answerAll()
      }
      worker.on("message", listen)
      return () => worker.off("message", listen)
    })
    const answerAll = () => {
      clearTimeout(timer)
      for (const stop of listeners) stop()
      const all: Message = { _tag: "AllMetrics", id, texts: texts.toSorted(([a], [b]) => a - b) }
      if (asking.isConnected()) asking.send(all)
    }
    const timer = setTimeout(answerAll, PATIENCE_MILLIS)
    for (const worker of workers.values()) {
      if (worker.isConnected()) worker.send({ _tag: "AskMetrics", id } satisfies Message)
    }
  })
}

const tell = (message: Message): void => {
  process.send?.(message)
}

/** In a worker: tells its own metrics when it is asked, for as long as the process lives. */
export const tellMetrics = (own: Effect.Effect<string>): Effect.Effect<void> =>
  Effect.map(Effect.context<never>(), (context) => {
    cluster.worker?.on("message", (received: unknown) => {
      const asked = messageOf(received)
      if (asked?._tag !== "AskMetrics") return
      tell({ _tag: "TellMetrics", id: asked.id, text: Effect.runSyncWith(context)(own) })
    })
  })

/** In a worker: the metrics of all. */
export const allMetrics: Effect.Effect<string> = Effect.callback((resume) => {
  const id = crypto.randomUUID()
  const listen = (received: unknown) => {
    const told = messageOf(received)
    if (told?._tag !== "AllMetrics" || told.id !== id) return
    cluster.worker?.off("message", listen)
    resume(Effect.succeed(mergeMetrics(told.texts)))
  }
  cluster.worker?.on("message", listen)
  tell({ _tag: "AskMetrics", id })
  return Effect.sync(() => cluster.worker?.off("message", listen))
})
