// What the store answers: one select a question, through an index where the question is asked often.

import type { SQLInputValue } from "node:sqlite"
import {
  type ApiKey,
  type AsOf,
  activeCartName,
  Backorder,
  type Claim,
  type ClaimFilter,
  type ContactRecord,
  type Count,
  type CountFilter,
  causeName,
  conditions,
  type DemandFilter,
  type DemandSeries,
  type DueForReview,
  type Explanation,
  emptyBalance,
  emptyLevel,
  expiryBounds,
  firstPage,
  foldDemand,
  foldedReports,
  type InvalidCursor,
  LAST_LINE,
  LATE_PURCHASE_ORDER,
  Level,
  type LevelFilter,
  type Location,
  LocationId,
  lotId,
  type Movement,
  type MovementFilter,
  MovementKind,
  type Notification,
  type NotificationFilter,
  type Order,
  type OrderFilter,
  type Page,
  type PageRequest,
  type ProductFilter,
  ProductId,
  type PurchaseOrder,
  type PurchaseOrderFilter,
  productOrder,
  type Queries,
  type ReorderPolicy,
  type ReportRows,
  type RestockAlert,
  StockAsOf,
  StockedProduct,
  type StockPlace,
  type StockPolicy,
  searchedText,
  searchOf,
  searchRank,
  type Table,
  Threshold,
  type Transfer,
  type TransferFilter,
  type User,
  type UserFilter,
  type Vendor,
  type VendorFilter,
  type VendorProduct,
  type VendorProductFilter,
  type Webhook
} from "@onhand/core"
import { Clock, DateTime, Effect, Option, Result, Schema } from "effect"
import { available, blocked, held, offered, onHand } from "./Available.ts"
import { type Database, type Parameters, unavailable } from "./Database.ts"
import { decoderOf, type List, matching, pageOf } from "./Lists.ts"
import { lotRecipients, lots, lotsForReview, lotTrace, supplies } from "./SqliteLots.ts"
import { verify } from "./SqliteVerify.ts"
import { json } from "./Tables.ts"

const decodeLevel = decoderOf(Level)
const decodeStockAsOf = decoderOf(StockAsOf)
const decodeStocked = decoderOf(StockedProduct)
const decodeBackorder = decoderOf(Backorder)
const decodeAlert = decoderOf(Schema.Struct({ threshold: Threshold, available: Schema.Int }))
const decodeTotal = decoderOf(Schema.Struct({ kind: MovementKind, movements: Schema.Int, quantity: Schema.Int }))
const matchingLevel = ({ product, location }: LevelFilter) =>
  matching({ product: ["product = :product", product], location: ["location = :location", location] })

/** What is on its way, a row for each open line of placed purchase orders and of transfers. */
const incoming = [
  ["purchaseOrders", "state IN ('placed', 'partiallyReceived')", "ordered", "received", "canceled"],
  ["transfers", "state IN ('inTransit', 'partiallyReceived')", "shipped", "received", "damaged", "lost", "returned"]
]
  .map(([name, isOpen, ...steps]) => {
    const quantity = steps.map((field) => `(line.value ->> '${field}')`).join(" - ")
    return `SELECT line.value ->> 'product' AS product, destination AS location, ${quantity} AS quantity
      FROM ${name}, json_each(data -> 'lines') AS line WHERE ${isOpen} AND ${quantity} > 0`
  })
  .join(" UNION ALL ")

