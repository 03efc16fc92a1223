/**
 * Exposure: how the server meets the network. Certificates, the proxies before it, the web pages that may call it, how
 * much anybody may ask, and who reads its metrics.
 */
import { readFileSync } from "node:fs"
import { createSecureContext } from "node:tls"
import { defaultSettings, type ListenOptions, type Settings } from "@onhand/server"
import { Effect, Option, type Redacted, Result, Schema } from "effect"
import { IpNetwork } from "effect/net"
import { Mistake, type Setting, secret, text, value } from "./Configuration.ts"

const YesNo = Schema.Literals(["true", "false"])
const Count = Schema.FiniteFromString.check(
  Schema.isInt({ message: "a whole number is accepted" }),
  Schema.isBetween({ minimum: 1, maximum: 1_000_000_000 }, { message: "1 to 1,000,000,000 is accepted" })
)

/** A list that is separated by commas; every item that is wrong is told. */
const list = (name: string, isRight: (item: string) => boolean, accepted: string): Setting<ReadonlyArray<string>> =>
  Effect.flatMap(text(name), (found) => {
    const items = Option.getOrElse(found, () => "")
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
    const wrong = items.filter((item) => !isRight(item))
    return wrong.length === 0
      ? Effect.succeed(items)
      : Effect.fail(new Mistake({ text: `${name}: ${wrong.join(", ")}; ${accepted} is accepted` }))
  })

const isOrigin = (item: string): boolean => /^https?:/.test(item) && URL.parse(item)?.origin === item

const isNetwork = (item: string): boolean => Result.isSuccess(IpNetwork.fromString(item))

const pem = (name: string): Setting<Option.Option<string>> =>
  Effect.flatMap(text(name), (file) =>
    Option.isNone(file)
      ? Effect.succeedNone
      : Effect.try({
          try: () => Option.some(readFileSync(file.value, "utf8")),
          catch: (error) => new Mistake({ text: `${name}: cannot read ${file.value}: ${(error as Error).message}` })
        })
  )

/** The certificate and its key, from files; both or none. */
const tls: Setting<ListenOptions["tls"] | undefined> = Effect.gen(function* () {
  const cert = yield* pem("ONHAND_TLS_CERT_FILE")
  const key = yield* pem("ONHAND_TLS_KEY_FILE")
  if (Option.isNone(cert) && Option.isNone(key)) return undefined
  if (Option.isNone(cert) || Option.isNone(key)) {
    return yield* new Mistake({ text: "ONHAND_TLS_CERT_FILE and ONHAND_TLS_KEY_FILE: both, or neither, are accepted" })
  }
  const pair = { cert: cert.value, key: key.value }
  return yield* Effect.try({
    try: () => {
      createSecureContext(pair)
      return pair
    },
    catch: (error) =>
      new Mistake({
        text:
          "ONHAND_TLS_CERT_FILE and ONHAND_TLS_KEY_FILE: a certificate with its chain and its own key, in PEM, are " +
          `accepted: ${(error as Error).message}`
      })
  })
})

/** Every setting of the server's exposure, for `readSettings`. */
export const exposure = {
  tls,
  https: value("ONHAND_HTTPS", YesNo, "false"),
  origins: list("ONHAND_ORIGINS", isOrigin, "a list of origins such as https://shop.example.com"),
  trustedProxies: list("ONHAND_TRUSTED_PROXIES", isNetwork, "a list of networks such as 10.0.0.0/8 or 192.0.2.1/32"),
  userRequests: value("ONHAND_USER_REQUESTS_PER_MINUTE", Count, defaultSettings.requestsPerMinute.user),
  addressRequests: value("ONHAND_ADDRESS_REQUESTS_PER_MINUTE", Count, defaultSettings.requestsPerMinute.address),
  userHolds: value("ONHAND_USER_HOLDS", Count, defaultSettings.holdsPerUser),
  maxConnections: value("ONHAND_MAX_CONNECTIONS", Count, 20_000),
  maxStreams: value("ONHAND_MAX_STREAMS", Count, defaultSettings.streams.total),
  userStreams: value("ONHAND_USER_STREAMS", Count, defaultSettings.streams.user),
  addressStreams: value("ONHAND_ADDRESS_STREAMS", Count, defaultSettings.streams.address),
  metricsToken: secret("ONHAND_METRICS_TOKEN"),
  privateWebhooks: value("ONHAND_PRIVATE_WEBHOOKS", YesNo, "false")
} as const satisfies Readonly<Record<string, Setting<unknown>>>

/** What was read. */
export type Exposure = { readonly [K in keyof typeof exposure]: Effect.Success<(typeof exposure)[K]> }

/** The server's settings as they follow from it. */
export const settingsOf = (read: Exposure, sendsMail = false): Settings => ({
  ...defaultSettings,
  requestsPerMinute: { user: read.userRequests, address: read.addressRequests },
  holdsPerUser: read.userHolds,
  streams: {
    ...defaultSettings.streams,
    total: read.maxStreams,
    user: read.userStreams,
    address: read.addressStreams
  },
  trustedProxies: read.trustedProxies,
  origins: read.origins,
  metricsToken: Option.getOrNull<Redacted.Redacted<string>>(read.metricsToken),
  webhooks: { allowPrivate: read.privateWebhooks === "true" },
  sendsMail,
  https: read.tls !== undefined || read.https === "true"
})
