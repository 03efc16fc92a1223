/**
 * Signed in: what a client program keeps of its session. It hands out an access token that is valid, and gets a new one
 * by itself before the old one expires.
 */
import { Clock, Effect, Redacted, Semaphore } from "effect"
import type { HttpClient } from "effect/http"
import type { TokenReply } from "./Accounts.ts"
import { type ClientOptions, OnhandClient } from "./Client.ts"

/** How long before its end a token is replaced: long enough for a request to arrive with it. */
const MARGIN_MILLIS = 30_000

/** A session that is open. */
export interface SignedIn {
  /** A valid access token, for `ClientOptions.token`. Once the session has ended it is an old one, which is refused. */
  readonly token: Effect.Effect<Redacted.Redacted<string>>
  /** The refresh token that is good now, for a program that goes on with {@link resume} after it was restarted. */
  readonly refreshToken: Effect.Effect<Redacted.Redacted<string>>
  /** Ends the session, or all sessions of the user. */
  readonly signOut: (options?: { readonly everywhere?: boolean }) => Effect.Effect<void>
}

type Server = Pick<ClientOptions, "baseUrl">

const keep = (client: OnhandClient["Service"], first: TokenReply) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const kept = (reply: TokenReply, at: number) => ({ reply, until: at + reply.expires_in * 1000 - MARGIN_MILLIS })
    let current = kept(first, now)
    // A refresh token is good once, so whoever comes meanwhile waits for the one that asks.
    const turn = yield* Semaphore.make(1)

    const renewed = Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      if (at < current.until) return
      const { refresh_token } = current.reply
      current = kept(yield* client.accounts.refresh({ payload: { refresh_token } }), at)
    }).pipe(turn.withPermits(1), Effect.ignore)

    const session: SignedIn = {
      token: Effect.gen(function* () {
        if ((yield* Clock.currentTimeMillis) >= current.until) yield* renewed
        return Redacted.make(current.reply.access_token)
      }),
      refreshToken: Effect.sync(() => Redacted.make(current.reply.refresh_token)),
      signOut: ({ everywhere = false } = {}) =>
        Effect.suspend(() =>
          client.accounts.logout({ payload: { refresh_token: current.reply.refresh_token, everywhere } })
        ).pipe(Effect.ignore)
    }
    return session
  })

const over = <A, E>(
  { baseUrl }: Server,
  use: (client: OnhandClient["Service"]) => Effect.Effect<A, E>
): Effect.Effect<A, E, HttpClient.HttpClient> =>
  Effect.flatMap(OnhandClient, use).pipe(Effect.provide(OnhandClient.layer({ baseUrl })))

/** Signs in with a password. */
export const signIn = (server: Server, { email, password }: { email: string; password: Redacted.Redacted<string> }) =>
  over(server, (client) =>
    Effect.flatMap(client.accounts.loginJson({ payload: { email, password: Redacted.value(password) } }), (reply) =>
      keep(client, reply)
    )
  )

/** Goes on with a session by its refresh token. */
export const resume = (server: Server, refreshToken: Redacted.Redacted<string>) =>
  over(server, (client) =>
    Effect.flatMap(client.accounts.refresh({ payload: { refresh_token: Redacted.value(refreshToken) } }), (reply) =>
      keep(client, reply)
    )
  )
