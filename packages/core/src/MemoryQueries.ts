/**
 * The memory store's answers: the same questions as the databases', over plain arrays.
 */
import { DateTime, Effect, Option, Result } from "effect"
import { type Backorder, backordersOf } from "./Backorder.ts"
import { applyClaimEvent, applyMovement, available, type Balance, emptyBalance, onHand } from "./Balance.ts"
import { activeCartName, CartId } from "./Cart.ts"
import { applyToClaim, type Claim, type ClaimId, hasLapsed } from "./Claim.ts"
import type { ContactRecord } from "./ContactRecord.ts"
import { type DemandFilter, type DemandSeries, foldDemand } from "./Demand.ts"
import type { Event } from "./Event.ts"
import { type ClaimFilter, type Explanation, emptyLevel } from "./Explanation.ts"
import { type FeedCursor, LAST_LINE } from "./Feed.ts"
import { foldedReports } from "./FoldedReports.ts"
import { binding, isBlocked, lotQueries, now } from "./MemoryLots.ts"
import { notificationQueries } from "./MemoryNotifications.ts"
import { compareValues, pageOf } from "./MemoryPage.ts"
import type { Memory } from "./MemoryStore.ts"
import type { Movement, MovementKind } from "./Movement.ts"
import { locationsOf, OrderId } from "./Order.ts"
import { type CursorValues, firstPage, type InvalidCursor, onlyPage, type Page, type PageRequest } from "./Page.ts"
import type { Product, ProductId } from "./Product.ts"
import {
  LEAST_LIKENESS,
  likeness,
  MAX_ALIKE,
  mayBeMistyped,
  productOrder,
  searchedText,
  searchOf,
  searchRank
} from "./ProductSearch.ts"
import { expectedStates, openOnOrder, type PurchaseOrder } from "./PurchaseOrder.ts"
import type {
  AsOf,
  Difference,
  Level,
  LevelFilter,
  MovementFilter,
  ProductFilter,
  ProductSort,
  Queries,
  StockAsOf,
  StockedProduct,
  VendorProductFilter,
  Verification
} from "./Queries.ts"
import { balanceFields, claimDifferences } from "./Recount.ts"
import { type StockPlace, stockKeyText, stockPlaceText } from "./StockKey.ts"
import { openInTransit } from "./Transfer.ts"
import { UserId } from "./User.ts"

const matches = (product: Product, filter: ProductFilter): boolean => {
  if (filter.status !== undefined && product.status !== filter.status) return false
  if (filter.category !== undefined && product.category !== filter.category) return false
  const search = searchOf(filter)
  return search === undefined || searchedText(product).includes(search)
}

/** The products that look most like a search that none has, the most alike first. */
const alikeProducts = (products: ReadonlyArray<Product>, filter: ProductFilter): ReadonlyArray<Product> => {
  const search = searchOf(filter)
  if (search === undefined || !mayBeMistyped(search)) return []
  return products
    .filter((product) => matches(product, { ...filter, search: undefined }))
    .map((product) => ({ product, alike: likeness(search, searchedText(product)) }))
    .filter(({ alike }) => alike >= LEAST_LIKENESS)
    .sort((a, b) => b.alike - a.alike || compareValues([a.product.name], [b.product.name]))
    .slice(0, MAX_ALIKE)
    .map(({ product }) => product)
}

const sortValues: Readonly<Record<ProductSort, (item: StockedProduct, filter: ProductFilter) => CursorValues>> = {
  relevance: ({ product }, { search = "" }) => [searchRank(product, search), product.name, product.id],
  name_asc: ({ product }) => [product.name, product.id],
  name_desc: ({ product }) => [product.name, product.id],
  sku_asc: ({ product }) => [product.sku, product.id],
  sku_desc: ({ product }) => [product.sku, product.id],
  created_asc: ({ product }) => [DateTime.toEpochMillis(product.createdAt), product.id],
  created_desc: ({ product }) => [DateTime.toEpochMillis(product.createdAt), product.id],
  stock_asc: ({ product, available }) => [available, product.id],
  stock_desc: ({ product, available }) => [available, product.id]
}

/** What is on its way to each place, part by part. */
const incomingOf = (memory: Memory): ReadonlyArray<StockPlace & { readonly quantity: number }> => {
  const parts: Array<StockPlace & { readonly quantity: number }> = []
  for (const { state, destination, lines } of memory.tables.purchaseOrders.values()) {
    if (!expectedStates.includes(state)) continue
    for (const line of lines) parts.push({ product: line.product, location: destination, quantity: openOnOrder(line) })
  }
  for (const { destination, lines } of memory.tables.transfers.values()) {
    for (const line of lines)
      parts.push({ product: line.product, location: destination, quantity: openInTransit(line) })
  }
  return parts.filter(({ quantity }) => quantity > 0)
}

