// A receiver of webhooks on this machine, which keeps what it is sent and answers what the test says.
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"

export interface ReceivedMessage {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An answer: its status, and where it would redirect to. */
export interface Answer {
  readonly status: number
  readonly location?: string
}

/** Starts one. `answer` is asked for each message. */
export const startReceiver = async (
  answer: (message: ReceivedMessage, nth: number) => Answer = () => ({ status: 200 })
) => {
  const received: Array<ReceivedMessage> = []
  const waiting: Array<() => void> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const message = {
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8")
      }
      received.push(message)
      const { status, location } = answer(message, received.length)
      response.writeHead(status, location === undefined ? {} : { location }).end("thanks")
      for (const wake of waiting.splice(0)) wake()
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    /** Waits until as many messages as wanted are of a kind. */
    until: async (wanted: number, isMeant: (message: ReceivedMessage) => boolean = () => true) => {
      while (received.filter(isMeant).length < wanted) await new Promise<void>((resolve) => waiting.push(resolve))
      return received.filter(isMeant)
    },
    stop: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    }
  }
}
