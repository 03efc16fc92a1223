/**
 * The auth port for accounts of Onhand's own: argon2id passwords and signed access tokens.
 */
import { Auth } from "@onhand/core"
import { Effect, Layer } from "effect"
import { makeAccessTokens, type TokenSettings, type WeakTokenKey } from "./AccessTokens.ts"
import { makePasswords } from "./Passwords.ts"

/** The port over a key. It refuses to start with a key that is too weak. */
export const layerLocal = (settings: TokenSettings): Layer.Layer<Auth, WeakTokenKey> =>
  Layer.effect(
    Auth,
    Effect.map(Effect.all([makePasswords, makeAccessTokens(settings)]), ([passwords, tokens]) =>
      Auth.of({ ...passwords, ...tokens })
    )
  )
