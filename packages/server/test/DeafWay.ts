// A TCP proxy between a server and its PostgreSQL through which no notification passes, as behind many a pooler.
import { connect, createServer } from "node:net"

/** The type of PostgreSQL's message to a session that something was notified. */
const NOTIFICATION = "A".charCodeAt(0)
const HEADER_BYTES = 5

/** The whole messages of a server that may pass, and what is there of the next. */
const withoutNotifications = (bytes: Buffer) => {
  const kept: Array<Buffer> = []
  let dropped = 0
  let at = 0
  while (bytes.length - at >= HEADER_BYTES) {
    const end = at + 1 + bytes.readUInt32BE(at + 1)
    if (end > bytes.length) break
    if (bytes[at] === NOTIFICATION) dropped++
    else kept.push(bytes.subarray(at, end))
    at = end
  }
  return { kept: Buffer.concat(kept), dropped, rest: bytes.subarray(at) }
}

/** A way to a database that drops notifications and counts them. */
export const deafWay = async (database: string) => {
  const url = new URL(database)
  const { hostname, port } = url
  let dropped = 0
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.on("error", () => far.destroy()).on("close", () => far.destroy())
    far.on("error", () => near.destroy()).on("close", () => near.destroy())
    near.pipe(far)
    let rest: Buffer = Buffer.alloc(0)
    far.on("data", (chunk) => {
      const passed = withoutNotifications(Buffer.concat([rest, chunk]))
      rest = passed.rest
      dropped += passed.dropped
      near.write(passed.kept)
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  url.hostname = "127.0.0.1"
  url.port = String((proxy.address() as { readonly port: number }).port)
  return { url: url.href, dropped: () => dropped, close: () => void proxy.close() }
}
