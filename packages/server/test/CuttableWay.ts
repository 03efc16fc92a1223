// A TCP proxy between a client and a server, or a server and its database, that loses connections on demand.
import { connect, createServer, type Server, type Socket } from "node:net"

/** A way to somewhere that can be cut. */
export const cuttable = async (target: URL) => {
  const open = new Set<Socket>()
  let isCut = false
  const server: Server = createServer((near) => {
    if (isCut) return near.destroy()
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
    return near
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = new URL(target)
  url.hostname = "127.0.0.1"
  url.port = String((server.address() as { readonly port: number }).port)
  return {
    url: url.href,
    cut: () => {
      isCut = true
      for (const socket of open) socket.destroy()
    },
    /** Ends what is open, and lets new connections through. */
    drop: () => {
      for (const socket of open) socket.destroy()
    },
    heal: () => {
      isCut = false
    },
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    }
  }
}
