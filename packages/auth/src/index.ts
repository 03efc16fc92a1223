export { DEFAULT_LIFETIME_SECONDS, type TokenSettings } from "./AccessTokens.ts"
export * from "./LocalAuth.ts"
export { MIN_SECRET_BYTES, type RetiredKey, type TokenKey, WeakTokenKey } from "./TokenKeys.ts"
export type { TrustedIssuer } from "./TrustedIssuers.ts"
