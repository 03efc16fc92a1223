/**
 * The mailer over SMTP.
 */
import { DeliveryFailed, type Mail, Mailer } from "@onhand/core"
import { Effect, Layer, Predicate, Redacted, Schema } from "effect"
import { createTransport } from "nodemailer"

/** A mail server and who writes to whom. */
export interface SmtpSettings {
  /**
   * The server, such as `smtps://user:password@mail.example.com` (TLS from the start, port 465) or
   * `smtp://mail.example.com` (port 587; TLS as soon as the server offers it, and always before a password is sent).
   */
  readonly url: Redacted.Redacted<string>
  /** The sender: an address, or `Onhand <stock@example.com>`. */
  readonly from: string
  /** The addresses of those who get a mail that does not say who gets it. */
  readonly to: ReadonlyArray<string>
}

/** The URL is not one of a mail server. It may hold a password, so it is not quoted. */
export class InvalidSmtpUrl extends Schema.TaggedError<InvalidSmtpUrl>()("InvalidSmtpUrl", {}) {
  override get message() {
    return "This is no URL of a mail server; smtp://user:password@host:587 or smtps://host is accepted"
  }
}

/** Each step of a conversation with the server may take this long, in milliseconds. */
const STEP_MILLIS = 10_000

const optionsOf = (text: string) => {
  const url = URL.parse(text)
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === "") return undefined
  const secure = url.protocol === "smtps:"
  const user = decodeURIComponent(url.username)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    // A password in clear text is for everybody on the way to read.
    requireTLS: !secure && user !== "",
    ...(user === "" ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: STEP_MILLIS,
    greetingTimeout: STEP_MILLIS,
    socketTimeout: STEP_MILLIS,
    // What a mail says is text; nothing of it names a file or an address to fetch from.
    disableFileAccess: true,
    disableUrlAccess: true
  }
}

/** Whether the server refused the mail itself, its receivers or its content, for good. */
const isLasting = (error: unknown): boolean =>
  Predicate.hasProperty(error, "responseCode") &&
  Number(error.responseCode) >= 500 &&
  Predicate.hasProperty(error, "code") &&
  (error.code === "EENVELOPE" || error.code === "EMESSAGE")

const addressOf = (from: string): string => /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from

/**
 * Sends mail through a server. A mail that is sent again has the same Message-ID, by which mail programs know it for
 * the same.
 */
export const layerSmtp = ({ url, from, to }: SmtpSettings): Layer.Layer<Mailer, InvalidSmtpUrl> =>
  Layer.effect(
    Mailer,
    Effect.gen(function* () {
      const options = optionsOf(Redacted.value(url))
      if (options === undefined) return yield* new InvalidSmtpUrl()
      const domain = addressOf(from).split("@").at(-1) ?? "localhost"
      const transport = createTransport(options)
      yield* Effect.addFinalizer(() => Effect.sync(() => transport.close()))
      return {
        send: ({ id, subject, text, to: receivers, automatic = false }: Mail) =>
          Effect.tryPromise({
            try: () =>
              transport.sendMail({
                from,
                to: [...(receivers ?? to)],
                subject,
                text,
                messageId: `<${id}@${domain}>`,
                // Holiday replies and the like should not come back to what no person wrote.
                ...(automatic ? { headers: { "Auto-Submitted": "auto-generated" } } : {})
              }),
            catch: (error) =>
              new DeliveryFailed({
                reason: error instanceof Error ? error.message : String(error),
                lasting: isLasting(error)
              })
          }).pipe(Effect.asVoid)
      }
    })
  )
