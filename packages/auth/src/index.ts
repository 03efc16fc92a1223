export * from "./AccessTokens.ts"
export * from "./LocalAuth.ts"
