// Plain node:http, and so Express: its request as a Request, and the Response as its reply.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { ReadableStream } from "node:stream/web"

type Handler = (request: Request) => Promise<Response>

const requestOf = (incoming: IncomingMessage, signal: AbortSignal): Request => {
  const method = incoming.method ?? "GET"
  const hasBody = method !== "GET" && method !== "HEAD"
  return new Request(`http://${incoming.headers.host ?? "localhost"}${incoming.url}`, {
    method,
    headers: Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]),
    signal,
    ...(hasBody ? { body: Readable.toWeb(incoming) as BodyInit, duplex: "half" } : {})
  })
}

const reply = async ({ status, headers, body }: Response, outgoing: ServerResponse): Promise<void> => {
  outgoing.writeHead(status, Object.fromEntries(headers))
  if (body === null) outgoing.end()
  else await pipeline(Readable.fromWeb(body as ReadableStream), outgoing)
}

/** A listener of `createServer`, or a middleware of Express that stands before any that reads bodies. */
export const listenerOf =
  (handler: Handler): RequestListener =>
  async (incoming, outgoing) => {
    // Who goes away ends what is under way for it, such as a stream of events.
    const gone = new AbortController()
    outgoing.on("close", () => gone.abort())
    try {
      await reply(await handler(requestOf(incoming, gone.signal)), outgoing)
    } catch {
      outgoing.destroy()
    }
  }