const levels = (filter: LevelFilter, now: string): List<Level> => {
  const { condition, parameters } = matchingLevel(filter)
  const sum = (column: string) => `'${column}', coalesce(sum(${column}), 0)`
  return {
    name: "levels",
    decode: decodeLevel,
    select: `SELECT product, location, json_object('product', product, 'location', location, 'onHand', ${onHand},
      ${["sellable", "qualityControl", "damaged", "quarantine", "committed"].map(sum).join(", ")},
      'held', ${held}, 'blocked', ${blocked}, 'available', ${available}, 'incoming', (
        SELECT coalesce(sum(i.quantity), 0) FROM (${incoming}) AS i
        WHERE i.product = p.product AND i.location = p.location)) AS data
      FROM (SELECT product, location FROM balances UNION SELECT product, location FROM (${incoming})) AS p
      LEFT JOIN balances AS b USING (product, location) WHERE ${condition} GROUP BY product, location`,
    parameters: { ...parameters, now },
    sort: ["product", "location"]
  }
}

const claims = (filter: ClaimFilter, now: string): List<Claim> => {
  const { condition, parameters } = matching({
    product: ["product = :product", filter.product],
    location: ["location = :location", filter.location],
    state: ["state = :state", filter.state],
    sourceType: ["data ->> '$.source.type' = :sourceType", filter.source?.type],
    sourceId: ["data ->> '$.source.id' = :sourceId", filter.source?.id]
  })
  const binds = "(state = 'committed' OR (state = 'held' AND expiresAt > :now))"
  const select = `SELECT data, id FROM claims WHERE ${binds} AND ${condition}`
  return { name: "claims", decode: json.claims.decode, select, parameters: { ...parameters, now }, sort: ["id"] }
}

const sortColumns = { relevance: "rank", name: "name", sku: "sku", created: "createdAt", stock: "available" }

/** Whether a product's JSON has a text in one of the fields that are searched, in any case; a function of SQL. */
const mentions = (data: SQLInputValue, search: SQLInputValue): number =>
  searchedText(json.products.decode(data)).includes(String(search)) ? 1 : 0

/** How well a product's JSON fits the text that it has; a function of SQL. */
const fits = (data: SQLInputValue, search: SQLInputValue): number =>
  searchRank(json.products.decode(data), String(search))

const products = (filter: ProductFilter, now: string): List<StockedProduct> => {
  const sort = productOrder(filter)
  // A sort is a column and a direction, and the best come first.
  const [column, direction] = sort.split("_") as [keyof typeof sortColumns, "asc" | "desc" | undefined]
  const { condition, parameters } = matching({
    search: ["mentions(data, :search)", searchOf(filter)],
    category: ["category = :category", filter.category],
    status: ["status = :status", filter.status]
  })
  const stock = (sum: string) => `(SELECT ${sum} FROM balances AS b WHERE b.product = products.id)`
  return {
    name: `products:${sort}`,
    decode: decodeStocked,
    select: `SELECT id, name, sku, createdAt, available, fits(data, :whole) AS rank,
      json_object('product', json(data), 'onHand', onHand, 'held', held, 'available', available) AS data
      FROM (SELECT *, ${stock(onHand)} AS onHand, ${stock(held)} AS held, ${stock(offered)} AS available
        FROM products WHERE ${condition})`,
    parameters: { ...parameters, now, whole: filter.search ?? "" },
    sort: sort === "relevance" ? ["rank", "name", "id"] : [sortColumns[column], "id"],
    descending: direction === "desc"
  }
}

const movements = (filter: MovementFilter): List<Movement> => {
  const { condition, parameters } = matching({
    product: ["product = :product", filter.product],
    location: ["location = :location", filter.location],
    kind: ["kind = :kind", filter.kind],
    from: ["occurredAt >= :from", filter.from && DateTime.formatIso(filter.from)],
    to: ["occurredAt < :to", filter.to && DateTime.formatIso(filter.to)],
    sourceType: ["sourceType = :sourceType", filter.source?.type],
    sourceId: ["sourceId = :sourceId", filter.source?.id]
  })
  const select = `SELECT data, occurredAt, seq, line FROM movements WHERE ${condition}`
  const list = { decode: json.movements.decode, select, parameters, descending: true }
  // Recorded time rises with seq, so the order of seq is that of recording.
  return filter.from === undefined && filter.to === undefined
    ? { ...list, name: "movements", sort: ["seq", "line"] }
    : { ...list, name: "movements:occurred", sort: ["occurredAt", "seq", "line"] }
}

