/**
 * Posting to webhooks: a signed message to an address that somebody else chose, and to nowhere they could not reach
 * themselves.
 */
import { createHmac } from "node:crypto"
import { type RequestOptions, request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import type { LookupFunction } from "node:net"
import { DeliveryFailed } from "@onhand/core"
import { Effect } from "effect"
import { hostOf, PrivateAddress, publicAddresses, type Resolve, resolveBySystem } from "./PublicAddress.ts"

export interface WebhookOptions {
  /**
   * Lets webhooks go to any address, and without TLS: for development, and for those who alone may create webhooks in
   * a network of their own. Never on a server whose administrators are not those of its network.
   */
  readonly allowPrivate?: boolean
  /** How names are looked up; by the system when it is left out. */
  readonly resolve?: Resolve
}

/** A message, as it is sent however often. */
export interface WebhookMessage {
  readonly id: string
  readonly url: string
  /** The secrets it is signed with: the receiver needs one of them. */
  readonly secrets: ReadonlyArray<string>
  readonly body: string
}

/** The signature of Standard Webhooks, version 1: HMAC-SHA256 over id, timestamp and body. */
export const signatureOf = (secret: string, id: string, timestamp: number, body: string): string => {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64")
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`
}

/** Why an address is not accepted, as far as it can be told without asking anybody; undefined if it may be. */
export const refusedUrl = (text: string, { allowPrivate = false }: WebhookOptions): string | undefined => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return "An https:// address is accepted"
  if (url.username !== "" || url.password !== "") return "An address without a user and a password is accepted"
  if (allowPrivate) return undefined
  if (url.protocol !== "https:") return "An https:// address is accepted; without TLS anybody on the way reads it"
  const host = hostOf(url)
  if (/(^|\.)(localhost|local|internal|home\.arpa)\.?$/i.test(host)) return new PrivateAddress(host).message
  return undefined
}

// Node asks for one address or for all of them, whichever way it is going to connect.
const lookupPublic =
  (resolve: Resolve): LookupFunction =>
  (name, options, done) => {
    publicAddresses(name, resolve).then(
      (found) => {
        const [first] = found
        if (options.all === true) done(null, [...found])
        else if (first !== undefined) done(null, first.address, first.family)
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), "", 0)
    )
  }

const failed = (reason: string, lasting = false) => new DeliveryFailed({ reason, lasting })

const outcomeOf = (status: number): DeliveryFailed | undefined => {
  if (status >= 200 && status < 300) return undefined
  if (status === 410) return failed("The receiver answered 410: it wants no more", true)
  if (status >= 300 && status < 400) return failed(`The receiver answered ${status}; redirects are not followed`)
  return failed(`The receiver answered ${status}`)
}

const post = (message: WebhookMessage, timestamp: number, options: WebhookOptions, signal: AbortSignal) =>
  new Promise<number>((resolve, reject) => {
    const url = new URL(message.url)
    const guard: RequestOptions = options.allowPrivate
      ? {}
      : { lookup: lookupPublic(options.resolve ?? resolveBySystem) }
    const send = url.protocol === "https:" ? requestHttps : requestHttp
    const request = send(url, {
      ...guard,
      method: "POST",
      // A connection that is kept could lead to where the name stood for before.
      agent: false,
      signal,
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(message.body),
        "user-agent": "Onhand-Webhooks/1",
        "webhook-id": message.id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": message.secrets
          .map((secret) => signatureOf(secret, message.id, timestamp, message.body))
          .join(" ")
      }
    })
    request.on("response", (response) => {
      resolve(response.statusCode ?? 0)
      // What the receiver says beyond its status is of no use, and may have no end.
      response.destroy()
    })
    request.on("error", reject)
    request.end(message.body)
  })

/** Sends a message once. It is over when the receiver has answered. */
export const postWebhook = (
  message: WebhookMessage,
  now: number,
  options: WebhookOptions
): Effect.Effect<void, DeliveryFailed> =>
  Effect.gen(function* () {
    const refused = refusedUrl(message.url, options)
    if (refused !== undefined) return yield* failed(refused, true)
    // An address of digits is never looked up, so it is looked at here.
    const host = hostOf(new URL(message.url))
    const status = yield* Effect.tryPromise({
      try: async (signal) => {
        if (options.allowPrivate !== true && /^[\d.]+$|:/.test(host)) await publicAddresses(host, resolveBySystem)
        return post(message, Math.floor(now / 1_000), options, signal)
      },
      catch: (error) => failed(error instanceof Error ? error.message : String(error))
    })
    const outcome = outcomeOf(status)
    if (outcome !== undefined) return yield* outcome
  })
