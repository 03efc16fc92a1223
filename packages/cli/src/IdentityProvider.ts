/**
 * The identity provider whose users may come beside the server's own, as the environment names it (OpenID Connect).
 */
import type { TrustedIssuer } from "@onhand/auth"
import { defaultRoles } from "@onhand/core"
import { Effect, Option, Schema } from "effect"
import { Mistake, type Setting, text, value } from "./Configuration.ts"

/** A user of it is `<name>:<sub>`, and the two stay below the length of an id. */
const Name = Schema.String.check(
  Schema.isPattern(/^[a-z][a-z0-9-]{0,15}$/, { message: "1 to 16 lower-case letters, digits and - are accepted" })
)

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Keys that come over plain HTTP are whoever's is on the way; within the machine nobody is. */
const isSafe = (address: string): boolean => {
  const url = URL.parse(address)
  return url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname))
}

const address = (name: string): Setting<Option.Option<string>> =>
  Effect.filterOrFail(
    text(name),
    (found) => Option.isNone(found) || isSafe(found.value),
    () => new Mistake({ text: `${name}: a URL that begins with https:// is accepted` })
  )

const wrongRoles = (part: string) =>
  new Mistake({
    text:
      `ONHAND_OIDC_ROLES: ${part}; pairs of the provider's role and one of ${Object.keys(defaultRoles).join(", ")} ` +
      "are accepted, such as stock-keepers=warehouse_manager,it=admin"
  })

/** Which of our roles each of the provider's is; undefined where they have the same names. */
const rolesSetting: Setting<TrustedIssuer["roles"]> = Effect.gen(function* () {
  const said = yield* text("ONHAND_OIDC_ROLES")
  if (Option.isNone(said)) return undefined
  const roles = new Map<string, ReadonlyArray<string>>()
  for (const part of said.value.split(",").map((one) => one.trim())) {
    const [theirs = "", ours = ""] = part.split("=").map((one) => one.trim())
    if (theirs === "" || !Object.hasOwn(defaultRoles, ours)) return yield* wrongRoles(part)
    roles.set(theirs, [...(roles.get(theirs) ?? []), ours])
  }
  return roles
})

/** The provider; none without ONHAND_OIDC_ISSUER. */
export const identityProviderSetting: Setting<ReadonlyArray<TrustedIssuer>> = Effect.gen(function* () {
  // All are asked for first: one that nobody asked for would count as unknown.
  const audience = yield* text("ONHAND_OIDC_AUDIENCE")
  const name = yield* value("ONHAND_OIDC_NAME", Name, "oidc")
  const jwksUri = yield* address("ONHAND_OIDC_JWKS_URL")
  const tokenType = yield* text("ONHAND_OIDC_TOKEN_TYPE")
  const rolesClaim = yield* text("ONHAND_OIDC_ROLES_CLAIM")
  const roles = yield* rolesSetting
  const issuer = yield* address("ONHAND_OIDC_ISSUER")
  const others = [audience, jwksUri, tokenType, rolesClaim]
  if (Option.isNone(issuer)) {
    if (others.every(Option.isNone) && roles === undefined) return []
    return yield* new Mistake({
      text: "ONHAND_OIDC_ISSUER: the issuer is accepted, such as https://login.example.com/realms/shop"
    })
  }
  if (Option.isNone(audience)) {
    return yield* new Mistake({
      text: "ONHAND_OIDC_AUDIENCE: for whom the provider's access tokens are is accepted, such as onhand"
    })
  }
  return [
    {
      name,
      issuer: issuer.value,
      audience: audience.value,
      ...(Option.isSome(jwksUri) ? { jwksUri: jwksUri.value } : {}),
      ...(Option.isSome(tokenType) ? { tokenType: tokenType.value } : {}),
      ...(Option.isSome(rolesClaim) ? { rolesClaim: rolesClaim.value } : {}),
      ...(roles === undefined ? {} : { roles })
    }
  ]
})
