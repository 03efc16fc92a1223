/**
 * Trials of answers: after a random history every question is asked of the store and of the reference, with every
 * filter, and the answers compared.
 */
import {
  ApiKeyId,
  CartId,
  type InvalidCursor,
  type LevelFilter,
  type LotFilter,
  MAX_PAGE_SIZE,
  makeMemoryStore,
  movementKinds,
  OrderId,
  type Page,
  type PageRequest,
  PurchaseOrderId,
  productSorts,
  type Queries,
  type StoreUnavailable,
  type Submission,
  salesGroups,
  TransferId,
  UserId,
  valuationMethods
} from "@onhand/core"
import { DateTime, Effect } from "effect"
import { locationPool, lotTracked, productPool, vendorPool } from "./Arbitraries.ts"
import { type Known, nothingKnown, type Step } from "./Draft.ts"
import { type Features, learn, resolve } from "./History.ts"
import { beginning } from "./HistoryRun.ts"
import { ensure, type Session, submissionOf } from "./Session.ts"
import { commitBatch, commitOne, overHistories } from "./Setup.ts"
import type { Trial, TrialInput } from "./Trial.ts"

type Question = (queries: Queries) => Effect.Effect<unknown, StoreUnavailable | InvalidCursor>

/** Items of a page: few, so that a short history has several pages. */
const PAGE = 3

/** All items of a list, over its pages. */
const all =
  <A>(list: (queries: Queries, page: PageRequest) => Effect.Effect<Page<A>, StoreUnavailable | InvalidCursor>) =>
  (queries: Queries) =>
    Effect.gen(function* () {
      const items: Array<A> = []
      let cursor: string | undefined
      do {
        const page: Page<A> = yield* list(queries, { _tag: "Cursor", limit: PAGE, cursor })
        items.push(...page.items)
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      return items
    })

/** The same of a list in the order of its times, which are not the same in two stores. */
const allByTime = (list: Parameters<typeof all<unknown>>[0]) => (queries: Queries) =>
  Effect.map(all(list)(queries), (items) => items.map(textOf).toSorted())

/** A value as text that is the same for two stores: their clocks are their own, and so are the orders of fields. */
export const textOf = (answer: unknown): string =>
  JSON.stringify(answer, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value
  )
    .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, "(time)")
    .replaceAll(/"recordedMicros":\d+/g, '"recordedMicros":"(time)"')

/** One period that has everything in it, whatever the stores' clocks say. */
const allTime = { from: DateTime.makeUnsafe(0), to: DateTime.makeUnsafe("9999-01-01T00:00:00Z") }

/** The flows of all time, without the mean over it, which depends on the stores' clocks. */
const flowsOf = (queries: Queries, filter: LevelFilter, page: PageRequest) =>
  Effect.map(queries.stockFlows({ ...filter, period: allTime }, page), (answer) => ({
    ...answer,
    items: answer.items.map(({ meanOnHand: _, ...flow }) => flow)
  }))

const stockQuestions: Readonly<Record<string, Question>> = Object.fromEntries([
  ...[{}, ...productPool.map((product) => ({ product })), ...locationPool.map((location) => ({ location }))].flatMap(
    (filter): ReadonlyArray<readonly [string, Question]> => {
      const given = textOf(filter)
      return [
        [`levels(${given})`, all((queries, page) => queries.levels(filter, page))],
        [`movements(${given})`, allByTime((queries, page) => queries.movements(filter, page))],
        [`movementTotals(${given})`, (queries) => queries.movementTotals(filter)],
        [`reorderPolicies(${given})`, all((queries, page) => queries.reorderPolicies(filter, page))],
        [`backorders(${given})`, allByTime((queries, page) => queries.backorders(filter, page))],
        [`stockPolicies(${given})`, all((queries, page) => queries.stockPolicies(filter, page))],
        [`stockFlows(${given})`, all((queries, page) => flowsOf(queries, filter, page))],
        [`thresholds(${given})`, all((queries, page) => queries.thresholds(filter, page))],
        [`restockAlerts(${given})`, allByTime((queries, page) => queries.restockAlerts(filter, page))]
      ]
    }
  ),
  ...salesGroups.map((by): readonly [string, Question] => [
    `sales({"by":"${by}"})`,
    all((queries, page) => queries.sales({ by, bounds: [allTime.from, allTime.to] }, page))
  ]),
  ...[{}, { state: "committed" as const }, { product: productPool[0], location: locationPool[0] }].map(
    (filter): readonly [string, Question] => [
      `claims(${textOf(filter)})`,
      all((queries, page) => queries.claims(filter, page))
    ]
  ),
  ["productLevels", (queries) => queries.productLevels([...productPool, ...productPool].toReversed())],
  ...productPool.map((product): readonly [string, Question] => [
    `explain(${product})`,
    (queries) =>
      Effect.map(queries.explain({ product, location: locationPool[0]! }, MAX_PAGE_SIZE), ({ movements, ...rest }) => ({
        ...rest,
        movements: movements.items.map(textOf).toSorted()
      }))
  ]),
  ...valuationMethods.map((method): readonly [string, Question] => [
    `stockValues({"method":"${method}"})`,
    all((queries, page) => queries.stockValues({ method }, page))
  ]),
  ...movementKinds.map((kind): readonly [string, Question] => [
    `movements({"kind":"${kind}"})`,
    allByTime((queries, page) => queries.movements({ kind }, page))
  ])
])