const levelsOf = (memory: Memory, filter: LevelFilter, now: DateTime.Utc): ReadonlyArray<Level> => {
  const levels = new Map<string, Level>()
  for (const kept of memory.balances.values()) {
    if (filter.product !== undefined && kept.product !== filter.product) continue
    if (filter.location !== undefined && kept.location !== filter.location) continue
    const balance = binding(memory, kept, now)
    const place = stockPlaceText(balance)
    const sum = levels.get(place)
    const unclaimed = available(balance)
    const blocked = isBlocked(memory, kept, now) ? unclaimed : 0
    levels.set(place, {
      product: balance.product,
      location: balance.location,
      incoming: 0,
      onHand: (sum?.onHand ?? 0) + onHand(balance),
      sellable: (sum?.sellable ?? 0) + balance.sellable,
      qualityControl: (sum?.qualityControl ?? 0) + balance.qualityControl,
      damaged: (sum?.damaged ?? 0) + balance.damaged,
      quarantine: (sum?.quarantine ?? 0) + balance.quarantine,
      held: (sum?.held ?? 0) + balance.held,
      committed: (sum?.committed ?? 0) + balance.committed,
      blocked: (sum?.blocked ?? 0) + blocked,
      available: (sum?.available ?? 0) + unclaimed - blocked
    })
  }
  for (const { product, location, quantity } of incomingOf(memory)) {
    if (filter.product !== undefined && product !== filter.product) continue
    if (filter.location !== undefined && location !== filter.location) continue
    const place = stockPlaceText({ product, location })
    const level = levels.get(place) ?? emptyLevel({ product, location })
    levels.set(place, { ...level, incoming: level.incoming + quantity })
  }
  return [...levels.values()]
}

/** What is available of a product at a location at an instant. */
const availableAt = (memory: Memory, { product, location }: StockPlace, now: DateTime.Utc): number =>
  levelsOf(memory, { product, location }, now).reduce((sum, level) => sum + level.available, 0)

const isMovement = (movement: Movement, filter: MovementFilter): boolean =>
  (filter.product === undefined || movement.product === filter.product) &&
  (filter.location === undefined || movement.location === filter.location) &&
  (filter.kind === undefined || movement.kind === filter.kind) &&
  (filter.from === undefined || DateTime.isGreaterThanOrEqualTo(movement.occurredAt, filter.from)) &&
  (filter.to === undefined || DateTime.isLessThan(movement.occurredAt, filter.to)) &&
  (filter.source === undefined ||
    (movement.source?.type === filter.source.type && movement.source.id === filter.source.id))

const isBy = (instant: DateTime.Utc, bound: DateTime.Utc | undefined): boolean =>
  bound === undefined || DateTime.isLessThanOrEqualTo(instant, bound)

const stockAsOf = (memory: Memory, place: LevelFilter, { occurredBy, recordedBy }: AsOf): ReadonlyArray<StockAsOf> => {
  const folded = new Map<string, Balance>()
  for (const movement of memory.movements) {
    if (!isMovement(movement, { product: place.product, location: place.location })) continue
    if (!isBy(movement.occurredAt, occurredBy) || !isBy(movement.recordedAt, recordedBy)) continue
    const text = stockKeyText(movement)
    folded.set(text, applyMovement(folded.get(text) ?? emptyBalance(movement), movement))
  }
  return [...folded.values()]
    .sort((a, b) => compareValues([a.location, a.lot], [b.location, b.lot]))
    .map((balance) => ({
      product: balance.product,
      location: balance.location,
      lot: balance.lot,
      onHand: onHand(balance),
      sellable: balance.sellable
    }))
}

const placeOf = ({ recordedAt, shard, seq, line }: Movement) => [DateTime.toEpochMillis(recordedAt), shard, seq, line]

/** Movements in the order in which they were recorded, the newest first. */
const recordedPage = (memory: Memory, filter: MovementFilter, page: PageRequest) =>
  pageOf(
    "movements",
    memory.movements.filter((movement) => isMovement(movement, filter)),
    placeOf,
    page,
    true
  )

