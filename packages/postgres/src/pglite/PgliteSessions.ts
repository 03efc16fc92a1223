/**
 * Many client sessions on the one backend of the embedded database.
 *
 * Sessions take turns a unit of work at a time. A session inside a transaction owns the backend until the
 * transaction ends, since the backend has only one; the others wait in the order they came. So transactions
 * are serial here, and whatever takes a row lock gets it at once.
 */
import { randomInt } from "node:crypto"
import { type SessionHost, type SessionPeer, VirtualSession, type WorkUnit } from "./VirtualSession.ts"
import { concat, FrameType, queryFrame, readCString, readInt32, type TransactionStatus } from "./WireFrames.ts"

/** How many sessions may be open; each costs prepared statements in the backend. A pool of ours uses 8. */
export const MAX_SESSIONS = 100

/** How many units may wait. Beyond it clients are told at once that they should come back later. */
export const MAX_WAITING_UNITS = 1000

/** How long a unit waits for other sessions' transactions before it fails as by `lock_timeout`. */
export const MAX_WAIT_MILLIS = 30_000

/** How long units run on end before the thread looks at what has arrived meanwhile. */
const SLICE_MILLIS = 8

/** Where units run. A backend that rejects, or whose answer is cut short, is lost with all its sessions. */
export interface Backend {
  /** Runs frames of whole messages and gives everything the backend answered. */
  readonly execute: (frames: Uint8Array) => Promise<Uint8Array>
}

export interface PgliteSessionsOptions {
  /** Called once when the backend is lost, before its sessions are told. */
  readonly onLost?: (reason: string) => void
  readonly maxWaitMillis?: number
  readonly maxWaitingUnits?: number
}

export class PgliteSessions implements SessionHost {
  readonly #backend: Backend
  readonly #options: PgliteSessionsOptions
  readonly #sessions = new Set<VirtualSession>()
  #waiting: Array<WorkUnit> = []
  #owner: VirtualSession | undefined
  #pumping: Promise<void> | undefined
  #lost: string | undefined
  #lastId = 0
  #expiry: ReturnType<typeof setTimeout> | undefined

  constructor(backend: Backend, options: PgliteSessionsOptions = {}) {
    this.#backend = backend
    this.#options = options
  }