const lotKeys = [lotTracked, productPool[0]!].flatMap((product) => ["A", "B", "C"].map((lot) => ({ product, lot })))
const lotFilters: ReadonlyArray<LotFilter> = [
  {},
  { stocked: true },
  { product: lotTracked, status: "active" },
  { status: "recalled" },
  { expiringBefore: "2999-01-01" },
  ...locationPool.flatMap((location) => [{ location }, { location, stocked: true, expiringBefore: "2998-12-31" }])
]

const lotQuestions: Readonly<Record<string, Question>> = Object.fromEntries([
  ...lotFilters.map((filter): readonly [string, Question] => [
    `lots(${textOf(filter)})`,
    all((queries, page) => queries.lots(filter, page))
  ]),
  ...lotKeys.flatMap(
    (key): ReadonlyArray<readonly [string, Question]> => [
      [`lot(${textOf(key)})`, (queries) => queries.lot(key)],
      [`lotTrace(${textOf(key)})`, (queries) => queries.lotTrace(key)],
      [`lotRecipients(${textOf(key)})`, all((queries, page) => queries.lotRecipients(key, page))]
    ]
  ),
  ...productPool.map((product): readonly [string, Question] => [
    `supplies(${product})`,
    (queries) => queries.supplies(product)
  ])
])

const catalogueQuestions: Readonly<Record<string, Question>> = Object.fromEntries([
  ...productSorts.map((sort): readonly [string, Question] => [
    `products({"sort":"${sort}"})`,
    (sort.startsWith("created") ? allByTime : all)((queries, page) => queries.products({ sort }, page))
  ]),
  ...[
    { search: " MU" },
    { search: "s" },
    { search: "381333" },
    { status: "archived" as const },
    { category: "Cups" }
  ].map((filter): readonly [string, Question] => [
    `products(${textOf(filter)})`,
    (queries) => queries.products(filter, { _tag: "Numbered", page: 1, pageSize: PAGE })
  ]),
  ...["S0", "S1", "S2", "S3", "S4"].map((code): readonly [string, Question] => [
    `productByCode("sku", "${code}")`,
    (queries) => queries.productByCode("sku", code)
  ]),
  ...productPool.map((id): readonly [string, Question] => [`product(${id})`, (queries) => queries.product(id)]),
  ...locationPool.map((id): readonly [string, Question] => [`location(${id})`, (queries) => queries.location(id)]),
  ["productByCode(barcode)", (queries) => queries.productByCode("barcode", "4006381333931")],
  ["categories()", (queries) => queries.categories],
  ["locations()", all((queries, page) => queries.locations(page))]
])

const SHOP =
  "Given two locations l0 and l1, products p0 to p2 with a little stock, one of them archived under another code, " +
  "reorder policies of two of them and of a class, " +
  "more of p0 held at l1 than there is, vendors v0 and v1, two users with carts, an order of p0, and " +
  "p0 and p1 on their way to l1:"

