/**
 * Expiring lots: what lies at a location of a lot that expires soon, or has. It is raised once, so many days before the
 * expiry, and cleared when nothing is left of it there, or when the expiry is moved a day beyond them.
 */
import { DateTime, Schema } from "effect"
import { onHand } from "./Balance.ts"
import type { DecisionContext } from "./Command.ts"
import { LocationId } from "./Location.ts"
import { LotCode } from "./Lot.ts"
import { type ChangedNotification, causeName, EXPIRING_LOT, NotificationId, raise, settle } from "./Notification.ts"
import { ProductId } from "./Product.ts"
import { putName, type RowChange, ref, removeName } from "./Row.ts"
import { balanceOf, type Slice } from "./Slice.ts"
import { lotId } from "./StockKey.ts"

/** How many days before its expiry a lot is told of when nobody says otherwise. */
export const USUAL_EXPIRY_DAYS = 30

/** A lot at a location. */
export const LotPlace = Schema.Struct({ product: ProductId, location: LocationId, lot: LotCode })
export interface LotPlace extends Schema.Schema.Type<typeof LotPlace> {}

/** What the notification of a lot at a location is about. */
export const lotSubject = ({ product, location, lot }: LotPlace): string => `${lotId(product, lot)}@${location}`

const nameOf = (place: LotPlace): string => causeName(EXPIRING_LOT, lotSubject(place))

/** The instants that decide at a time: what expires until `raise` is told of, what expires after `clear` no more. */
export const expiryBounds = (
  now: DateTime.Utc,
  days: number
): { readonly raise: DateTime.Utc; readonly clear: DateTime.Utc } => ({
  raise: DateTime.add(now, { days }),
  // A date that is corrected to and fro about the bound would raise it again and again.
  clear: DateTime.add(now, { days: days + 1 })
})

/** Whether a lot of which something lies there is to be told of, is not any more, or stays as it is. */
export const expiryVerdict = (
  expiresAt: DateTime.Utc | null,
  there: number,
  bounds: ReturnType<typeof expiryBounds>
): "raise" | "clear" | "stay" => {
  if (there <= 0 || expiresAt === null || DateTime.isGreaterThan(expiresAt, bounds.clear)) return "clear"
  return DateTime.isLessThanOrEqualTo(expiresAt, bounds.raise) ? "raise" : "stay"
}

/** The rows that a review of a lot reads, beside the stock of its place. */
export const lotPlaceRefs = (place: LotPlace, slice: Slice) => {
  const name = nameOf(place)
  const target = slice.row("names", name)?.target
  return [
    ref("lots", lotId(place.product, place.lot)),
    ref("names", name),
    ...(target === undefined ? [] : [ref("notifications", target)])
  ]
}

/** What becomes of the notification of a lot at a location; undefined where nothing does. */
export const reviewLot = (
  slice: Slice,
  place: LotPlace,
  days: number,
  id: string,
  { now }: Pick<DecisionContext, "now">
): { readonly name: RowChange; readonly changed: ChangedNotification | undefined } | undefined => {
  const lot = slice.row("lots", lotId(place.product, place.lot))
  if (lot === undefined) return undefined
  const there = onHand(balanceOf(slice.stock(place), place.lot))
  const verdict = expiryVerdict(lot.expiresAt, there, expiryBounds(now, days))
  const name = nameOf(place)
  const known = slice.row("names", name)
  if (verdict === "raise" && known === undefined) {
    const { product, location } = place
    const notification = NotificationId.make(id)
    const message = `Lot ${place.lot}, which may be used until ${lot.expiresOn}`
    const about = { product, location, available: there, limit: null }
    return {
      name: putName(name, id),
      changed: raise({ id: notification, kind: EXPIRING_LOT, subject: lotSubject(place), message, ...about }, now)
    }
  }
  if (verdict !== "clear" || known === undefined) return undefined
  const before = slice.row("notifications", known.target)
  const open = before !== undefined && before.state !== "resolved"
  return { name: removeName(name), changed: open ? settle(before, now, null) : undefined }
}
