// Clients of the live feed, and what each was told, by the places that events have in the ledger.
import { get, type IncomingMessage } from "node:http"
import { connect } from "node:net"
import { NodeWS } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { LAST_LINE } from "@onhand/core"
import type { Session } from "./HttpLoad.ts"

/** The events of each shard in their order, each as its seq, its line and its name. */
export type EventsByShard = Map<number, Array<string>>

/** Adds an event to those of its shard. */
export const addEvent = (all: EventsByShard, shard: number, event: string): void => {
  const before = all.get(shard)
  if (before === undefined) all.set(shard, [event])
  else before.push(event)
}

/** The shards of an id, such as `0-12-3.1-4-0`, each with its seq and line. */
const placesIn = (id: string): ReadonlyMap<number, readonly [seq: number, line: number]> =>
  new Map(
    id === ""
      ? []
      : id.split(".").map((part) => {
          const [shard = 0, seq = 0, line = 0] = part.split("-").map(Number)
          return [shard, [seq, line]]
        })
  )

/** What a follower was told, whatever its connections. */
export class Told {
  readonly events: EventsByShard = new Map()
  readonly name: string
  /** The id of the last event: where the next connection goes on. */
  place = ""
  count = 0
  connections = 0
  /** What went otherwise than it should, in words. */
  readonly wrong: Array<string> = []

  constructor(name: string) {
    this.name = name
  }

  /** An event came. Its id is one step, in one shard, from the one before: so the id alone tells which event it is. */
  take(id: string, tag: string): void {
    const before = placesIn(this.place)
    const steps = [...placesIn(id)].filter(([shard, [seq, line]]) => {
      const [seqBefore, lineBefore] = before.get(shard) ?? []
      // A line after the last stands for the end of a command, past others that told of no event; none lies there.
      return (seq !== seqBefore || line !== lineBefore) && line !== LAST_LINE
    })
    const [step] = steps
    if (step === undefined || steps.length > 1) this.wrong.push(`from ${this.place} to ${id}: ${steps.length} steps`)
    else addEvent(this.events, step[0], `${step[1][0]}-${step[1][1]} ${tag}`)
    this.place = id
    this.count++
  }
}

/** Reads frames of Server-Sent Events as they come, whatever the chunks. */
const readFrames = (reply: IncomingMessage, take: (id: string, tag: string) => void): void => {
  let text = ""
  reply.setEncoding("utf8")
  reply.on("data", (chunk: string) => {
    text += chunk
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const frame = text.slice(0, end)
      text = text.slice(end + 2)
      const [, id] = /^id: (.*)$/m.exec(frame) ?? []
      const [, tag] = /^event: (.*)$/m.exec(frame) ?? []
      if (id !== undefined && tag !== undefined) take(id, tag)
    }
  })
}

/** One connection of Server-Sent Events, dropped by its reader after so many milliseconds. */
export const streamFor = ({ url, token }: Session, told: Told, millis: number): Promise<void> =>
  new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, "last-event-id": told.place }
    const sent = get(`${url}/api/v1/events`, { agent: false, headers }, (reply) => {
      if (reply.statusCode === 200) told.connections++
      else told.wrong.push(`refused with ${reply.statusCode}`)
      reply.on("error", () => {})
      readFrames(reply, (id, tag) => told.take(id, tag))
    })
    const timer = setTimeout(() => sent.destroy(), millis)
    sent.on("error", () => {})
    sent.on("close", () => {
      clearTimeout(timer)
      resolve()
    })
  })

const openSocket = ({ url, token }: Session, after: string) =>
  new NodeWS.WebSocket(`${url.replace("http", "ws")}/api/v1/ws?after=${encodeURIComponent(after)}`, ["onhand.v1"], {
    headers: { authorization: `Bearer ${token}` }
  })

/** One connection over a WebSocket, dropped without a farewell. */
export const socketFor = (session: Session, told: Told, millis: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = openSocket(session, told.place)
    const timer = setTimeout(() => socket.terminate(), millis)
    socket.on("open", () => {
      told.connections++
    })
    socket.on("unexpected-response", (_, reply) => {
      told.wrong.push(`refused with ${reply.statusCode}`)
      socket.terminate()
    })
    socket.on("message", (text) => {
      const { id, event }: { readonly id: string; readonly event?: string } = JSON.parse(String(text))
      if (event !== undefined) told.take(id, event)
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      clearTimeout(timer)
      resolve()
    })
  })

/** A reader that has stopped reading. */
export interface Stalled {
  /** Reads what is still there, to the end of the connection: how many events there were. */
  readonly readOn: () => Promise<number>
}

/** Follows over Server-Sent Events, and stops reading at once. */
export const stallStream = async ({ url, token }: Session): Promise<Stalled> => {
  const reader = connect(Number(new URL(url).port), "127.0.0.1")
  reader.on("error", () => {})
  const cut = new Promise<void>((resolve) => reader.once("close", () => resolve()))
  reader.write(`GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  const begun = await new Promise<string>((resolve) => reader.once("data", (data) => resolve(String(data))))
  assert.match(begun, /^HTTP\/1.1 200 /)
  reader.pause()
  return {
    readOn: async () => {
      let events = 0
      reader.on("data", (data) => {
        events += String(data).split("\nevent: ").length - 1
      })
      reader.resume()
      await cut
      return events
    }
  }
}

/** Follows over a WebSocket, and stops reading at once. */
export const stallSocket = async (session: Session): Promise<Stalled> => {
  const socket = openSocket(session, "")
  socket.on("error", () => {})
  const cut = new Promise<void>((resolve) => socket.once("close", () => resolve()))
  await new Promise<void>((resolve) => socket.once("open", () => resolve()))
  socket.pause()
  return {
    readOn: async () => {
      let events = 0
      socket.on("message", () => {
        events++
      })
      socket.resume()
      await cut
      return events
    }
  }
}