/** Something on its way to the second location: by a transfer, and by a purchase order of what was never there. */
const underway = (features: Features): ReadonlyArray<Submission> => {
  const [product, other] = productPool
  const [origin, destination] = locationPool
  const [vendor] = vendorPool
  if (!product || !other || !origin || !destination || !vendor) return []
  const [transfer, purchaseOrder] = [TransferId.make("transfer-p0"), PurchaseOrderId.make("order-p1")]
  const sent = { origin, destination, lines: [{ product, quantity: 2 }] as const }
  const terms = { vendor, lines: [{ product: other, pack: 2, primary: true }] as const }
  const asked = { vendor, destination, lines: [{ product: other, quantity: 4 }] as const }
  return [
    ...(features.transfers
      ? [
          submissionOf("createTransfer", sent, { key: "transfer", id: transfer }),
          submissionOf("dispatchTransfer", { transfer, origin }, { key: "dispatched" })
        ]
      : []),
    ...(features.purchasing
      ? [
          submissionOf("setVendorProducts", terms, { key: "terms" }),
          submissionOf("recordContact", { vendor, medium: "phone", message: "Hello." }, { key: "call", id: "call-v0" }),
          submissionOf("createPurchaseOrder", asked, { key: "purchase", id: purchaseOrder }),
          submissionOf("placePurchaseOrder", { purchaseOrder, destination }, { key: "placed" })
        ]
      : [])
  ]
}

/** More promised of a product at the second location than is there, and back-orders allowed at the first. */
const owing: ReadonlyArray<Submission> = locationPool.slice(0, 2).flatMap((location, index) => {
  const product = productPool[0]!
  const line = index === 0 ? { backorders: true } : { floor: -50 }
  const held = { lines: [{ product, location, quantity: 45 }] as const, ttlMillis: 86_400_000 }
  return [
    submissionOf("setStockPolicies", { lines: [{ product, location, ...line }] }, { key: `promised-${index}` }),
    ...(index === 0 ? [] : [submissionOf("holdStock", held, { key: "owed" })])
  ]
})

/** What every question has an answer in: a code that was given up, something archived, users, carts and an order. */
const shop = (features: Features): ReadonlyArray<Submission> => {
  const [product, , moved] = productPool
  const [location] = locationPool
  if (product === undefined || moved === undefined || location === undefined) return []
  const cart = CartId.make("cart-ann")
  const open = (owner: string) =>
    submissionOf(
      "openCart",
      { owner, lines: [{ product, quantity: 1, mode: "add" }] },
      { key: `cart-${owner}`, id: `cart-${owner}` }
    )
  const users = ["ann", "bob"].map((name) =>
    submissionOf(
      "registerUser",
      { email: `${name}@example.com`, name, credential: "hash", roles: ["customer"] },
      { key: name }
    )
  )
  const target = { kind: "fill rate", level: 0.9 } as const
  const policies = [
    { product, location, leadDays: [0, 12] as const, alertRisk: 0.25 },
    { product: moved, location, target, reviewDays: 3 },
    { abc: "A" as const, target }
  ] as const
  return [
    submissionOf("setReorderPolicies", { lines: policies }, { key: "policies" }),
    ...(features.claims ? owing : []),
    submissionOf("setReorderPolicies", { lines: [{ ...policies[0], coverDays: 30 }] }, { key: "policy" }),
    submissionOf(
      "updateProduct",
      { product: moved, expected: "any", sku: "S4", category: "Cups", barcodes: ["4006381333931"] },
      { key: "code" }
    ),
    submissionOf("archiveProduct", { product: moved, expected: "any", archived: true }, { key: "archived" }),
    ...(features.carts
      ? [open("ann"), open("bob"), submissionOf("checkout", { cart, location }, { key: "order", id: "order-ann" })]
      : []),
    ...(features.users ? users : []),
    ...underway(features)
  ]
}

