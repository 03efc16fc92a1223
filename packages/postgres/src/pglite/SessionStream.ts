/**
 * The client's end of a session: the duplex stream that `@effect/sql-pg` takes for a socket.
 */
import { Duplex } from "node:stream"

export interface SessionStreamTarget {
  /** Takes bytes from the client; they belong to the target from now on. */
  readonly write: (bytes: Uint8Array<ArrayBuffer>) => void
  /** The client is gone; called once. */
  readonly end: () => void
}

export class SessionStream extends Duplex {
  readonly #target: SessionStreamTarget

  constructor(target: SessionStreamTarget) {
    super({ allowHalfOpen: false })
    this.#target = target
  }

  /** Gives the client bytes from the database. */
  receive(bytes: Uint8Array): void {
    if (!this.destroyed) this.push(bytes)
  }

  /** The database ended the session. What it said before is still read, then the stream closes. */
  finish(): void {
    if (!this.destroyed) this.push(null)
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A small chunk is often a view of a pooled buffer that its writer will use again, so it is copied.
    const whole = chunk.buffer instanceof ArrayBuffer && chunk.byteLength === chunk.buffer.byteLength
    this.#target.write(whole ? new Uint8Array(chunk.buffer as ArrayBuffer) : new Uint8Array(chunk))
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#target.end()
    done(error)
  }
}