/** Products with their levels; the reader's connection answers synchronously, so all of it is of one instant. */
const productLevels = (database: Database, ids: ReadonlyArray<ProductId>, now: string) =>
  database
    .all(
      json.products.decode,
      "SELECT data FROM products WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id",
      { ids: JSON.stringify(ids) }
    )
    .map((product) => {
      const { decode, select, parameters } = levels({ product: product.id }, now)
      return { product, levels: database.all(decode, `SELECT data FROM (${select}) ORDER BY location`, parameters) }
    })

/** Why a level is what it is. The reader's connection answers synchronously, so nothing comes in between. */
const explain = (
  database: Database,
  { product, location }: StockPlace,
  request: PageRequest,
  now: string
): Result.Result<Explanation, InvalidCursor> =>
  Result.gen(function* () {
    const place = { product, location }
    const { items } = yield* pageOf(database, levels(place, now), firstPage(1))
    const lots = database.all(
      json.balances.decode,
      `SELECT json_set(data, '$.held', ${held}) FROM balances AS b
       WHERE product = :product AND location = :location GROUP BY lot ORDER BY lot`,
      { ...place, now }
    )
    return {
      level: items[0] ?? emptyLevel(place),
      lots,
      movements: yield* pageOf(database, movements(place), request),
      claims: yield* pageOf(database, claims(place, now), request)
    }
  })

/** A product's stock as of a time, summed from the movements that count: what came to a place less what left it. */
const stockAsOf = (database: Database, place: LevelFilter, { occurredBy, recordedBy }: AsOf) => {
  const { condition, parameters } = matching({
    product: ["product = :product", place.product],
    location: ["location = :location", place.location],
    occurredBy: ["occurredAt <= :occurredBy", occurredBy && DateTime.formatIso(occurredBy)],
    recordedBy: ["data ->> 'recordedAt' <= :recordedBy", recordedBy && DateTime.formatIso(recordedBy)]
  })
  const sum = (...places: ReadonlyArray<string>) => {
    const list = places.map((one) => `'${one}'`).join(", ")
    return `sum(quantity * ((data ->> 'to' IN (${list})) - (data ->> 'from' IN (${list}))))`
  }
  return database.all(
    decodeStockAsOf,
    `SELECT json_object('product', product, 'location', location, 'lot', lot,
       'onHand', ${sum(...conditions)}, 'sellable', ${sum("sellable")})
     FROM movements WHERE ${condition} GROUP BY product, location, lot ORDER BY location, lot`,
    parameters
  )
}

const decodePlace = decoderOf(Schema.Struct({ product: ProductId, location: LocationId }))

/** Demand, folded by core's own function from the movements of each place of the page. */
const demand = (
  database: Database,
  filter: DemandFilter,
  request: PageRequest
): Result.Result<Page<DemandSeries>, InvalidCursor> => {
  const { condition, parameters } = matchingLevel(filter)
  const places = {
    name: "demand",
    decode: decodePlace,
    select: `SELECT DISTINCT product, location, json_object('product', product, 'location', location) AS data
      FROM balances WHERE ${condition}`,
    parameters,
    sort: ["product", "location"]
  }
  const moved = "SELECT data FROM movements WHERE product = :product AND location = :location"
  return Result.map(pageOf(database, places, request), (page) => ({
    ...page,
    items: page.items.map((place) => ({
      ...place,
      ...foldDemand(database.all(json.movements.decode, moved, { ...place }), filter.bounds)
    }))
  }))
}