const claimPage = (memory: Memory, filter: ClaimFilter, page: PageRequest, now: DateTime.Utc) => {
  const open = [...memory.claims.values()].filter(
    (claim: Claim) =>
      (claim.state === "held" || claim.state === "committed") &&
      !hasLapsed(claim, now) &&
      (filter.product === undefined || claim.product === filter.product) &&
      (filter.location === undefined || claim.location === filter.location) &&
      (filter.state === undefined || claim.state === filter.state) &&
      (filter.source === undefined ||
        (claim.source?.type === filter.source.type && claim.source.id === filter.source.id))
  )
  return pageOf("claims", open, ({ id }) => [id], page)
}

const explain = (
  memory: Memory,
  place: StockPlace,
  page: PageRequest,
  now: DateTime.Utc
): Result.Result<Explanation, InvalidCursor> =>
  Result.gen(function* () {
    const { product, location } = place
    const lots = [...memory.balances.values()].filter(
      (balance) => balance.product === product && balance.location === location
    )
    return {
      level: levelsOf(memory, { product, location }, now)[0] ?? emptyLevel(place),
      lots: lots.map((lot) => binding(memory, lot, now)).sort((a, b) => (a.lot < b.lot ? -1 : 1)),
      movements: yield* recordedPage(memory, { product, location }, page),
      claims: yield* claimPage(memory, { product, location }, page, now)
    }
  })

/** The balances that are wanted as the two ledgers make them, by the texts of their keys. */
export const foldLedger = (
  memory: Memory,
  isWanted: (key: StockPlace) => boolean = () => true
): ReadonlyMap<string, Balance> => {
  const folded = new Map<string, Balance>()
  const of = (key: Parameters<typeof emptyBalance>[0]) => folded.get(stockKeyText(key)) ?? emptyBalance(key)
  for (const movement of memory.movements) {
    if (isWanted(movement)) folded.set(stockKeyText(movement), applyMovement(of(movement), movement))
  }
  const claims = new Map<ClaimId, Claim>()
  for (const event of memory.claimEvents) {
    if (!isWanted(event)) continue
    const before = claims.get(event.claim)
    folded.set(stockKeyText(event), applyClaimEvent(of(event), before, event))
    claims.set(event.claim, applyToClaim(before, event))
  }
  return folded
}

/** What differs between the claims that are kept and those that their events make. */
const claimsRecounted = (memory: Memory): ReadonlyArray<Difference> => {
  const recomputed = new Map<ClaimId, Claim>()
  for (const event of memory.claimEvents) {
    recomputed.set(event.claim, applyToClaim(recomputed.get(event.claim), event))
  }
  const ids = new Set([...recomputed.keys(), ...memory.claims.keys()])
  return [...ids].flatMap((id) => claimDifferences(memory.claims.get(id), recomputed.get(id)))
}

/** Every balance and every claim recomputed from the ledgers and compared with the one that is kept. */
export const verifyMemory = (memory: Memory): Verification => {
  const folded = foldLedger(memory)
  const differences: Array<Difference> = []
  for (const text of new Set([...folded.keys(), ...memory.balances.keys()])) {
    const key = memory.balances.get(text) ?? folded.get(text)
    if (key === undefined) continue
    const kept = memory.balances.get(text) ?? emptyBalance(key)
    const recomputed = folded.get(text) ?? emptyBalance(key)
    for (const field of balanceFields) {
      if (kept[field] === recomputed[field]) continue
      const { product, location, lot } = key
      differences.push({ key: { product, location, lot }, field, stored: kept[field], recomputed: recomputed[field] })
    }
  }
  return {
    movements: memory.movements.length,
    claimEvents: memory.claimEvents.length,
    balances: memory.balances.size,
    // Values are made anew by each read.
    keptValues: 0,
    valueDifferences: [],
    differences: [...differences, ...claimsRecounted(memory)]
  }
}

const isAfter = (event: Event, after: FeedCursor): boolean => {
  const seen = after[event.shard]
  return seen === undefined || event.seq > seen.seq || (event.seq === seen.seq && event.line > seen.line)
}

const found = <A>(row: A | undefined) => Option.fromNullishOr(row)

