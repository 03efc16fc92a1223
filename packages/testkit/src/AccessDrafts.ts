/**
 * Drafts of access: users who sign in, refresh what they opened and sign out, and the keys of programs.
 */
import { ApiKeyId, SessionId, UserId } from "@onhand/core"
import * as fc from "fast-check"
import { type Draft, drafts, expected, type Known, optional, pick, picked, present } from "./Draft.ts"

const NO_SESSION = { user: "no-user", session: SessionId.make("no-session") }

const userOf = (known: Known, at: number) => UserId.make(picked(known.users, at, "no-user"))

const minute = 60_000
const idle = fc.constantFrom(86_400_000, 86_400_000, minute)

const users = [
  drafts(
    "registerUser",
    fc.record({ email: fc.constantFrom("ann@example.com", "bob@example.com"), name: fc.constantFrom("Ann", "Bob") }),
    (parts) => ({ ...parts, credential: "hash", roles: ["customer"] })
  ),
  // Somebody who may not sign in mostly comes back.
  drafts(
    "updateUser",
    fc.record({
      user: pick,
      expected,
      active: fc.constantFrom(true, true, false),
      credential: optional(fc.constant("h"))
    }),
    ({ user, ...parts }, known) => present({ ...parts, user: userOf(known, user) })
  )
]

const sessions = [
  {
    arbitrary: drafts(
      "openSession",
      fc.record({ user: pick, expected, idleMillis: idle }),
      ({ user, ...parts }, known) => ({ ...parts, user: userOf(known, user), lifeMillis: 2 * 86_400_000 })
    ),
    weight: 3
  },
  {
    arbitrary: drafts(
      "refreshSession",
      fc.record({ session: pick, generation: fc.constantFrom(1, 1, 2, 3), idleMillis: idle }),
      ({ session: at, ...parts }, known) => {
        const { user, session } = picked(known.sessions, at, NO_SESSION)
        return { ...parts, user: UserId.make(user), session }
      }
    ),
    weight: 5
  },
  {
    arbitrary: drafts(
      "endSessions",
      fc.record({ session: pick, how: fc.constantFrom("one", "others", "all") }),
      (parts, known) => {
        const { user: name, session } = picked(known.sessions, parts.session, NO_SESSION)
        const user = UserId.make(name)
        if (parts.how === "all") return { user }
        return parts.how === "one" ? { user, session } : { user, except: session }
      }
    ),
    weight: 2
  }
]

const apiKey = fc.constantFrom("k0", "k1", "k2").map((id) => ApiKeyId.make(id))
const roles = fc.constantFrom(["customer"], ["warehouse_manager"])

const apiKeys = [
  {
    arbitrary: drafts("createApiKey", fc.record({ apiKey, name: fc.constantFrom("Till", "Shop"), roles }), (parts) => ({
      ...parts,
      hash: "hash"
    })),
    weight: 3
  },
  { arbitrary: drafts("updateApiKey", fc.record({ apiKey, expected, roles }), (parts) => parts), weight: 3 },
  { arbitrary: drafts("noteApiKeyUse", fc.record({ apiKey }), (parts) => parts), weight: 2 },
  {
    arbitrary: drafts("revokeApiKey", fc.record({ apiKey, expected }), (parts) => parts),
    weight: 2
  }
]

/** Commands of users, their sessions and the keys of programs. */
export const accessDrafts: fc.Arbitrary<Draft> = fc.oneof(
  { arbitrary: fc.oneof(...users), weight: 2 },
  { arbitrary: fc.oneof(...sessions), weight: 6 },
  { arbitrary: fc.oneof(...apiKeys), weight: 5 }
)
