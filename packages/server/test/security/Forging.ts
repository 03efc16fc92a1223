// Tokens as this server would make them, but for what a test changes: made with its own secret, which the tests know.
import { Redacted } from "effect"
import { base64url, calculateJwkThumbprint, SignJWT } from "jose"
import { tokenSettings } from "../TestServer.ts"

const secret = tokenSettings.key._tag === "Secret" ? Redacted.value(tokenSettings.key.secret) : ""
const bytes = new TextEncoder().encode(secret)
const kid = await calculateJwkThumbprint({ kty: "oct", k: base64url.encode(bytes) })

export interface Change {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly key?: Uint8Array
}

const seconds = () => Math.floor(Date.now() / 1000)

/** What an access token of a user says. */
export const claimsOf = (user: string) => ({
  sub: user,
  roles: ["admin"],
  locations: null,
  iss: tokenSettings.issuer,
  aud: tokenSettings.audience,
  iat: seconds(),
  nbf: seconds(),
  exp: seconds() + 600
})

/** The header of an access token. */
export const header = { alg: "HS256", typ: "at+jwt", kid }

/** A token for a user, with what is changed of it. */
export const forged = (user: string, change: Change = {}): Promise<string> =>
  new SignJWT({ ...claimsOf(user), ...change.claims })
    .setProtectedHeader({ ...header, ...change.header })
    .sign(change.key ?? bytes)

export const part = (value: unknown): string => base64url.encode(JSON.stringify(value))
