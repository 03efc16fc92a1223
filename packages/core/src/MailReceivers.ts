/**
 * Who gets mail about notifications: users by their roles, each what is about locations of theirs, and addresses that
 * get everything. It is asked for each mail, so that who gets a role or a location gets the next one.
 */
import { Array as Arrays, Effect } from "effect"
import { Inventory } from "./Inventory.ts"
import type { LocationId } from "./Location.ts"
import type { MailNote } from "./Mail.ts"
import { firstPage, type Page } from "./Page.ts"
import type { StoreUnavailable } from "./Store.ts"
import type { User } from "./User.ts"

/** Those who are written to. */
export interface MailReceivers {
  /**
   * Active users with one of these roles get what is about a location of theirs. Those who are not limited to locations
   * get everything, and they alone what is about no location.
   */
  readonly roles: ReadonlyArray<string>
  /** Addresses that get everything. */
  readonly addresses: ReadonlyArray<string>
}

/** Users that are read at once. */
const USERS_AT_ONCE = 200

/** The most receivers of one mail: mail servers take a hundred and more, some fewer. */
const MOST_RECEIVERS = 50

/** What somebody is written about: what is at these locations, or everything. */
type Scope = ReadonlySet<LocationId> | "everything"

/** Everybody who may be written to, by address; a user with two of the roles is one receiver. */
const scopesOf = ({ roles, addresses }: MailReceivers) =>
  Effect.gen(function* () {
    const { read } = yield* Inventory
    const scopes = new Map<string, Scope>(addresses.map((address) => [address, "everything"]))
    for (const role of new Set(roles)) {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const request = { ...firstPage(USERS_AT_ONCE), ...(cursor === undefined ? {} : { cursor }) }
        // The cursor is the one that the list gave.
        const users: Page<User> = yield* Effect.catchTag(read.users({ role }, request), "InvalidCursor", Effect.die)
        for (const { email, active, locations } of users.items) {
          const all = locations === null || scopes.get(email) === "everything"
          if (active) scopes.set(email, all ? "everything" : new Set(locations))
        }
        cursor = users.nextCursor
      }
    }
    return scopes
  })

/** What is waiting to be told, by its cause. */
type Notes = ReadonlyArray<readonly [cause: string, note: MailNote]>

/** The notes of one mail, and who gets it. */
export interface AddressedNotes {
  readonly to: Arrays.NonEmptyReadonlyArray<string>
  readonly notes: Notes
}

/** Notes as the mails that they become: those who get the same are written to together. */
export const addressed = (
  notes: Notes,
  receivers: MailReceivers
): Effect.Effect<ReadonlyArray<AddressedNotes>, StoreUnavailable, Inventory> =>
  Effect.map(scopesOf(receivers), (scopes) => {
    const mails = new Map<string, { readonly to: Array<string>; readonly notes: Notes }>()
    for (const [address, scope] of scopes) {
      const theirs =
        scope === "everything" ? notes : notes.filter(([, { location }]) => location !== null && scope.has(location))
      const text = JSON.stringify(theirs.map(([cause]) => cause))
      const mail = mails.get(text) ?? { to: [], notes: theirs }
      mail.to.push(address)
      mails.set(text, mail)
    }
    return [...mails.values()]
      .filter((mail) => mail.notes.length > 0)
      .flatMap((mail) =>
        Arrays.chunksOf(mail.to, MOST_RECEIVERS).flatMap((to) =>
          Arrays.isReadonlyArrayNonEmpty(to) ? [{ to, notes: mail.notes }] : []
        )
      )
  })
