/**
 * Ids: UUIDs of version 7, which sort by the time they were made, so that new rows land together in an index.
 */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

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
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(millis / 2 ** 32))
  view.setUint32(2, millis % 2 ** 32)
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70)
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80)
  let text = ""
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-"
    text += HEX[bytes[i] ?? 0]
  }
  return text
}
