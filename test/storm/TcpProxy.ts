// A TCP proxy before PostgreSQL that misbehaves on demand. It reads the clients' frames, so that it knows a COMMIT when
// one passes, and can lose it, or only the server's word on it.
import { connect, createServer, type Socket } from "node:net"

/** What happens to a COMMIT that passes: it is forwarded, or lost, or forwarded and the answer lost. */
export type CommitFate = "forward" | "loseCommit" | "loseAnswer"

/** What the proxy did, so that a test can tell that its fault really happened. */
export interface ProxyCounts {
  connections: number
  commits: number
  commitsLost: number
  answersLost: number
  /** Chunks that were sent on in pieces, or late. */
  chunksDisturbed: number
  /** Bytes that were swallowed by connections that stayed open. */
  bytesSwallowed: number
}

export interface TcpProxy {
  /** The database's URL through this proxy. */
  readonly url: string
  readonly counts: ProxyCounts
  /** Decides about each COMMIT, the first being number 1. */
  fateOf: (commit: number) => CommitFate
  /** Bytes in the pieces that everything is sent on in, and how late each chunk is, in milliseconds. */
  pieceBytes: number
  delayMillis: () => number
  /** Stops forwarding on every open connection, and closes none. Says how many there were. */
  readonly freeze: () => number
  /** Resets every open connection. Says how many there were. */
  readonly cut: () => number
  /** While set, new connections are accepted, and nothing of them is forwarded. */
  unreachable: boolean
  readonly close: () => Promise<void>
}

/** A long chunk is sent in so many pieces at most: byte by byte it would take the whole test. */
const MAX_PIECES = 200

const PARSE = 0x50
const BIND = 0x42
const HEADER = 5

const textAt = (frame: Buffer, from: number): { readonly text: string; readonly next: number } => {
  const end = frame.indexOf(0, from)
  return { text: frame.toString("utf8", from, end), next: end + 1 }
}

/** Follows what a client sends and tells of each chunk whether it carries the COMMIT of a transaction. */
const makeCommitWatch = () => {
  const commits = new Set<string>()
  let pending = Buffer.alloc(0)
  let started = false
  const carriesCommit = (frame: Buffer): boolean => {
    if (frame[0] === PARSE) {
      const { text: name, next } = textAt(frame, HEADER)
      if (textAt(frame, next).text === "COMMIT") commits.add(name)
      else commits.delete(name)
    }
    if (frame[0] !== BIND) return false
    const { next } = textAt(frame, HEADER)
    return commits.has(textAt(frame, next).text)
  }
  return (chunk: Buffer): boolean => {
    pending = Buffer.concat([pending, chunk])
    let found = false
    for (;;) {
      // The first frame has no type byte.
      const type = started ? 1 : 0
      if (pending.length < type + 4) return found
      const length = type + pending.readUInt32BE(type)
      if (pending.length < length) return found
      if (started) found = carriesCommit(pending.subarray(0, length)) || found
      started = true
      pending = pending.subarray(length)
    }
  }
}

/** Sends chunks on in order, whole or in pieces, at once or late. */
const makeSender = (proxy: TcpProxy, target: Socket) => {
  let last = Promise.resolve()
  let queued = 0
  const send = async (chunk: Buffer, delay: number): Promise<void> => {
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    const piece = Math.max(proxy.pieceBytes, Math.ceil(chunk.length / MAX_PIECES))
    for (let at = 0; at < chunk.length && target.writable; at += piece) {
      target.write(chunk.subarray(at, at + piece))
      // A turn of the loop between pieces, lest the system joins them again.
      if (at + piece < chunk.length) await new Promise((resolve) => setImmediate(resolve))
    }
    queued--
  }
  return (chunk: Buffer): void => {
    const delay = proxy.delayMillis()
    if (queued === 0 && delay === 0 && chunk.length <= proxy.pieceBytes) {
      target.write(chunk)
      return
    }
    proxy.counts.chunksDisturbed++
    queued++
    last = last.then(() => send(chunk, delay))
  }
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  frozen: boolean
}

const link = (proxy: TcpProxy, pair: Pair): void => {
  const { client, server } = pair
  const toServer = makeSender(proxy, server)
  const toClient = makeSender(proxy, client)
  const watch = makeCommitWatch()
  let answerLost = false
  client.on("data", (chunk: Buffer) => {
    const fate = watch(chunk) ? proxy.fateOf(++proxy.counts.commits) : "forward"
    if (pair.frozen) {
      proxy.counts.bytesSwallowed += chunk.length
    } else if (fate === "loseCommit") {
      proxy.counts.commitsLost++
      client.resetAndDestroy()
      server.destroy()
    } else {
      answerLost ||= fate === "loseAnswer"
      toServer(chunk)
    }
  })
  server.on("data", (chunk: Buffer) => {
    if (answerLost) {
      // The server has answered, so the commit is on its disk; only its client will never hear of it.
      proxy.counts.answersLost++
      client.resetAndDestroy()
      server.destroy()
    } else if (pair.frozen) {
      proxy.counts.bytesSwallowed += chunk.length
    } else {
      toClient(chunk)
    }
  })
}

/** Starts a proxy before the PostgreSQL at a URL. */
export const startProxy = async (target: string): Promise<TcpProxy> => {
  const { hostname, port } = new URL(target)
  const pairs = new Set<Pair>()
  const listener = createServer((client) => {
    const server = connect({ host: hostname, port: Number(port), noDelay: true })
    const pair: Pair = { client, server, frozen: proxy.unreachable }
    proxy.counts.connections++
    pairs.add(pair)
    client.setNoDelay(true)
    for (const [side, other] of [
      [client, server],
      [server, client]
    ] as const) {
      // Errors are followed by close, which is handled.
      side.on("error", () => {})
      side.on("close", () => {
        pairs.delete(pair)
        if (!pair.frozen || side === client) other.destroy()
      })
    }
    link(proxy, pair)
  })
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
  const address = listener.address()
  const url = new URL(target)
  url.port = String(typeof address === "object" && address !== null ? address.port : 0)
  const proxy: TcpProxy = {
    url: url.href,
    counts: { connections: 0, commits: 0, commitsLost: 0, answersLost: 0, chunksDisturbed: 0, bytesSwallowed: 0 },
    fateOf: () => "forward",
    pieceBytes: Number.POSITIVE_INFINITY,
    delayMillis: () => 0,
    unreachable: false,
    freeze: () => {
      for (const pair of pairs) pair.frozen = true
      return pairs.size
    },
    cut: () => {
      const open = [...pairs]
      for (const { client, server } of open) {
        client.resetAndDestroy()
        server.destroy()
      }
      return open.length
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        for (const { client, server } of pairs) {
          client.destroy()
          server.destroy()
        }
      })
  }
  return proxy
}