const productQueries = (memory: Memory) => ({
  product: (id: ProductId) => Effect.sync(() => found(memory.tables.products.get(id))),
  productByCode: (field: "sku" | "barcode", code: string) =>
    Effect.sync(() => {
      const name = memory.tables.names.get(`${field}:${code}`)
      return found(name && memory.tables.products.get(name.target))
    }),
  productLevels: (ids: ReadonlyArray<ProductId>) =>
    Effect.map(now, (at) =>
      [...new Set(ids)].toSorted().flatMap((id) => {
        const product = memory.tables.products.get(id)
        const byLocation = (a: Level, b: Level) => (a.location < b.location ? -1 : 1)
        return product === undefined
          ? []
          : [{ product, levels: levelsOf(memory, { product: id }, at).toSorted(byLocation) }]
      })
    ),
  products: (filter: ProductFilter, page: PageRequest) =>
    Effect.flatMap(now, (at) => {
      const nothing = { onHand: 0, held: 0, available: 0 }
      const sums = new Map<ProductId, typeof nothing>()
      for (const { product, onHand, held, available } of levelsOf(memory, {}, at)) {
        const sum = sums.get(product) ?? nothing
        sums.set(product, {
          onHand: sum.onHand + onHand,
          held: sum.held + held,
          available: sum.available + Math.max(0, available)
        })
      }
      const stocked = (product: Product) => ({ product, ...(sums.get(product.id) ?? nothing) })
      const products = [...memory.tables.products.values()]
      const items = products.filter((product) => matches(product, filter)).map(stocked)
      const sort = productOrder(filter)
      const valuesOf = (item: StockedProduct) => sortValues[sort](item, filter)
      if (items.length === 0 && sort === "relevance") {
        return Effect.succeed(onlyPage(alikeProducts(products, filter).map(stocked), page))
      }
      return Effect.fromResult(pageOf(`products:${sort}`, items, valuesOf, page, sort.endsWith("_desc")))
    }),
  categories: Effect.sync(() =>
    [...new Set([...memory.tables.products.values()].map((product) => product.category))].filter(Boolean).sort()
  )
})

const stockQueries = (memory: Memory) => ({
  balance: (key: Parameters<Queries["balance"]>[0]) =>
    Effect.sync(() => memory.balances.get(stockKeyText(key)) ?? emptyBalance(key)),
  levels: (filter: LevelFilter, page: PageRequest) =>
    Effect.flatMap(now, (at) =>
      Effect.fromResult(
        pageOf("levels", levelsOf(memory, filter, at), (level) => [level.product, level.location], page)
      )
    ),
  movements: (filter: MovementFilter, page: PageRequest) =>
    Effect.suspend(() => {
      if (filter.from === undefined && filter.to === undefined)
        return Effect.fromResult(recordedPage(memory, filter, page))
      const items = memory.movements.filter((movement) => isMovement(movement, filter))
      const happened = (item: Movement) => [DateTime.toEpochMillis(item.occurredAt), ...placeOf(item)]
      return Effect.fromResult(pageOf("movements:occurred", items, happened, page, true))
    }),
  claims: (filter: ClaimFilter, page: PageRequest) =>
    Effect.flatMap(now, (at) => Effect.fromResult(claimPage(memory, filter, page, at))),
  explain: (place: StockPlace, limit?: number) =>
    // First pages have no cursor that could be wrong.
    Effect.flatMap(now, (at) => Effect.orDie(Effect.fromResult(explain(memory, place, firstPage(limit), at)))),
  stockAsOf: (place: LevelFilter, time: AsOf) => Effect.sync(() => stockAsOf(memory, place, time)),
  movementTotals: (filter: LevelFilter) =>
    Effect.sync(() => {
      const totals = new Map<MovementKind, { kind: MovementKind; movements: number; quantity: number }>()
      for (const movement of memory.movements) {
        if (!isMovement(movement, filter)) continue
        const total = totals.get(movement.kind) ?? { kind: movement.kind, movements: 0, quantity: 0 }
        total.movements += 1
        total.quantity += movement.quantity
        totals.set(movement.kind, total)
      }
      return [...totals.values()].sort((a, b) => (a.kind < b.kind ? -1 : 1))
    }),
  demand: (filter: DemandFilter, page: PageRequest) =>
    Effect.suspend(() => Effect.fromResult(demandOf(memory, filter, page))),
  restockAlerts: (filter: LevelFilter, page: PageRequest) =>
    Effect.flatMap(now, (at) => {
      const items = thresholdsOf(memory, filter)
        .filter((threshold) => threshold.raisedAt !== null)
        .map((threshold) => ({ threshold, available: availableAt(memory, threshold, at) }))
      const values = ({ threshold }: (typeof items)[number]) => [
        threshold.raisedAt === null ? 0 : DateTime.toEpochMillis(threshold.raisedAt),
        threshold.id
      ]
      return Effect.fromResult(pageOf("restockAlerts", items, values, page))
    }),
  thresholds: (filter: LevelFilter, page: PageRequest) =>
    Effect.suspend(() =>
      Effect.fromResult(pageOf("thresholds", thresholdsOf(memory, filter), (threshold) => [threshold.id], page))
    ),
  stockPolicies: (filter: LevelFilter, page: PageRequest) =>
    Effect.suspend(() => {
      const items = [...memory.tables.stockPolicies.values()].filter(isAt(filter))
      return Effect.fromResult(pageOf("stockPolicies", items, (policy) => [policy.id], page))
    }),
  reorderPolicies: (filter: LevelFilter, page: PageRequest) =>
    Effect.suspend(() => {
      const items = [...memory.tables.policies.values()].filter(isAt(filter))
      return Effect.fromResult(pageOf("policies", items, (policy) => [policy.id], page))
    })
})

