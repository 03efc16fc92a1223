// A TCP proxy before PostgreSQL that misbehaves on demand. It reads the clients' frames, so that it knows the commit of
// a batch when one passes, and can lose it, bring it late, or lose the server's word on it.
import { connect, createServer, type Socket } from "node:net"

/** How a batch is committed: by the COMMIT of its transaction, or by one statement that is a transaction by itself. */
export type CommitWay = "transaction" | "statement"

/**
 * What happens to a commit that passes: it is forwarded, or lost, or forwarded and the answer lost; or its client's
 * connection ends at once, and it is forwarded later, when that client may have tried again.
 */
export type CommitFate = "forward" | "loseCommit" | "loseAnswer" | "bringLate"

/** What the proxy did, so that a test can tell that its fault really happened. */
export interface ProxyCounts {
  connections: number
  /** Commits that met another fate than to be forwarded; of those to be unheard or late, the server answered each. */
  readonly commitsHit: Record<CommitWay, number>
  /** Chunks that were sent on in pieces, or late. */
  chunksDisturbed: number
  /** Bytes that were swallowed by connections that stayed open. */
  bytesSwallowed: number
}

export interface TcpProxy {
  /** The database's URL through this proxy. */
  readonly url: string
  readonly counts: ProxyCounts
  /** Decides about each commit of a batch. */
  fateOf: (way: CommitWay) => CommitFate
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

/** The statement that writes a batch begins so; outside a transaction it is one by itself. */
const WRITES = "WITH w0 AS (UPDATE onhand.heads "

/** What a statement means for the commit of a batch. */
const meanings = ["BEGIN", "COMMIT", "ROLLBACK", WRITES] as const
type Meaning = (typeof meanings)[number]

/** Follows what a client sends and tells of each chunk which commit of a batch it carries. */
const makeCommitWatch = () => {
  const statements = new Map<string, Meaning>()
  let pending = Buffer.alloc(0)
  let started = false
  let [inTransaction, wrote] = [false, false]
  const run = (meaning: Meaning | undefined): CommitWay | undefined => {
    if (meaning === undefined) return undefined
    if (meaning === WRITES) {
      wrote = inTransaction
      return inTransaction ? undefined : "statement"
    }
    const committed = meaning === "COMMIT" && wrote
    inTransaction = meaning === "BEGIN"
    wrote = false
    return committed ? "transaction" : undefined
  }
  const commitIn = (frame: Buffer): CommitWay | undefined => {
    const { text: first, next } = textAt(frame, HEADER)
    if (frame[0] === PARSE) {
      const { text } = textAt(frame, next)
      const meaning = meanings.find((beginning) => text.startsWith(beginning))
      if (meaning === undefined) statements.delete(first)
      else statements.set(first, meaning)
    }
    // A Bind names its portal first.
    return frame[0] === BIND ? run(statements.get(textAt(frame, next).text)) : undefined
  }
  return (chunk: Buffer): CommitWay | undefined => {
    pending = Buffer.concat([pending, chunk])
    let found: CommitWay | undefined
    for (;;) {
      // The first frame has no type byte.
      const type = started ? 1 : 0
      if (pending.length < type + 4) return found
      const length = type + pending.readUInt32BE(type)
      if (pending.length < length) return found
      if (started) found = commitIn(pending.subarray(0, length)) ?? found
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

/** How late a commit comes that is brought late: its client has begun to try again by then. Milliseconds. */
const LATE = 700

interface Pair {
  readonly client: Socket
  readonly server: Socket
  frozen: boolean
  /** Set while a commit is still to be brought, whose client is gone. */
  bringing: boolean
}

const link = (proxy: TcpProxy, pair: Pair): void => {
  const { client, server } = pair
  const toServer = makeSender(proxy, server)
  const toClient = makeSender(proxy, client)
  const watch = makeCommitWatch()
  /** The commit whose answer no client will get. */
  let unheard: CommitWay | undefined
  const end = () => {
    client.resetAndDestroy()
    server.destroy()
  }
  const meet = (fate: CommitFate, way: CommitWay | undefined, chunk: Buffer) => {
    if (fate === "loseCommit" && way !== undefined) {
      proxy.counts.commitsHit[way]++
      return end()
    }
    if (fate !== "forward") unheard = way
    if (fate !== "bringLate") return toServer(chunk)
    pair.bringing = true
    client.resetAndDestroy()
    setTimeout(() => server.write(chunk), LATE)
  }
  client.on("data", (chunk: Buffer) => {
    const way = watch(chunk)
    if (pair.frozen) proxy.counts.bytesSwallowed += chunk.length
    else meet(way === undefined ? "forward" : proxy.fateOf(way), way, chunk)
  })
  server.on("data", (chunk: Buffer) => {
    if (unheard !== undefined) {
      // The server has answered, so the commit is on its disk; only its client will never hear of it.
      proxy.counts.commitsHit[unheard]++
      end()
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
    const pair: Pair = { client, server, frozen: proxy.unreachable, bringing: false }
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
        if (side === client ? !pair.bringing : !pair.frozen) other.destroy()
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
    counts: {
      connections: 0,
      commitsHit: { transaction: 0, statement: 0 },
      chunksDisturbed: 0,
      bytesSwallowed: 0
    },
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
