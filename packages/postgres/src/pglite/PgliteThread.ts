/**
 * The embedded database as seen from the thread that uses it: it starts the database's thread, carries the
 * sessions' bytes to it and back, and starts a new one when the database was lost.
 *
 * A lost backend is to the embedded database what a crash is to a PostgreSQL server: open transactions are
 * rolled back, connections end, and the next connection finds the database recovered from its log.
 */
import { Worker } from "node:worker_threads"
import { SessionStream } from "./SessionStream.ts"
import type { FromDatabase, ThreadTask, ToDatabase } from "./ThreadMessages.ts"

/**
 * The thread's stack. PostgreSQL allows itself 2 MB, yet each WebAssembly frame takes more on the real stack;
 * with less room than this, deep recursion kills the backend instead of failing its statement.
 */
const STACK_MEGABYTES = 32

/** How long closing may take before the thread is stopped, which loses nothing that was acknowledged. */
const CLOSE_TIMEOUT_MILLIS = 10_000

const start = (task: ThreadTask): Worker => {
  // The worker is the source beside this source, or the built file beside this built file.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
  return new Worker(new URL(`./PgliteWorker.${extension}`, import.meta.url), {
    name: "onhand-pglite",
    workerData: task,
    resourceLimits: { stackSizeMb: STACK_MEGABYTES }
  })
}

const ready = (worker: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.once("message", (message: FromDatabase) => {
      if (message._tag === "Ready") resolve()
      else reject(new Error(message._tag === "Failed" ? message.reason : `unexpected message ${message._tag}`))
    })
    worker.once("error", reject)
    worker.once("exit", () => reject(new Error("the database's thread ended before it was ready")))
  })

/** Makes a database in an empty folder, in a thread of its own that gives back the memory this takes. */
export const initialise = async (folder: string): Promise<void> => {
  const worker = start({ _tag: "Initialise", folder })
  const exited = new Promise((resolve) => worker.once("exit", resolve))
  try {
    await ready(worker)
  } finally {
    await exited
  }
}

/** A thread and the sessions that run on it. */
interface Running {
  readonly worker: Worker
  readonly streams: Map<number, SessionStream>
}

export class PgliteThread {
  readonly #folder: string
  #running: Running | undefined
  #lastSession = 0
  #closed = false

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Opens the database in a folder that holds one; rejects with PostgreSQL's words if it does not start. */
  static async open(folder: string): Promise<PgliteThread> {
    const thread = new PgliteThread(folder)
    await ready(thread.#started().worker)
    return thread
  }

  /** A new session. */
  stream(): SessionStream {
    if (this.#closed) {
      const refused = new SessionStream({ write: () => {}, end: () => {} })
      return refused.destroy(new Error("the embedded database is closed"))
    }
    const { streams, worker } = this.#started()
    const session = ++this.#lastSession
    const tell = (message: ToDatabase, transfer: ReadonlyArray<ArrayBuffer> = []) =>
      worker.postMessage(message, transfer)
    const stream = new SessionStream({
      write: (bytes) => tell({ _tag: "Bytes", session, bytes }, [bytes.buffer]),
      end: () => {
        if (streams.delete(session)) tell({ _tag: "End", session })
      }
    })
    streams.set(session, stream)
    tell({ _tag: "Open", session })
    return stream
  }

  /** How many times data was synced to disk since the database's thread started. */
  async syncs(): Promise<number> {
    const { worker } = this.#started()
    return new Promise((resolve) => {
      const listen = (message: FromDatabase) => {
        if (message._tag !== "Syncs") return
        worker.off("message", listen)
        resolve(message.count)
      }
      worker.on("message", listen)
      worker.postMessage({ _tag: "Syncs" } satisfies ToDatabase)
    })
  }

  /** Rolls back what is open, brings everything to disk and ends the thread. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#running === undefined) return
    const { worker } = this.#running
    const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MILLIS)
    await new Promise((resolve) => {
      worker.once("exit", resolve)
      worker.postMessage({ _tag: "Close" } satisfies ToDatabase)
    })
    clearTimeout(timer)
  }

  #started(): Running {
    if (this.#running !== undefined) return this.#running
    const running = {
      worker: start({ _tag: "Serve", folder: this.#folder }),
      streams: new Map<number, SessionStream>()
    }
    this.#running = running
    // From the first sign of its end a thread gets no new session. Those it has may still hear why they end.
    const forget = () => {
      if (this.#running === running) this.#running = undefined
    }
    const abandon = (reason: string) => {
      forget()
      const streams = [...running.streams.values()]
      running.streams.clear()
      for (const stream of streams) stream.destroy(new Error(reason))
    }
    running.worker.on("message", (message: FromDatabase) => {
      if (message._tag === "Bytes") running.streams.get(message.session)?.receive(message.bytes)
      else if (message._tag === "End") finish(running.streams, message.session)
      else if (message._tag === "Lost") forget()
      else if (message._tag === "Failed") abandon(message.reason)
    })
    running.worker.on("error", (cause) => abandon(String(cause)))
    running.worker.on("exit", () => abandon("the database's thread ended"))
    return running
  }
}

const finish = (streams: Map<number, SessionStream>, session: number): void => {
  const stream = streams.get(session)
  streams.delete(session)
  stream?.finish()
}
