/**
 * One client session of the embedded database: it greets the client, gathers its frames into units of work
 * that end with Sync or Query, and gives its prepared statements names of their own.
 */

import { type StatementTrait, traitOf } from "./StatementTraits.ts"
import {
  concat,
  cstring,
  errorResponse,
  FrameReader,
  FrameType,
  frame,
  frameHead,
  PacketCode,
  queryFrame,
  readCString,
  readInt32,
  readyForQuery,
  type TransactionStatus,
  welcome
} from "./WireFrames.ts"

/** The largest unit of work: frames up to Sync. Larger ones are refused before they exhaust the 2 GiB WASM heap. */
export const MAX_UNIT_BYTES = 128 * 1024 * 1024

/** The client's side of a session. `send` hands over the buffer: the session does not touch it again. */
export interface SessionPeer {
  readonly send: (bytes: Uint8Array) => void
  readonly close: () => void
}

/** Frames that the backend runs in one go, and what they mean for the session they came from. */
export interface WorkUnit {
  readonly session: VirtualSession
  readonly bytes: Uint8Array
  readonly traits: ReadonlyArray<StatementTrait>
  /** When it was queued, in milliseconds of the monotonic clock. */
  readonly queuedAt: number
}

/** What a session asks of the place where all sessions meet. */
export interface SessionHost {
  /** Whether a session that has just introduced itself may stay; else why not. */
  readonly admit: (session: VirtualSession) => { readonly sqlState: string; readonly message: string } | undefined
  readonly enqueue: (unit: WorkUnit) => void
  readonly cancel: (sessionId: number, secret: number) => void
  readonly leave: (session: VirtualSession) => void
}

export class VirtualSession {
  readonly id: number
  readonly secret: number
  /** The channels this session listens to. */
  readonly channels = new Set<string>()
  closed = false
  readonly #host: SessionHost
  readonly #peer: SessionPeer
  readonly #reader = new FrameReader()
  #started = false
  #parts: Array<Uint8Array> = []
  #partsLength = 0
  #unitTraits: Array<StatementTrait> = []
  /** Named statements that the backend holds for this session; the few with a trait carry it. */
  readonly #statements = new Map<string, StatementTrait | undefined>()

  constructor(host: SessionHost, peer: SessionPeer, id: number, secret: number) {
    this.#host = host
    this.#peer = peer
    this.id = id
    this.secret = secret
  }

  /** Takes bytes from the client. The chunk must not be changed afterwards. */
  receive(chunk: Uint8Array): void {
    if (this.closed) return
    this.#reader.push(chunk)
    try {
      while (!this.closed) {
        const next = this.#reader.next(this.#started)
        if (next === undefined) break
        if (this.#started) this.#accept(next)
        else this.#greet(next)
      }
    } catch (cause) {
      this.fail("08P01", `cannot read the client's frames: ${String(cause)}`)
    }
    if (this.#reader.pendingBytes + this.#partsLength > MAX_UNIT_BYTES) {
      this.fail("54000", `a statement with its parameters must not exceed ${MAX_UNIT_BYTES} bytes`)
    }
  }

  send(bytes: Uint8Array): void {
    if (!this.closed) this.#peer.send(bytes)
  }

  /** Answers one unit with an error instead of running it; the session goes on. */
  refuse(sqlState: string, message: string, status: TransactionStatus): void {
    this.send(concat([errorResponse("ERROR", sqlState, message), readyForQuery(status)]))
  }

  /** Ends the session with a last word to the client. */
  fail(sqlState: string, message: string): void {
    this.send(errorResponse("FATAL", sqlState, message))
    this.close()
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#parts = []
    this.#peer.close()
    this.#host.leave(this)
  }

  /** The frames that make the backend forget this session; empty when it holds nothing of it. */
  farewell(inTransaction: boolean, unlisten: ReadonlyArray<string>): Uint8Array {
    const closes = [...this.#statements.keys()].map((name) =>
      frame(FrameType.close, new Uint8Array([FrameType.sync]), cstring(name))
    )
    return concat([
      ...(inTransaction ? [queryFrame("rollback")] : []),
      ...unlisten.map((channel) => queryFrame(`unlisten "${channel.replaceAll('"', '""')}"`)),
      ...(closes.length > 0 ? [...closes, frame(FrameType.sync)] : [])
    ])
  }

  #greet(packet: Uint8Array): void {
    const code = readInt32(packet, 4)
    if (code === PacketCode.ssl || code === PacketCode.gssEncryption) {
      this.send(new Uint8Array([0x4e])) // N: go on without
    } else if (code === PacketCode.cancel) {
      this.#host.cancel(readInt32(packet, 8), readInt32(packet, 12))
      this.close()
    } else {
      this.#started = true
      const refusal = this.#host.admit(this)
      if (refusal === undefined) this.send(welcome(this.id, this.secret))
      else this.fail(refusal.sqlState, refusal.message)
    }
  }

  #accept(next: Uint8Array): void {
    const type = next[0]!
    // Everything the backend has to say is sent at Sync, so there is nothing to flush.
    if (type === FrameType.flush) return
    if (type === FrameType.terminate) {
      this.close()
      return
    }
    for (const part of this.#rewritten(next, type)) {
      this.#parts.push(part)
      this.#partsLength += part.length
    }
    if (type === FrameType.sync || type === FrameType.query) this.#completeUnit()
  }

  #completeUnit(): void {
    const traits = this.#unitTraits
    const refused = traits.find((trait) => trait._tag === "Refused")
    this.#host.enqueue({
      session: this,
      bytes: refused === undefined ? concat(this.#parts) : queryFrame(refused.refusal),
      traits,
      queuedAt: performance.now()
    })
    this.#parts = []
    this.#partsLength = 0
    this.#unitTraits = []
  }

  /** The frame with its statement's name made this session's own, in parts so that its body is not copied. */
  #rewritten(next: Uint8Array, type: number): ReadonlyArray<Uint8Array> {
    switch (type) {
      case FrameType.parse: {
        const [name, at] = readCString(next, 5)
        this.#statements.set(this.#own(name), traitOf(readCString(next, at)[0], false))
        return name === "" ? [next] : this.#renamed(type, [cstring(this.#own(name)), next.subarray(at)])
      }
      case FrameType.bind: {
        const [portal, statementAt] = readCString(next, 5)
        const [name, at] = readCString(next, statementAt)
        const trait = this.#statements.get(this.#own(name))
        if (trait !== undefined) this.#unitTraits.push(trait)
        return name === ""
          ? [next]
          : this.#renamed(type, [cstring(portal), cstring(this.#own(name)), next.subarray(at)])
      }
      case FrameType.describe:
      case FrameType.close: {
        const [name] = readCString(next, 6)
        if (next[5] !== FrameType.sync || name === "") return [next] // a portal
        if (type === FrameType.close) this.#statements.delete(this.#own(name))
        return this.#renamed(type, [next.subarray(5, 6), cstring(this.#own(name))])
      }
      case FrameType.query: {
        const trait = traitOf(readCString(next, 5)[0], true)
        if (trait !== undefined) this.#unitTraits.push(trait)
        return [next]
      }
      default:
        return [next]
    }
  }

  #own(name: string): string {
    return name === "" ? "" : `${this.id}_${name}`
  }

  #renamed(type: number, body: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> {
    return [
      frameHead(
        type,
        body.reduce((length, part) => length + part.length, 0)
      ),
      ...body
    ]
  }
}