/** The rows of reports, which core folds. */
const reportRows = (database: Database): ReportRows => {
  const found = <A>(decode: (text: unknown) => A, table: Table, id: string) =>
    database.all(decode, `SELECT data FROM ${table} WHERE id = :id`, { id })[0]
  return {
    movements: (filter) => {
      const { condition, parameters } = matchingLevel(filter)
      const select = `SELECT data FROM movements WHERE ${condition} ORDER BY seq, line`
      return database.all(json.movements.decode, select, parameters)
    },
    product: (id) => found(json.products.decode, "products", id),
    order: (id) => found(json.orders.decode, "orders", id)
  }
}

const orders = (filter: OrderFilter): List<Order> => {
  const { condition, parameters } = matching({
    customer: ["customer = :customer", filter.customer],
    // Its own, and those of its lines and shipments, stand at any depth.
    location: [
      "EXISTS (SELECT 1 FROM json_tree(orders.data) WHERE key = 'location' AND atom = :location)",
      filter.location
    ]
  })
  const select = `SELECT data, placedAt, id FROM orders WHERE ${condition}`
  return { name: "orders", decode: json.orders.decode, select, parameters, sort: ["placedAt", "id"], descending: true }
}

const backorders = (filter: LevelFilter): List<Backorder> => {
  const { condition, parameters } = matching({
    product: ["line.value ->> 'product' = :product", filter.product],
    location: ["o.location = :location", filter.location]
  })
  const select = `SELECT o.placedAt AS placedAt, o.id AS id, line.value ->> 'line' AS line,
    json_object('order', o.id, 'line', line.value ->> 'line', 'product', line.value ->> 'product',
      'location', o.location, 'customer', o.customer, 'quantity', line.value ->> 'backordered',
      'placedAt', o.placedAt) AS data
    FROM orders AS o, json_each(o.data -> 'lines') AS line
    WHERE line.value ->> 'backordered' > 0 AND ${condition}`
  return { name: "backorders", decode: decodeBackorder, select, parameters, sort: ["placedAt", "id", "line"] }
}

const counts = (filter: CountFilter): List<Count> => {
  const { condition, parameters } = matching({
    state: ["state = :state", filter.state],
    location: ["location = :location", filter.location]
  })
  const select = `SELECT data, createdAt, id FROM counts WHERE ${condition}`
  const sort = ["createdAt", "id"]
  return { name: "counts", decode: json.counts.decode, select, parameters, sort, descending: true }
}

const transfers = (filter: TransferFilter): List<Transfer> => {
  const { condition, parameters } = matching({
    state: ["state = :state", filter.state],
    origin: ["origin = :origin", filter.origin],
    destination: ["destination = :destination", filter.destination],
    location: [":location IN (origin, destination)", filter.location]
  })
  const select = `SELECT data, createdAt, id FROM transfers WHERE ${condition}`
  const sort = ["createdAt", "id"]
  return { name: "transfers", decode: json.transfers.decode, select, parameters, sort, descending: true }
}

const vendors = (filter: VendorFilter): List<Vendor> => {
  const { condition, parameters } = matching({
    status: ["status = :status", filter.status],
    search: ["instr(lower(name), :search)", filter.search?.trim().toLowerCase() || undefined]
  })
  const select = `SELECT data, name, id FROM vendors WHERE ${condition}`
  return { name: "vendors", decode: json.vendors.decode, select, parameters, sort: ["name", "id"] }
}

const matchingSold = ({ vendor, product }: VendorProductFilter) =>
  matching({ vendor: ["vendor = :vendor", vendor], product: ["product = :product", product] })

const vendorProducts = (filter: VendorProductFilter): List<VendorProduct> => {
  const { condition, parameters } = matchingSold(filter)
  const select = `SELECT data, product, vendor FROM vendorProducts WHERE ${condition}`
  const sort = ["product", "vendor"]
  return { name: "vendorProducts", decode: json.vendorProducts.decode, select, parameters, sort }
}

