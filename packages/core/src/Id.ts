/**
 * Ids: UUIDs of version 7, which sort by the time they were made, so that new rows land together in an index.
 */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

// Random bytes are drawn for many ids at once: a call costs far more than the bytes.
const pool = new Uint8Array(4096)
let used = pool.length

/** A UUID of version 7 (RFC 9562 §5.7) for a time in milliseconds since 1970. */
export const uuidV7 = (millis: number): string => {
  if (used + 10 > pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  const random = (index: number) => pool[used + index] ?? 0
  const hex = (byte: number) => HEX[byte & 0xff]
  const high = Math.floor(millis / 2 ** 32)
  const low = millis >>> 0
  const text =
    `${hex(high >>> 8)}${hex(high)}${hex(low >>> 24)}${hex(low >>> 16)}-${hex(low >>> 8)}${hex(low)}-` +
    `${hex((random(0) & 0x0f) | 0x70)}${hex(random(1))}-${hex((random(2) & 0x3f) | 0x80)}${hex(random(3))}-` +
    `${hex(random(4))}${hex(random(5))}${hex(random(6))}${hex(random(7))}${hex(random(8))}${hex(random(9))}`
  used += 10
  return text
}
