/**
 * Settings: what a host may choose about the server. Everything has a default that is safe on the internet.
 */
import { defaultRoles, type Roles } from "@onhand/core"
import { Context, type Redacted } from "effect"
import type { WebhookOptions } from "./WebhookPost.ts"

export interface Settings {
  /** What each role allows. */
  readonly roles: Roles
  /** The roles of those who register themselves. */
  readonly registrationRoles: ReadonlyArray<string>
  /** Sign-ins and registrations that one address may try in a minute, and that may be tried for one account. */
  readonly signInsPerMinute: { readonly address: number; readonly account: number }
  /**
   * Requests that a signed-in user may make in a minute, and that one address may make without being signed in. Probes
   * of health are not counted.
   */
  readonly requestsPerMinute: { readonly user: number; readonly address: number }
  /** Holds that a user may have open at once, of those taken through this server. What lapses, or is taken, is free. */
  readonly holdsPerUser: number
  /**
   * Streams of events that are open at once, in all, of one user, and from one address; and how often it is looked
   * whether a reader may still listen.
   */
  readonly streams: {
    readonly total: number
    readonly user: number
    readonly address: number
    readonly heartbeatSeconds: number
  }
  /**
   * The networks of the proxies before the server, such as `10.0.0.0/8`. Only what they say of a client's address is
   * believed.
   */
  readonly trustedProxies: ReadonlyArray<string>
  /** The origins whose pages may call the server from a browser, such as `https://shop.example.com`. */
  readonly origins: ReadonlyArray<string>
  /** The bearer token that reads `/metrics`; null where nobody may. */
  readonly metricsToken: Redacted.Redacted<string> | null
  /** How long a session lasts from its last refresh, and in all. */
  readonly sessions: { readonly idleSeconds: number; readonly lifeSeconds: number }
  /** Where webhooks may lead; only to the public internet over HTTPS when nothing is said. */
  readonly webhooks: WebhookOptions
  /** Whether some process sends what is written to vendors as mail; who asks for it otherwise is refused. */
  readonly sendsMail: boolean
  /** Whether clients reach the server over HTTPS, so that browsers may be told to stay with it. */
  readonly https: boolean
}

const DAY = 86_400

export const defaultSettings: Settings = {
  roles: defaultRoles,
  registrationRoles: ["customer"],
  signInsPerMinute: { address: 60, account: 10 },
  requestsPerMinute: { user: 12_000, address: 1_200 },
  holdsPerUser: 5_000,
  streams: { total: 10_000, user: 100, address: 1_000, heartbeatSeconds: 15 },
  trustedProxies: [],
  origins: [],
  metricsToken: null,
  sessions: { idleSeconds: 30 * DAY, lifeSeconds: 90 * DAY },
  webhooks: {},
  sendsMail: false,
  https: false
}

export const ServerSettings = Context.Reference<Settings>("@onhand/server/ServerSettings", {
  defaultValue: () => defaultSettings
})
