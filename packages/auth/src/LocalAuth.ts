/**
 * The auth port for accounts of Onhand's own: argon2id passwords and signed access tokens.
 */
import { Auth } from "@onhand/core"
import { Effect, Layer } from "effect"
import { makeAccessTokens, type TokenSettings } from "./AccessTokens.ts"
import { apiKeys } from "./ApiKeys.ts"
import { makeCheckPassword } from "./CommonPasswords.ts"
import { makePasswords } from "./Passwords.ts"
import type { WeakTokenKey } from "./TokenKeys.ts"

/** The port over a key. It refuses to start with a key that is too weak. */
export const layerLocal = (settings: TokenSettings): Layer.Layer<Auth, WeakTokenKey> =>
  Layer.effect(
    Auth,
    Effect.map(
      Effect.all([makeCheckPassword, makePasswords, makeAccessTokens(settings)]),
      ([checkPassword, passwords, tokens]) => Auth.of({ checkPassword, ...passwords, ...tokens, ...apiKeys })
    )
  )
