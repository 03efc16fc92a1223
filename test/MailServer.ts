// A mail server on this machine that keeps what it receives, and can be told to refuse.
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { SMTPServer } from "smtp-server"

/** A mail as it came over the wire. */
export interface ReceivedMail {
  readonly from: string
  readonly to: ReadonlyArray<string>
  readonly source: string
  readonly header: (name: string) => string | undefined
  /** What it says, without its headers, with soft line breaks joined and encoded characters decoded. */
  readonly text: string
}

const decoded = (body: string): string =>
  Buffer.from(
    body
      .replace(/=\r?\n/g, "")
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1"
  ).toString("utf8")

const parsed = (from: string, to: ReadonlyArray<string>, source: string): ReceivedMail => {
  const end = source.indexOf("\r\n\r\n")
  const headers = source.slice(0, end).replace(/\r\n[ \t]+/g, " ")
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(headers)?.[1]?.trim()
  const body = source.slice(end + 4)
  return {
    from,
    to,
    source,
    header,
    text: /quoted-printable/i.test(header("Content-Transfer-Encoding") ?? "") ? decoded(body) : body
  }
}

/** Starts one. `refusal` gives the code with which a mail is refused, if it is. */
export const startMailServer = async (refusal: (to: ReadonlyArray<string>) => number | undefined = () => undefined) => {
  const received: Array<ReceivedMail> = []
  const waiting: Array<() => void> = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    logger: false,
    onData: (stream, session, done) => {
      const chunks: Array<Buffer> = []
      stream.on("data", (chunk: Buffer) => chunks.push(chunk))
      stream.on("end", () => {
        const from = session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address
        const to = session.envelope.rcptTo.map(({ address }) => address)
        const code = refusal(to)
        if (code !== undefined) return done(Object.assign(new Error("not now"), { responseCode: code }))
        received.push(parsed(from, to, Buffer.concat(chunks).toString("utf8")))
        done()
        for (const wake of waiting.splice(0)) wake()
      })
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server.server, "listening")
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    /** Waits until that many mails have come. */
    count: async (wanted: number) => {
      while (received.length < wanted) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve()))
  }
}