const contactHistory = (filter: VendorProductFilter): List<ContactRecord> => {
  const { condition, parameters } = matchingSold(filter)
  const select = `SELECT data, contactedAt, id FROM contactRecords WHERE ${condition}`
  const sort = ["contactedAt", "id"]
  return { name: "contactHistory", decode: json.contactRecords.decode, select, parameters, sort, descending: true }
}

const purchaseOrders = (filter: PurchaseOrderFilter): List<PurchaseOrder> => {
  const { condition, parameters } = matching({
    state: ["state = :state", filter.state],
    vendor: ["vendor = :vendor", filter.vendor],
    destination: ["destination = :destination", filter.destination]
  })
  const select = `SELECT data, createdAt, id FROM purchaseOrders WHERE ${condition}`
  const sort = ["createdAt", "id"]
  return { name: "purchaseOrders", decode: json.purchaseOrders.decode, select, parameters, sort, descending: true }
}

const thresholds = (filter: LevelFilter): List<Threshold> => {
  const { condition, parameters } = matchingLevel(filter)
  const select = `SELECT data, id FROM thresholds WHERE ${condition}`
  return { name: "thresholds", decode: json.thresholds.decode, select, parameters, sort: ["id"] }
}

const reorderPolicies = (filter: LevelFilter): List<ReorderPolicy> => {
  const { condition, parameters } = matchingLevel(filter)
  const select = `SELECT data, id FROM policies WHERE ${condition}`
  return { name: "policies", decode: json.policies.decode, select, parameters, sort: ["id"] }
}

const stockPolicies = (filter: LevelFilter): List<StockPolicy> => {
  const { condition, parameters } = matchingLevel(filter)
  const select = `SELECT data, id FROM stockPolicies WHERE ${condition}`
  return { name: "stockPolicies", decode: json.stockPolicies.decode, select, parameters, sort: ["id"] }
}

const notifications = (filter: NotificationFilter): List<Notification> => {
  const { condition, parameters } = matching({
    state: ["state = :state", filter.state],
    kind: ["kind = :kind", filter.kind],
    product: ["product = :product", filter.product],
    location: ["location = :location", filter.location]
  })
  const select = `SELECT data, raisedAt, id FROM notifications WHERE ${condition}`
  const sort = ["raisedAt", "id"]
  return { name: "notifications", decode: json.notifications.decode, select, parameters, sort, descending: true }
}

/** What a review has to look at: snoozes that are over, and orders whose lateness is not what a name says of them. */
const dueForReview = (database: Database, by: string, limit: number): DueForReview => {
  const snoozed = "SELECT data FROM notifications WHERE snoozedUntil <= :by ORDER BY id LIMIT :limit"
  const late = "state IN ('placed', 'partiallyReceived') AND expectedAt IS NOT NULL AND expectedAt < :by"
  const named = "EXISTS (SELECT 1 FROM names AS n WHERE n.id = :name || o.id)"
  const orders = `SELECT data FROM purchaseOrders AS o WHERE (${late}) <> ${named} ORDER BY id LIMIT :limit`
  const name = causeName(LATE_PURCHASE_ORDER, "")
  return {
    notifications: database.all(json.notifications.decode, snoozed, { by, limit }).map(({ id }) => id),
    purchaseOrders: database.all(json.purchaseOrders.decode, orders, { by, limit, name }).map(({ id }) => id)
  }
}

const restockAlerts = (filter: LevelFilter, now: string): List<RestockAlert> => {
  const { condition, parameters } = matchingLevel(filter)
  return {
    name: "restockAlerts",
    decode: decodeAlert,
    select: `SELECT raisedAt, id, json_object('threshold', json(data), 'available', (
      SELECT ${available} FROM balances AS b WHERE b.product = t.product AND b.location = t.location)) AS data
      FROM thresholds AS t WHERE raisedAt IS NOT NULL AND ${condition}`,
    parameters: { ...parameters, now },
    sort: ["raisedAt", "id"]
  }
}