const isAt =
  (filter: LevelFilter) =>
  ({ product, location }: { readonly product: string | null; readonly location: string | null }): boolean =>
    (filter.product === undefined || product === filter.product) &&
    (filter.location === undefined || location === filter.location)

const demandOf = (memory: Memory, filter: DemandFilter, page: PageRequest) =>
  Result.map(
    pageOf(
      "demand",
      [...new Map([...memory.balances.values()].map((balance) => [stockPlaceText(balance), balance])).values()].filter(
        ({ product, location }) =>
          (filter.product === undefined || product === filter.product) &&
          (filter.location === undefined || location === filter.location)
      ),
      ({ product, location }) => [product, location],
      page
    ),
    (places): Page<DemandSeries> => {
      const moved = new Map(places.items.map((place) => [stockPlaceText(place), [] as Movement[]]))
      for (const movement of memory.movements) moved.get(stockPlaceText(movement))?.push(movement)
      const items = places.items.map((place) => ({
        product: place.product,
        location: place.location,
        ...foldDemand(moved.get(stockPlaceText(place)) ?? [], filter.bounds)
      }))
      return { ...places, items }
    }
  )

const thresholdsOf = (memory: Memory, filter: LevelFilter) =>
  [...memory.tables.thresholds.values()].filter(
    (threshold) =>
      (filter.product === undefined || threshold.product === filter.product) &&
      (filter.location === undefined || threshold.location === filter.location)
  )

const purchasingQueries = (
  memory: Memory
): Pick<
  Queries,
  "vendor" | "vendors" | "vendorProducts" | "contactHistory" | "contactRecord" | "purchaseOrder" | "purchaseOrders"
> => ({
  vendor: (id) => Effect.sync(() => found(memory.tables.vendors.get(id))),
  vendors: (filter, page) =>
    Effect.suspend(() => {
      const search = filter.search?.trim().toLowerCase() ?? ""
      const items = [...memory.tables.vendors.values()].filter(
        (vendor) =>
          (filter.status === undefined || vendor.status === filter.status) && vendor.name.toLowerCase().includes(search)
      )
      return Effect.fromResult(pageOf("vendors", items, (vendor) => [vendor.name, vendor.id], page))
    }),
  vendorProducts: (filter, page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.vendorProducts.values()].filter((one) => isSold(one, filter))
      return Effect.fromResult(pageOf("vendorProducts", items, (one) => [one.product, one.vendor], page))
    }),
  contactRecord: (id) => Effect.sync(() => Option.fromUndefinedOr(memory.tables.contactRecords.get(id))),
  contactHistory: (filter, page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.contactRecords.values()].filter((one) => isSold(one, filter))
      const values = ({ contactedAt, id }: ContactRecord) => [DateTime.toEpochMillis(contactedAt), id]
      return Effect.fromResult(pageOf("contactHistory", items, values, page, true))
    }),
  purchaseOrder: (id) => Effect.sync(() => found(memory.tables.purchaseOrders.get(id))),
  purchaseOrders: (filter, page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.purchaseOrders.values()].filter(
        (order) =>
          (filter.state === undefined || order.state === filter.state) &&
          (filter.vendor === undefined || order.vendor === filter.vendor) &&
          (filter.destination === undefined || order.destination === filter.destination)
      )
      const values = ({ createdAt, id }: PurchaseOrder) => [DateTime.toEpochMillis(createdAt), id]
      return Effect.fromResult(pageOf("purchaseOrders", items, values, page, true))
    })
})

const isSold = ({ vendor, product }: Pick<ContactRecord, "vendor" | "product">, filter: VendorProductFilter): boolean =>
  (filter.vendor === undefined || vendor === filter.vendor) &&
  (filter.product === undefined || product === filter.product)

