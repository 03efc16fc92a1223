/**
 * Settings: what a host may choose about the server. Everything has a default that is safe on the internet.
 */
import { defaultRoles, type Roles } from "@onhand/core"
import { Context } from "effect"

export interface Settings {
  /** What each role allows. */
  readonly roles: Roles
  /** The roles of those who register themselves. */
  readonly registrationRoles: ReadonlyArray<string>
  /** Sign-ins and registrations that one address may try in a minute, and that may be tried for one account. */
  readonly signInsPerMinute: { readonly address: number; readonly account: number }
  /** Whether clients reach the server over HTTPS, so that browsers may be told to stay with it. */
  readonly https: boolean
}

export const defaultSettings: Settings = {
  roles: defaultRoles,
  registrationRoles: ["customer"],
  signInsPerMinute: { address: 60, account: 10 },
  https: false
}

export const ServerSettings = Context.Reference<Settings>("@onhand/server/ServerSettings", {
  defaultValue: () => defaultSettings
})
