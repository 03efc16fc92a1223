/**
 * Ids: UUIDs of version 7, which sort by the time they were made, so that new rows land together in an index.
 */

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

// Random bytes are drawn for many ids at once: a call costs far more than the bytes.
const pool = new Uint8Array(4096)
let used = pool.length

const randomBytes = (length: number): Uint8Array => {
  if (used + length > pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  used += length
  return pool.slice(used - length, used)
}

/** A UUID of version 7 (RFC 9562 §5.7) for a time in milliseconds since 1970. */
export const uuidV7 = (millis: number): string => {
  const bytes = randomBytes(16)
  new DataView(bytes.buffer).setUint16(0, Math.floor(millis / 2 ** 32))
  new DataView(bytes.buffer).setUint32(2, millis % 2 ** 32)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const text = hex(bytes)
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-")
}