/** The queries over a memory. */
export const memoryQueries = (memory: Memory): Queries => ({
  ...productQueries(memory),
  ...stockQueries(memory),
  ...lotQueries(memory),
  ...purchasingQueries(memory),
  ...foldedReports((answer) =>
    Effect.sync(() =>
      answer({
        movements: (filter) => memory.movements.filter((movement) => isMovement(movement, filter)),
        product: (id) => memory.tables.products.get(id),
        order: (id) => memory.tables.orders.get(OrderId.make(id))
      })
    )
  ),
  ...notificationQueries(memory),
  location: (id) => Effect.sync(() => found(memory.tables.locations.get(id))),
  locations: (page) =>
    Effect.suspend(() =>
      Effect.fromResult(
        pageOf("locations", [...memory.tables.locations.values()], (location) => [location.name, location.id], page)
      )
    ),
  cart: (id) => Effect.sync(() => found(memory.tables.carts.get(id))),
  activeCart: (owner) =>
    Effect.sync(() => {
      const name = memory.tables.names.get(activeCartName(owner))
      return found(name && memory.tables.carts.get(CartId.make(name.target)))
    }),
  order: (id) => Effect.sync(() => found(memory.tables.orders.get(id))),
  orders: (filter, page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.orders.values()].filter(
        (order) =>
          (filter.customer === undefined || order.customer === filter.customer) &&
          (filter.location === undefined || locationsOf(order).includes(filter.location))
      )
      return Effect.fromResult(
        pageOf("orders", items, (order) => [DateTime.toEpochMillis(order.placedAt), order.id], page, true)
      )
    }),
  backorders: (filter, page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.orders.values()].flatMap(backordersOf).filter(isAt(filter))
      const values = ({ placedAt, order, line }: Backorder) => [DateTime.toEpochMillis(placedAt), order, line]
      return Effect.fromResult(pageOf("backorders", items, values, page))
    }),
  count: (id) => Effect.sync(() => found(memory.tables.counts.get(id))),
  counts: ({ state, location }, page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.counts.values()].filter(
        (count) =>
          (state === undefined || count.state === state) && (location === undefined || count.location === location)
      )
      return Effect.fromResult(
        pageOf("counts", items, (count) => [DateTime.toEpochMillis(count.createdAt), count.id], page, true)
      )
    }),
  transfer: (id) => Effect.sync(() => found(memory.tables.transfers.get(id))),
  transfers: (filter, page) =>
    Effect.suspend(() => {
      const items = [...memory.tables.transfers.values()].filter(
        (transfer) =>
          (filter.state === undefined || transfer.state === filter.state) &&
          (filter.origin === undefined || transfer.origin === filter.origin) &&
          (filter.destination === undefined || transfer.destination === filter.destination) &&
          (filter.location === undefined || [transfer.origin, transfer.destination].includes(filter.location))
      )
      return Effect.fromResult(
        pageOf("transfers", items, (transfer) => [DateTime.toEpochMillis(transfer.createdAt), transfer.id], page, true)
      )
    }),
  user: (id) => Effect.sync(() => found(memory.tables.users.get(id))),
  userByEmail: (email) =>
    Effect.sync(() => {
      const name = memory.tables.names.get(`email:${email}`)
      return found(name && memory.tables.users.get(UserId.make(name.target)))
    }),
  users: ({ role }, page) =>
    Effect.suspend(() => {
      const users = [...memory.tables.users.values()].filter(({ roles }) => role === undefined || roles.includes(role))
      return Effect.fromResult(pageOf("users", users, (user) => [user.email, user.id], page))
    }),
  sessions: (user) => Effect.sync(() => memory.tables.sessions.get(user)?.sessions ?? []),
  apiKey: (id) => Effect.sync(() => found(memory.tables.apiKeys.get(id))),
  apiKeys: (page) =>
    Effect.suspend(() =>
      Effect.fromResult(pageOf("apiKeys", [...memory.tables.apiKeys.values()], ({ name, id }) => [name, id], page))
    ),
  command: (key) => Effect.sync(() => found(memory.commands.get(key))),
  events: (after, limit) => Effect.sync(() => memory.events.filter((event) => isAfter(event, after)).slice(0, limit)),
  head: Effect.sync(() =>
    Object.fromEntries([...memory.heads].map(([shard, seq]) => [shard, { seq, line: LAST_LINE }]))
  ),
  verify: Effect.sync(() => verifyMemory(memory)),
  forgetValues: () => Effect.void
})