const purchasingQuestions: ReadonlyArray<[string, Question]> = [
  ...vendorPool.map((id): [string, Question] => [`vendor(${id})`, (queries) => queries.vendor(id)]),
  ...[{}, { search: " PO" }, { status: "archived" as const }].map((filter): [string, Question] => [
    `vendors(${textOf(filter)})`,
    all((queries, page) => queries.vendors(filter, page))
  ]),
  ...[{}, { vendor: vendorPool[0] }, { product: productPool[0] }].flatMap(
    (filter): ReadonlyArray<[string, Question]> => [
      [`vendorProducts(${textOf(filter)})`, all((queries, page) => queries.vendorProducts(filter, page))],
      [`contactHistory(${textOf(filter)})`, allByTime((queries, page) => queries.contactHistory(filter, page))]
    ]
  ),
  ...[{}, { state: "placed" as const }, { vendor: vendorPool[0] }, { destination: locationPool[0] }].map(
    (filter): [string, Question] => [
      `purchaseOrders(${textOf(filter)})`,
      allByTime((queries, page) => queries.purchaseOrders(filter, page))
    ]
  )
]

const notificationQuestions: ReadonlyArray<[string, Question]> = [
  ...[
    {},
    { state: "open" as const },
    { kind: "lowStock" },
    { product: productPool[0] },
    { location: locationPool[0], state: "resolved" as const }
  ].map((filter): [string, Question] => [
    `notifications(${textOf(filter)})`,
    allByTime((queries, page) => queries.notifications(filter, page))
  ]),
  ...[Date.UTC(2019, 0, 1), Date.UTC(2099, 0, 1), Date.UTC(2101, 0, 1)].map((by): [string, Question] => [
    `dueForReview(${new Date(by).getUTCFullYear()})`,
    (queries) => queries.dueForReview(DateTime.makeUnsafe(by), 100)
  ]),
  // Before, between and after the expiries of the lots of random histories.
  ...[Date.UTC(1950, 0, 1), Date.UTC(2019, 0, 1), Date.UTC(2998, 0, 1), Date.UTC(2998, 11, 15)].map(
    (by): [string, Question] => [
      `lotsForReview(${new Date(by).toISOString().slice(0, 7)})`,
      (queries) => queries.lotsForReview(DateTime.makeUnsafe(by), 30, 100)
    ]
  )
]

/** Questions about what the history made. */
const questionsOf = (known: Known): Readonly<Record<string, Question>> =>
  Object.fromEntries<Question>([
    ...known.submissions.map(({ key }): [string, Question] => [`command(${key})`, (queries) => queries.command(key)]),
    ...known.carts.map((id): [string, Question] => [`cart(${id})`, (queries) => queries.cart(id)]),
    ...known.users.map((id): [string, Question] => [`user(${id})`, (queries) => queries.user(UserId.make(id))]),
    ...["ann", "bob"].flatMap(
      (name): ReadonlyArray<[string, Question]> => [
        [`activeCart(${name})`, (queries) => queries.activeCart(name)],
        [`userByEmail(${name}@example.com)`, (queries) => queries.userByEmail(`${name}@example.com`)],
        [`orders({"customer":"${name}"})`, allByTime((queries, page) => queries.orders({ customer: name }, page))]
      ]
    ),
    ["order(order-ann)", (queries) => queries.order(OrderId.make("order-ann"))],
    ...[{}, ...locationPool.map((location) => ({ location }))].map((filter): [string, Question] => [
      `orders(${textOf(filter)})`,
      allByTime((queries, page) => queries.orders(filter, page))
    ]),
    ...known.counts.map(({ id }): [string, Question] => [`count(${id})`, (queries) => queries.count(id)]),
    ...[{}, { state: "counting" as const }, { location: locationPool[0]! }].map((filter): [string, Question] => [
      `counts(${textOf(filter)})`,
      allByTime((queries, page) => queries.counts(filter, page))
    ]),
    ...known.transfers.map(({ id }): [string, Question] => [`transfer(${id})`, (queries) => queries.transfer(id)]),
    ...[
      {},
      { state: "inTransit" as const },
      { origin: locationPool[0] },
      { destination: locationPool[0] },
      { location: locationPool[0] }
    ].map((filter): [string, Question] => [
      `transfers(${textOf(filter)})`,
      allByTime((queries, page) => queries.transfers(filter, page))
    ]),
    ...purchasingQuestions,
    ...known.purchaseOrders.map(({ id }): [string, Question] => [
      `purchaseOrder(${id})`,
      (queries) => queries.purchaseOrder(id)
    ]),
    ...known.notifications.map((id): [string, Question] => [
      `notification(${id})`,
      (queries) => queries.notification(id)
    ]),
    ...notificationQuestions,
    ...known.users.map((id): [string, Question] => [`sessions(${id})`, (queries) => queries.sessions(UserId.make(id))]),
    ["apiKey(k0)", (queries) => queries.apiKey(ApiKeyId.make("k0"))],
    ["apiKeys()", all((queries, page) => queries.apiKeys(page))],
    ...known.webhooks.map((id): [string, Question] => [`webhook(${id})`, (queries) => queries.webhook(id)]),
    ["webhooks()", allByTime((queries, page) => queries.webhooks(page))],
    ["users()", all((queries, page) => queries.users({}, page))],
    ["users(customer)", all((queries, page) => queries.users({ role: "customer" }, page))],
    ["users(nobody)", all((queries, page) => queries.users({ role: "nobody" }, page))]
  ])