  open(peer: SessionPeer): VirtualSession {
    const session = new VirtualSession(this, peer, ++this.#lastId, randomInt(2 ** 31))
    this.#sessions.add(session)
    return session
  }

  /** Ends every session, rolling back what is open; done when the backend is at rest. */
  async close(): Promise<void> {
    for (const session of [...this.#sessions]) session.fail("57P01", "the embedded database is closing")
    clearTimeout(this.#expiry)
    while (this.#pumping !== undefined) await this.#pumping
  }

  admit(): { readonly sqlState: string; readonly message: string } | undefined {
    if (this.#lost !== undefined) return { sqlState: "57P02", message: this.#lost }
    return this.#sessions.size > MAX_SESSIONS
      ? { sqlState: "53300", message: `the embedded database takes at most ${MAX_SESSIONS} sessions` }
      : undefined
  }

  enqueue(unit: WorkUnit): void {
    if (this.#waiting.length >= (this.#options.maxWaitingUnits ?? MAX_WAITING_UNITS)) {
      // An answer out of order would be taken for the answer to what this session has sent before.
      const pipelining = this.#owner === unit.session || this.#waiting.some(({ session }) => session === unit.session)
      const message = `${this.#waiting.length} statements wait for the embedded database already`
      if (pipelining) unit.session.fail("53300", message)
      else unit.session.refuse("53300", message, "I")
      return
    }
    this.#waiting.push(unit)
    this.#watchWaiting()
    this.#wake()
  }

  /** Takes a waiting unit back. What already runs cannot be stopped: the backend holds its thread. */
  cancel(sessionId: number, secret: number): void {
    const unit = this.#waiting.find(({ session }) => session.id === sessionId && session.secret === secret)
    if (unit === undefined || unit.session === this.#owner) return
    this.#waiting.splice(this.#waiting.indexOf(unit), 1)
    unit.session.refuse("57014", "canceling statement due to user request", "I")
  }

  leave(session: VirtualSession): void {
    this.#sessions.delete(session)
    this.#waiting = this.#waiting.filter((unit) => unit.session !== session)
    if (this.#lost !== undefined) return
    const unlisten = [...session.channels].filter((channel) => !this.#isListenedTo(channel))
    const bytes = session.farewell(this.#owner === session, unlisten)
    if (bytes.length === 0) return
    const traits = unlisten.map((channel) => ({ _tag: "Unlisten" as const, channel }))
    this.#waiting.push({ session, bytes, traits, queuedAt: Number.POSITIVE_INFINITY })
    this.#wake()
  }

  #isListenedTo(channel: string): boolean {
    for (const session of this.#sessions) if (session.channels.has(channel)) return true
    return false
  }

  /** Where the unit that may run next waits; -1 if none may. */
  #nextIndex(): number {
    if (this.#owner !== undefined) return this.#waiting.findIndex((unit) => unit.session === this.#owner)
    return this.#waiting.length > 0 ? 0 : -1
  }

  #takeNext(): WorkUnit | undefined {
    const index = this.#nextIndex()
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
  }

  #wake(): void {
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined
      if (this.#nextIndex() >= 0) this.#wake()
    })
  }

  async #pump(): Promise<void> {
    let sliceEnd = performance.now() + SLICE_MILLIS
    try {
      for (let unit = this.#takeNext(); unit !== undefined; unit = this.#takeNext()) {
        const succeeded = this.#deliver(unit, await this.#backend.execute(unit.bytes))
        if (succeeded && unit.traits.length > 0) await this.#applyTraits(unit)
        if (unit.session.closed) this.#rollBackAfter(unit.session)
        if (performance.now() < sliceEnd) continue
        await new Promise((resume) => setImmediate(resume))
        sliceEnd = performance.now() + SLICE_MILLIS
      }
    } catch (cause) {
      // Emscripten throws plain objects with a message too.
      const message = typeof cause === "object" && cause !== null && "message" in cause ? cause.message : cause
      this.#lose(`the embedded backend stopped: ${message}`)
    }
  }

  /** Sends an answer to its session and the notifications in it to their listeners; false if it is an error. */
  #deliver(unit: WorkUnit, answer: Uint8Array): boolean {
    const own: Array<Uint8Array> = []
    let ownFrom = 0
    let status: TransactionStatus | undefined
    let failed = false
    for (let at = 0; at < answer.length; ) {
      const end = at + 1 + readInt32(answer, at + 1)
      const type = answer[at]
      if (type === FrameType.notification) {
        if (ownFrom < at) own.push(answer.subarray(ownFrom, at))
        ownFrom = end
        this.#notify(answer.slice(at, end))
      } else if (type === FrameType.errorResponse) failed = true
      status =
        type === FrameType.readyForQuery ? (String.fromCharCode(answer[at + 5]!) as TransactionStatus) : undefined
      at = end
    }
    // A backend that stopped (out of stack, PANIC, FATAL) answers in part and never says that it is ready.
    if (status === undefined) throw new Error(lastWords(answer))
    this.#owner = status === "I" ? undefined : unit.session
    if (ownFrom === 0) unit.session.send(answer)
    else unit.session.send(concat([...own, answer.subarray(ownFrom)]))
    return !failed
  }

  #notify(notification: Uint8Array): void {
    const [channel] = readCString(notification, 9)
    // Each listener gets bytes of its own, because sending may give their buffer away.
    for (const session of this.#sessions) if (session.channels.has(channel)) session.send(notification.slice())
  }

  async #applyTraits(unit: WorkUnit): Promise<void> {
    const { channels } = unit.session
    for (const trait of unit.traits) {
      if (trait._tag === "Listen") channels.add(trait.channel)
      if (trait._tag !== "Unlisten") continue
      const dropped = trait.channel === undefined ? [...channels] : [trait.channel]
      for (const channel of dropped) {
        channels.delete(channel)
        // The backend stopped listening for everyone, so it starts again for the others.
        if (this.#isListenedTo(channel)) await this.#backend.execute(listenFrame(channel))
      }
    }
  }

  /** A session that left while its unit ran may have left a transaction open. */
  #rollBackAfter(session: VirtualSession): void {
    if (this.#owner !== session || this.#waiting.some((unit) => unit.session === session)) return
    this.#waiting.push({ session, bytes: queryFrame("rollback"), traits: [], queuedAt: Number.POSITIVE_INFINITY })
  }

  /** Units that wait too long fail; one timer serves them all, because the oldest comes first. */
  #watchWaiting(): void {
    if (this.#expiry !== undefined) return
    const maxWait = this.#options.maxWaitMillis ?? MAX_WAIT_MILLIS
    const first = this.#waiting.find((unit) => unit.session !== this.#owner)
    if (first === undefined || first.queuedAt === Number.POSITIVE_INFINITY) return
    const expire = () => {
      this.#expiry = undefined
      const tooOld = performance.now() - maxWait
      const expired = this.#waiting.filter((unit) => unit.queuedAt <= tooOld && unit.session !== this.#owner)
      this.#waiting = this.#waiting.filter((unit) => !expired.includes(unit))
      for (const { session } of expired) {
        session.refuse("55P03", `waited ${maxWait} ms for transactions of other sessions`, "I")
      }
      this.#watchWaiting()
    }
    this.#expiry = setTimeout(expire, Math.max(1, first.queuedAt + maxWait - performance.now()))
    this.#expiry.unref()
  }

  #lose(reason: string): void {
    this.#lost = reason
    this.#waiting = []
    this.#owner = undefined
    this.#options.onLost?.(reason)
    for (const session of [...this.#sessions]) session.fail("57P02", reason)
  }
}

const listenFrame = (channel: string): Uint8Array => queryFrame(`listen "${channel.replaceAll('"', '""')}"`)

/** The message of the last error in an answer that was cut short. */
const lastWords = (answer: Uint8Array): string => {
  let message = "it ended in the middle of a statement"
  for (let at = 0; at < answer.length; at += 1 + readInt32(answer, at + 1)) {
    if (answer[at] !== FrameType.errorResponse) continue
    for (let field = at + 5; answer[field] !== 0; ) {
      const [value, next] = readCString(answer, field)
      if (value.startsWith("M")) message = value.slice(1)
      field = next
    }
  }
  return message
}