const locations: List<Location> = {
  name: "locations",
  decode: json.locations.decode,
  select: "SELECT data, name, id FROM locations",
  sort: ["name", "id"]
}

const webhooks: List<Webhook> = {
  name: "webhooks",
  decode: json.webhooks.decode,
  select: "SELECT data, createdAt, id FROM webhooks WHERE state <> 'removed'",
  sort: ["createdAt", "id"]
}

const users = ({ role }: UserFilter): List<User> => ({
  name: "users",
  decode: json.users.decode,
  select: `SELECT data, email, id FROM users
    WHERE :role IS NULL OR :role IN (SELECT value FROM json_each(data -> 'roles'))`,
  parameters: { role: role ?? null },
  sort: ["email", "id"]
})

const apiKeys: List<ApiKey> = {
  name: "apiKeys",
  decode: json.apiKeys.decode,
  select: "SELECT data, name, id FROM apiKeys",
  sort: ["name", "id"]
}

/** The queries over a connection that sees what is committed. */
export const queriesOver = (database: Database): Queries => {
  database.connection.function("mentions", { deterministic: true }, mentions)
  database.connection.function("fits", { deterministic: true }, fits)
  const ask = <A>(answer: (now: string) => A) =>
    Effect.flatMap(Clock.currentTimeMillis, (millis) =>
      Effect.try({ try: () => answer(new Date(millis).toISOString()), catch: unavailable })
    )
  const page = <A>(list: (now: string) => List<A>, request: PageRequest) =>
    Effect.flatMap(
      ask((now) => pageOf(database, list(now), request)),
      Effect.fromResult
    )
  const one = <A>(decode: (text: unknown) => A, sql: string, parameters: Parameters) =>
    ask(() => Option.fromNullishOr(database.all(decode, sql, parameters)[0]))
  const byId = <A>(table: Table, decode: (text: unknown) => A, id: string) =>
    one(decode, `SELECT data FROM ${table} WHERE id = :id`, { id })
  const byName = <A>(table: Table, decode: (text: unknown) => A, name: string) =>
    one(decode, `SELECT data FROM ${table} WHERE id = (SELECT target FROM names WHERE id = :name)`, { name })
  return {
    product: (id) => byId("products", json.products.decode, id),
    productByCode: (field, code) => byName("products", json.products.decode, `${field}:${code}`),
    productLevels: (ids) => ask((now) => productLevels(database, ids, now)),
    products: (filter, request) => page((now) => products(filter, now), request),
    categories: ask(() =>
      database
        .rows("SELECT DISTINCT category FROM products WHERE category <> '' ORDER BY category")
        .map(([text]) => String(text))
    ),
    location: (id) => byId("locations", json.locations.decode, id),
    locations: (request) => page(() => locations, request),
    balance: (key) =>
      Effect.map(
        one(
          json.balances.decode,
          "SELECT data FROM balances WHERE product = :product AND location = :location AND lot = :lot",
          {
            product: key.product,
            location: key.location,
            lot: key.lot
          }
        ),
        Option.getOrElse(() => emptyBalance(key))
      ),
    lot: ({ product, lot }) => byId("lots", json.lots.decode, lotId(product, lot)),
    lotsForReview: (by, expiryDays, limit) => ask(() => lotsForReview(database, expiryBounds(by, expiryDays), limit)),
    lots: (filter, request) => page((now) => lots(filter, now), request),
    lotTrace: (key) => ask((now) => Option.fromUndefinedOr(lotTrace(database, key, now))),
    lotRecipients: (key, request) => page(() => lotRecipients(key), request),
    supplies: (product) => ask((now) => supplies(database, product, now)),
    levels: (filter, request) => page((now) => levels(filter, now), request),
    movements: (filter, request) => page(() => movements(filter), request),
    claims: (filter, request) => page((now) => claims(filter, now), request),
    explain: (place, limit) =>
      Effect.flatMap(
        ask((now) => explain(database, place, firstPage(limit), now)),
        // A first page has no cursor.
        (explained) => Effect.orDie(Effect.fromResult(explained))
      ),
    demand: (filter, request) =>
      Effect.flatMap(
        ask(() => demand(database, filter, request)),
        Effect.fromResult
      ),
    stockAsOf: (place, time) => ask(() => stockAsOf(database, place, time)),
    movementTotals: (filter) =>
      ask(() => {
        const { condition, parameters } = matchingLevel(filter)
        const total = "json_object('kind', kind, 'movements', count(*), 'quantity', sum(quantity))"
        return database.all(
          decodeTotal,
          `SELECT ${total} FROM movements WHERE ${condition} GROUP BY kind ORDER BY kind`,
          parameters
        )
      }),
    ...foldedReports((answer) => ask(() => answer(reportRows(database)))),
    cart: (id) => byId("carts", json.carts.decode, id),
    activeCart: (owner) => byName("carts", json.carts.decode, activeCartName(owner)),
    order: (id) => byId("orders", json.orders.decode, id),
    orders: (filter, request) => page(() => orders(filter), request),
    backorders: (filter, request) => page(() => backorders(filter), request),
    restockAlerts: (filter, request) => page((now) => restockAlerts(filter, now), request),
    reorderPolicies: (filter, request) => page(() => reorderPolicies(filter), request),
    stockPolicies: (filter, request) => page(() => stockPolicies(filter), request),
    thresholds: (filter, request) => page(() => thresholds(filter), request),
    count: (id) => byId("counts", json.counts.decode, id),
    counts: (filter, request) => page(() => counts(filter), request),
    transfer: (id) => byId("transfers", json.transfers.decode, id),
    transfers: (filter, request) => page(() => transfers(filter), request),
    vendor: (id) => byId("vendors", json.vendors.decode, id),
    vendors: (filter, request) => page(() => vendors(filter), request),
    vendorProducts: (filter, request) => page(() => vendorProducts(filter), request),
    contactRecord: (id) => byId("contactRecords", json.contactRecords.decode, id),
    contactHistory: (filter, request) => page(() => contactHistory(filter), request),
    purchaseOrder: (id) => byId("purchaseOrders", json.purchaseOrders.decode, id),
    purchaseOrders: (filter, request) => page(() => purchaseOrders(filter), request),
    notification: (id) => byId("notifications", json.notifications.decode, id),
    notifications: (filter, request) => page(() => notifications(filter), request),
    webhook: (id) => byId("webhooks", json.webhooks.decode, id),
    webhooks: (request) => page(() => webhooks, request),
    dueForReview: (by, limit) => ask(() => dueForReview(database, DateTime.formatIso(by), limit)),
    user: (id) => byId("users", json.users.decode, id),
    userByEmail: (email) => byName("users", json.users.decode, `email:${email}`),
    users: (filter, request) => page(() => users(filter), request),
    sessions: (user) =>
      Effect.map(byId("sessions", json.sessions.decode, user), (found) =>
        Option.match(found, { onNone: () => [], onSome: ({ sessions }) => sessions })
      ),
    apiKey: (id) => byId("apiKeys", json.apiKeys.decode, id),
    apiKeys: (request) => page(() => apiKeys, request),
    command: (key) => one(json.commands.decode, "SELECT data FROM commands WHERE key = :key", { key }),
    events: ({ 0: after = { seq: 0, line: 0 } }, limit) =>
      ask(() =>
        database.all(
          json.events.decode,
          "SELECT data FROM events WHERE (seq, line) > (:seq, :line) ORDER BY seq, line LIMIT :limit",
          { ...after, limit }
        )
      ),
    head: ask(() => {
      const [[seq] = []] = database.rows("SELECT seq FROM head")
      return { 0: { seq: Number(seq), line: LAST_LINE } }
    }),
    verify: ask(() => verify(database)),
    forgetValues: () => Effect.void
  }
}