/** The questions that a store need not answer without a feature. */
const questionsOfFeatures: Readonly<Record<keyof Features, RegExp | undefined>> = {
  claims: undefined,
  carts: /^(cart|activeCart|order|orders|backorders)\(/,
  thresholds: /^(thresholds|reorderPolicies|restockAlerts|notifications?|dueForReview|lotsForReview|webhooks?)\(/,
  counts: /^(count|counts)\(/,
  transfers: /^(transfer|transfers)\(/,
  purchasing: /^(vendors?|vendorProducts|contactHistory|contactRecord|purchaseOrders?)\(/,
  users: /^(user|userByEmail|users|sessions|apiKey|apiKeys)\(/
}

const isAsked = (name: string, features: Features): boolean =>
  (Object.keys(features) as ReadonlyArray<keyof Features>).every(
    (feature) => features[feature] || questionsOfFeatures[feature]?.test(name) !== true
  )

/** What is answered to every question that the features allow, as text by the question. */
export const answersOf = (queries: Queries, known: Known, features: Features) => {
  const questions = { ...catalogueQuestions, ...stockQuestions, ...lotQuestions, ...questionsOf(known) }
  return Effect.forEach(
    Object.entries(questions).filter(([name]) => isAsked(name, features)),
    ([name, question]) => Effect.map(Effect.orDie(question(queries)), (answer) => [name, textOf(answer)] as const)
  )
}

/** Fails at the first question whose answer is another than expected. */
export const sameAnswers = (
  told: ReadonlyArray<readonly [string, string]>,
  expected: ReadonlyArray<readonly [string, string]>
) =>
  Effect.forEach(expected, ([name, wanted], place) => {
    const answer = told[place]?.[1]
    return ensure("G39", answer === wanted, () => `${name} was answered ${answer}\ninstead of ${wanted}`)
  })

/** Whether time alone may change what a command did, where nobody can stop it. */
const isBrief = (session: Session, payload: unknown): boolean =>
  session.time === "real" &&
  typeof payload === "object" &&
  payload !== null &&
  "ttlMillis" in payload &&
  Number(payload.ttlMillis) < 60_000

const compareAnswers = (session: Session, { features }: TrialInput, history: ReadonlyArray<Step>) =>
  Effect.gen(function* () {
    const { store: oracle } = yield* makeMemoryStore({ shards: session.store.shards })
    for (const batch of [beginning(features), shop(features)]) {
      yield* commitBatch(session, batch)
      yield* Effect.orDie(oracle.transact(batch))
    }
    session.diary.given(SHOP)
    const known = nothingKnown()
    for (const [index, step] of history.entries()) {
      const submission = resolve(step, known, index)
      if (isBrief(session, submission.payload)) continue
      known.submissions.push(submission)
      learn(known, submission, yield* commitOne(session, submission))
      yield* Effect.orDie(oracle.transact([submission]))
    }
    yield* sameAnswers(
      yield* answersOf(session.store.queries, known, features),
      yield* answersOf(oracle.queries, known, features)
    )
  })

const answers: Trial = {
  title: "answers every question as the reference does",
  laws: ["G39"],
  run: (input) => overHistories(input, (session, history) => compareAnswers(session, input, history))
}

export const answerTrials: ReadonlyArray<Trial> = [answers]
