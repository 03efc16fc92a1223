/**
 * The frames of the PostgreSQL wire protocol, version 3: cutting them out of a byte stream and building
 * the few that the embedded database answers by itself.
 *
 * A frame is one type byte, a big-endian length that counts itself but not the type byte, and the body.
 * Only the first frame of a session, the start-up packet, has no type byte.
 */

const text = new TextEncoder()
const utf8 = new TextDecoder()

/** The type bytes of the frames that are looked at here; everything else passes through unread. */
export const FrameType = {
  bind: 0x42, // B
  close: 0x43, // C, from a client
  commandComplete: 0x43, // C, from the backend
  describe: 0x44, // D, from a client
  errorResponse: 0x45, // E, from the backend
  flush: 0x48, // H
  notification: 0x41, // A
  parse: 0x50, // P
  query: 0x51, // Q
  readyForQuery: 0x5a, // Z
  sync: 0x53, // S
  terminate: 0x58 // X
} as const

/** Codes in place of a protocol version in a packet without a type byte. */
export const PacketCode = { cancel: 80877102, ssl: 80877103, gssEncryption: 80877104 } as const

export const readInt32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

/** The zero-terminated string at `from`, and where the byte after its terminator is. */
export const readCString = (bytes: Uint8Array, from: number): readonly [value: string, next: number] => {
  const end = bytes.indexOf(0, from)
  return [utf8.decode(bytes.subarray(from, end)), end + 1]
}

export const cstring = (value: string): Uint8Array => text.encode(`${value}\0`)

export const int32 = (value: number): Uint8Array =>
  new Uint8Array([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255])

/** One buffer of its own for all parts: nothing else refers to its memory, so it may be transferred. */
export const concat = (parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** The type byte and length of a frame whose body has `bodyLength` bytes. */
export const frameHead = (type: number, bodyLength: number): Uint8Array =>
  concat([new Uint8Array([type]), int32(bodyLength + 4)])

export const frame = (type: number, ...body: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> =>
  concat([
    frameHead(
      type,
      body.reduce((length, part) => length + part.length, 0)
    ),
    ...body
  ])

export const queryFrame = (sql: string): Uint8Array<ArrayBuffer> => frame(FrameType.query, cstring(sql))

/** The transaction status of a session: idle, in a transaction, in a failed transaction. */
export type TransactionStatus = "I" | "T" | "E"

export const readyForQuery = (status: TransactionStatus): Uint8Array =>
  frame(FrameType.readyForQuery, text.encode(status))

export const errorResponse = (severity: "ERROR" | "FATAL", sqlState: string, message: string): Uint8Array =>
  frame(
    FrameType.errorResponse,
    cstring(`S${severity}`),
    cstring(`V${severity}`),
    cstring(`C${sqlState}`),
    cstring(`M${message}`),
    new Uint8Array(1)
  )

/** What a server says after it accepted a start-up packet; `session` serves as the backend's process id. */
export const welcome = (session: number, secret: number): Uint8Array =>
  concat([
    frame(0x52, int32(0)),
    ...Object.entries({
      server_version: "18",
      client_encoding: "UTF8",
      DateStyle: "ISO, MDY",
      TimeZone: "UTC",
      integer_datetimes: "on",
      standard_conforming_strings: "on"
    }).map(([name, value]) => frame(0x53, cstring(name), cstring(value))),
    frame(0x4b, int32(session), int32(secret)),
    readyForQuery("I")
  ])

/**
 * Cuts frames out of chunks that may end anywhere. A frame inside one chunk is a view of it; a frame that
 * spans chunks is joined once, when its last byte is there, so that megabytes in small pieces stay linear.
 */
export class FrameReader {
  #chunks: Array<Uint8Array> = []
  #length = 0
  #frameLength = 0

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** How many bytes wait for the rest of their frame. */
  get pendingBytes(): number {
    return this.#length
  }

  /** The next whole frame; `typed` is false for the start-up packet, whose length comes first. */
  next(typed: boolean): Uint8Array | undefined {
    if (this.#frameLength === 0) {
      const head = this.#peek(typed ? 5 : 4)
      if (head === undefined) return undefined
      this.#frameLength = typed ? 1 + readInt32(head, 1) : readInt32(head, 0)
      if (this.#frameLength < (typed ? 5 : 8)) throw new RangeError("a frame is shorter than its own header")
    }
    if (this.#length < this.#frameLength) return undefined
    const whole = this.#peek(this.#frameLength)
    this.#consume(this.#frameLength)
    this.#frameLength = 0
    return whole
  }

  #peek(length: number): Uint8Array | undefined {
    if (this.#length < length) return undefined
    const first = this.#chunks[0]!
    if (first.length >= length) return first.subarray(0, length)
    if (length > 5) {
      this.#chunks = [concat(this.#chunks)]
      return this.#chunks[0]!.subarray(0, length)
    }
    return concat(this.#chunks.slice(0, length)).subarray(0, length)
  }

  #consume(length: number): void {
    this.#length -= length
    const first = this.#chunks[0]!
    if (first.length === length) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(length)
  }
}
