/**
 * Histories: random sequences of commands of every kind, with repeated keys, stolen keys and impossible wishes. A step
 * names what an earlier one made by its place ("the second cart"), so that a history stays sensible while it shrinks.
 */
import {
  CartId as CartIdSchema,
  type Count,
  CountId,
  Count as CountSchema,
  claimsAt,
  commands,
  locationsOf,
  type Notification,
  Notification as NotificationSchema,
  type Order,
  OrderId,
  Order as OrderSchema,
  type Outcome,
  type PayloadOf,
  type PurchaseOrder,
  PurchaseOrder as PurchaseOrderSchema,
  type ReplyOf,
  type Submission,
  type Transfer,
  TransferId,
  Transfer as TransferSchema,
  type TransferState
} from "@onhand/core"
import * as fc from "fast-check"
import { accessDrafts } from "./AccessDrafts.ts"
import {
  condition,
  inPieces,
  locationId,
  locationPool,
  lotChoice,
  onceIn,
  productId,
  productPool,
  withLot
} from "./Arbitraries.ts"
import { countDrafts } from "./CountDrafts.ts"
import {
  type Draft,
  drafts,
  expected,
  type KeyChoice,
  type Known,
  lines,
  type Meant,
  optional,
  pick,
  picked,
  present,
  type Step
} from "./Draft.ts"
import { lotDrafts } from "./LotDrafts.ts"
import { learnNotifications, notificationDrafts } from "./NotificationDrafts.ts"
import { orderDrafts } from "./OrderDrafts.ts"
import { purchaseDrafts, vendorDrafts } from "./PurchaseDrafts.ts"
import { submissionOf } from "./Session.ts"
import {
  catalogueDrafts,
  claimDrafts,
  holdTime,
  ledgerDrafts,
  policyDrafts,
  stockPolicyDrafts,
  thresholdDrafts
} from "./StockDrafts.ts"

/** The parts of a store that may be switched off because an adapter does not have them. Laws never are. */
export interface Features {
  readonly claims: boolean
  readonly carts: boolean
  readonly thresholds: boolean
  readonly transfers: boolean
  readonly counts: boolean
  readonly purchasing: boolean
  readonly users: boolean
}

export const allFeatures: Features = {
  claims: true,
  carts: true,
  thresholds: true,
  transfers: true,
  counts: true,
  purchasing: true,
  users: true
}

const NO_CART = CartIdSchema.make("no-cart")

/** The places in the pool of a transfer's origin and destination. */
type Route = readonly [origin: number, destination: number]
// Goods go both ways, and sometimes nowhere.
const route = fc.oneof(
  { arbitrary: fc.constantFrom<Route>([0, 1], [1, 0]), weight: 12 },
  { arbitrary: fc.constantFrom<Route>([0, 0], [0, 2]), weight: 1 }
)
const transferLine = fc
  .record({ product: productId, lot: onceIn(4, lotChoice), quantity: fc.integer({ min: 1, max: 6 }) })
  .map(({ lot = "", ...line }) => inPieces(lot === "" ? line : withLot(line, lot)))
// What is asked for is mostly there, so that there is something to receive, and mostly the first line arrives.
const arrivedLine = fc
  .record({
    line: fc.oneof({ arbitrary: fc.constant(1), weight: 9 }, { arbitrary: fc.integer({ min: 2, max: 3 }), weight: 1 }),
    quantity: fc.integer({ min: 1, max: 3 }),
    condition: onceIn(2, condition)
  })
  .map((line) => inPieces(present(line)))

const NO_TRANSFER = {
  id: TransferId.make("no-transfer"),
  origin: locationPool[0]!,
  destination: locationPool[1]!
}

/** A transfer in a state in which it can be meant, or any other where there is none; seldom with its ends mixed up. */
const transferPick: fc.Arbitrary<Meant> = fc.record({ pick, mixed: onceIn(20, fc.constant(true)) })

/** The transfer that is meant, by the end at which the command is done. */
const meant = (known: Known, states: ReadonlyArray<TransferState>, { pick, mixed = false }: Meant) => {
  const apt = known.transfers.filter(({ state }) => states.includes(state))
  const { id, origin, destination } = picked<Pick<Transfer, "id" | "origin" | "destination">>(
    apt.length > 0 ? apt : known.transfers,
    pick,
    NO_TRANSFER
  )
  const [from, to] = mixed ? [destination, origin] : [origin, destination]
  return { atOrigin: { transfer: id, origin: from }, atDestination: { transfer: id, destination: to } }
}
const onItsWay = ["inTransit", "partiallyReceived"] as const

const transfers = [
  {
    arbitrary: drafts(
      "createTransfer",
      fc.record({ route, lines: lines(transferLine), draft: onceIn(4, fc.constant(true)) }),
      ({ route: [from, to], ...parts }) =>
        present({ origin: locationPool[from]!, destination: locationPool[to]!, ...parts })
    ),
    weight: 4
  },
  drafts(
    "updateTransfer",
    fc.record({ transfer: transferPick, expected, lines: lines(transferLine) }),
    ({ transfer, ...parts }, known) => ({ ...meant(known, ["draft"], transfer).atOrigin, ...parts })
  ),
  drafts("readyTransfer", transferPick, (one, known) => meant(known, ["draft"], one).atOrigin),
  drafts("releaseTransfer", transferPick, (one, known) => meant(known, ["ready"], one).atOrigin),
  {
    arbitrary: drafts("dispatchTransfer", transferPick, (one, known) => meant(known, ["ready"], one).atOrigin),
    weight: 4
  },
  {
    arbitrary: drafts(
      "receiveTransfer",
      fc.record({ transfer: transferPick, lines: lines(arrivedLine) }),
      ({ transfer, ...parts }, known) => ({ ...meant(known, onItsWay, transfer).atDestination, ...parts })
    ),
    weight: 3
  },
  {
    arbitrary: drafts("completeTransfer", transferPick, (one, known) => meant(known, onItsWay, one).atDestination),
    weight: 2
  },
  {
    arbitrary: drafts("closeTransferShort", transferPick, (one, known) => ({
      ...meant(known, onItsWay, one).atDestination,
      reason: "never arrived"
    })),
    weight: 2
  },
  drafts("cancelTransfer", transferPick, (one, known) => meant(known, ["ready", ...onItsWay], one).atOrigin)
]

const owner = fc.constantFrom("ann", "bob")
const cartLines = fc.array(
  fc
    .record({
      product: productId,
      quantity: fc.oneof({ arbitrary: fc.integer({ min: 1, max: 6 }), weight: 6 }, fc.constant(0)),
      mode: fc.constantFrom("add" as const, "set" as const)
    })
    .map(inPieces),
  { maxLength: 3 }
)
const cartAt = fc.record({ cart: pick, location: locationId })
const cartOf = (known: Known, index: number) => picked(known.carts, index, NO_CART)

const carts = [
  // Of each cart some four commands are possible, and most of the others are refused.
  {
    arbitrary: drafts("openCart", fc.record({ owner: optional(owner), lines: cartLines }), (parts) => present(parts)),
    weight: 3
  },
  drafts("changeCart", fc.record({ cart: pick, lines: cartLines }), (parts, known) => ({
    cart: cartOf(known, parts.cart),
    lines: parts.lines
  })),
  drafts("beginCheckout", fc.record({ cart: pick, location: locationId, ttlMillis: holdTime }), (parts, known) => ({
    ...parts,
    cart: cartOf(known, parts.cart)
  })),
  drafts("extendCheckout", fc.record({ at: pick, ttlMillis: holdTime }), ({ at, ttlMillis }, known) => ({
    ...picked(known.checkouts, at, { cart: NO_CART, location: locationPool[0]! }),
    ttlMillis
  })),
  {
    arbitrary: drafts("cancelCheckout", cartAt, ({ cart, location }, known) => ({
      cart: cartOf(known, cart),
      location
    })),
    weight: 2
  },
  drafts("checkout", cartAt, ({ cart, location }, known) => ({ cart: cartOf(known, cart), location }))
]

const plainDraftOf = (features: Features): fc.Arbitrary<Draft> =>
  fc.oneof(
    { arbitrary: ledgerDrafts, weight: 8 },
    { arbitrary: fc.oneof(...catalogueDrafts), weight: 3 },
    { arbitrary: fc.oneof(...lotDrafts), weight: 3 },
    ...(features.claims
      ? [
          { arbitrary: fc.oneof(...claimDrafts), weight: 12 },
          { arbitrary: stockPolicyDrafts, weight: 3 }
        ]
      : []),
    ...(features.thresholds
      ? [
          { arbitrary: thresholdDrafts, weight: 2 },
          { arbitrary: policyDrafts, weight: 1 },
          { arbitrary: fc.oneof(...notificationDrafts), weight: 5 }
        ]
      : []),
    ...(features.carts
      ? [
          { arbitrary: fc.oneof(...carts), weight: 10 },
          { arbitrary: fc.oneof(...orderDrafts(cartOf)), weight: 8 }
        ]
      : []),
    ...(features.transfers ? [{ arbitrary: fc.oneof(...transfers), weight: 9 }] : []),
    ...(features.counts ? [{ arbitrary: fc.oneof(...countDrafts), weight: 8 }] : []),
    ...(features.purchasing
      ? [
          { arbitrary: fc.oneof(...vendorDrafts), weight: 1 },
          { arbitrary: fc.oneof(...purchaseDrafts), weight: 5 }
        ]
      : []),
    ...(features.users ? [{ arbitrary: accessDrafts, weight: 5 }] : [])
  )

/** Whether a command can be one of several: one with secrets stands alone, and so does a repair. */
const isComposable = ({ command }: Draft) =>
  command !== "repairBalances" && command !== "compose" && commands[command].secrets.length === 0

/** One to three commands as one, none of which knows what those before it will have made. */
const composed = (plain: fc.Arbitrary<Draft>): fc.Arbitrary<Draft> =>
  lines(plain.filter(isComposable)).map((parts) => ({
    command: "compose",
    submission: (known, key, id) => {
      const [first, ...rest] = parts.map(({ command, submission }, index) => ({
        command,
        payload: submission(known, key, `${id}-${index}`).payload
      }))
      // Each payload is that of its command, which the draft made of it.
      return submissionOf("compose", { commands: [first, ...rest] as never }, { key, id })
    }
  }))

const draftOf = (features: Features): fc.Arbitrary<Draft> => {
  const plain = plainDraftOf(features)
  return fc.oneof({ arbitrary: plain, weight: 30 }, { arbitrary: composed(plain), weight: 1 })
}

const keyChoice: fc.Arbitrary<KeyChoice> = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: fc.constant<KeyChoice>({ _tag: "Fresh" }), weight: 12 },
  { arbitrary: pick.map((index): KeyChoice => ({ _tag: "Again", pick: index })), weight: 1 },
  { arbitrary: pick.map((index): KeyChoice => ({ _tag: "Stolen", pick: index })), weight: 1 }
)

/** How many steps. Time passes between them only where a trial can move the store's clock. */
interface Length {
  readonly minLength?: number
  readonly maxLength: number
  readonly timePasses: boolean
}

const stepsOf = (draft: fc.Arbitrary<Draft>, options: Length): fc.Arbitrary<ReadonlyArray<Step>> => {
  const wait = options.timePasses
    ? fc.oneof({ arbitrary: fc.constant(0), weight: 6 }, { arbitrary: fc.constantFrom(1_000, 999, 60_000), weight: 1 })
    : fc.constant(0)
  const joins = fc.oneof({ arbitrary: fc.constant(false), weight: 2 }, { arbitrary: fc.constant(true), weight: 1 })
  return fc.array(
    fc.record({ draft, key: keyChoice, joins, wait }).map(({ draft, ...step }) => ({ ...draft, ...step })),
    { minLength: options.minLength ?? 0, maxLength: options.maxLength, size: "max" }
  )
}

/** Random steps. */
export const steps = (options: Length & { readonly features: Features }): fc.Arbitrary<ReadonlyArray<Step>> =>
  stepsOf(draftOf(options.features), options)

const [shop, ...goods] = [locationPool[0]!, productPool[0]!, productPool[1]!] as const
const basketLine = fc.record({
  product: fc.constantFrom(...goods),
  quantity: fc.integer({ min: 2, max: 5 }),
  mode: fc.constant("add" as const)
})
const basket = drafts("openCart", fc.array(basketLine, { minLength: 1, maxLength: 2 }), (lines) => ({ lines }))

/** What histories of a kind of document begin with, and what they are about. */
const documents = {
  orders: {
    beginning: [
      basket,
      drafts("setStockPolicies", fc.constant(goods), ([product]) => ({
        lines: [{ product, location: shop, backorders: true }]
      })),
      drafts("placeOrder", fc.constant({ location: shop }), (at, known) => ({ ...at, cart: cartOf(known, 0) })),
      drafts("shipOrder", fc.constant([{ line: 1, quantity: 1 }] as const), (lines, known) => ({
        order: known.orders[0]?.id ?? OrderId.make("no-order"),
        location: shop,
        lines
      }))
    ],
    about: fc.oneof(basket, { arbitrary: fc.oneof(...orderDrafts(cartOf)), weight: 6 })
  },
  counts: {
    beginning: [
      drafts("createCount", fc.constant({ location: shop }), (parts) => parts),
      drafts(
        "recordCount",
        fc.array(fc.nat({ max: 12 }), { minLength: 2, maxLength: 2 }),
        ([mugs = 0, teas = 0], known) => ({
          count: known.counts[0]?.id ?? CountId.make("no-count"),
          location: shop,
          lines: [
            { product: goods[0], quantity: mugs },
            { product: goods[1], lot: "A", quantity: teas }
          ]
        })
      )
    ],
    about: fc.oneof(...countDrafts)
  }
}
export type DocumentKind = keyof typeof documents

/**
 * Random steps on documents of one kind, the first of which is under way: in histories of everything few come so far.
 * Meanwhile goods come and go, and are claimed.
 */
export const documentSteps = (
  kind: DocumentKind,
  { features, ...length }: Length & { readonly features: Features }
): fc.Arbitrary<ReadonlyArray<Step>> => {
  const { beginning, about } = documents[kind]
  const others = fc.oneof(ledgerDrafts, ...(features.claims ? claimDrafts : []))
  const begun = fc
    .tuple(...beginning)
    .map((all) => all.map((draft): Step => ({ ...draft, key: { _tag: "Fresh" }, joins: false, wait: 0 })))
  return fc
    .tuple(begun, stepsOf(fc.oneof({ arbitrary: about, weight: 4 }, others), length))
    .map(([all, rest]) => [...all, ...rest])
}

/** The submission of a step, given what the history has made so far. `index` counts the steps. */
export const resolve = (step: Step, known: Known, index: number): Submission => {
  const id = `id-${index}`
  const earlier = step.key._tag === "Fresh" ? undefined : picked(known.submissions, step.key.pick, undefined)
  if (earlier === undefined) return step.submission(known, `key-${index}`, id)
  return step.key._tag === "Again" ? { ...earlier, id } : step.submission(known, earlier.key, id)
}

/** Takes down a transfer as it is now; it becomes the newest. */
const learnTransfer = (known: Known, transfer: Transfer): void => {
  const place = known.transfers.findIndex(({ id }) => id === transfer.id)
  if (place !== -1) known.transfers.splice(place, 1)
  known.transfers.push(transfer)
  // Anybody may let go of what a ready transfer claims, and it must do without that.
  const claims = transfer.lines.flatMap((line) => line.claims)
  known.claims.push(...claims.map((id) => ({ id, location: transfer.origin })))
}

/** Takes down an order as it is now; it becomes the newest. */
const learnOrder = (known: Known, order: Order): void => {
  const place = known.orders.findIndex(({ id }) => id === order.id)
  if (place !== -1) known.orders.splice(place, 1)
  known.orders.push(order)
  for (const location of locationsOf(order)) {
    const claims = order.lines.flatMap((line) => claimsAt(order, line, location))
    known.claims.push(...claims.map((id) => ({ id, location })))
  }
}

/** Takes down a count as it is now; it becomes the newest. */
const learnCount = (known: Known, count: Count): void => {
  const place = known.counts.findIndex(({ id }) => id === count.id)
  if (place !== -1) known.counts.splice(place, 1)
  known.counts.push(count)
}

/** Takes down a purchase order as it is now; it becomes the newest. */
const learnPurchaseOrder = (known: Known, order: PurchaseOrder): void => {
  const place = known.purchaseOrders.findIndex(({ id }) => id === order.id)
  if (place !== -1) known.purchaseOrders.splice(place, 1)
  known.purchaseOrders.push(order)
}

/** Takes down what an applied command made. */
export const learn = (known: Known, submission: Submission, outcome: Outcome): void => {
  if (outcome._tag !== "Applied" || outcome.replayed) return
  if (submission.definition.reply === TransferSchema) learnTransfer(known, outcome.reply as Transfer)
  if (submission.definition.reply === OrderSchema) learnOrder(known, outcome.reply as Order)
  if (submission.definition.reply === CountSchema) learnCount(known, outcome.reply as Count)
  if (submission.definition.reply === PurchaseOrderSchema) {
    learnPurchaseOrder(known, outcome.reply as PurchaseOrder)
  }
  if (submission.definition.reply === NotificationSchema) {
    learnNotifications(known, [(outcome.reply as Notification).id])
  }
  switch (submission.definition.tag) {
    case "OpenCart": {
      const { id } = outcome.reply as ReplyOf<"openCart">
      // An owner's open cart is given again; it becomes the newest, because it is one that can be changed.
      const place = known.carts.indexOf(id)
      if (place !== -1) known.carts.splice(place, 1)
      known.carts.push(id)
      break
    }
    case "RecordMovements": {
      // Its entries stand with it where they are in the same shard; else there is no such movement, and it is refused.
      const { lines } = submission.payload as PayloadOf<"recordMovements">
      const { shard, seq } = outcome.at
      known.movements.push({ id: `${shard}-${seq}-0`, location: lines[0].location })
      break
    }
    case "MoveClaim": {
      const { to } = submission.payload as PayloadOf<"moveClaim">
      const { claims } = outcome.reply as ReplyOf<"moveClaim">
      known.claims.push(...claims.map((id) => ({ id, location: to.location })))
      break
    }
    case "HoldStock": {
      // The claims of a hold are named in the order of its allocation; each line's location is tried for each.
      const { lines } = submission.payload as PayloadOf<"holdStock">
      const { claims } = outcome.reply as ReplyOf<"holdStock">
      for (const [index, id] of claims.entries()) {
        known.claims.push({ id, location: (lines[index] ?? lines[0]).location })
      }
      break
    }
    case "BeginCheckout": {
      const { id: cart, claims } = outcome.reply as ReplyOf<"beginCheckout">
      const { location } = submission.payload as PayloadOf<"beginCheckout">
      known.checkouts.push({ cart, location })
      for (const id of claims) known.claims.push({ id, location })
      break
    }
    case "SetThresholds": {
      const { thresholds } = outcome.reply as ReplyOf<"setThresholds">
      for (const { open } of thresholds) learnNotifications(known, Object.values(open))
      break
    }
    case "CreateWebhook":
      known.webhooks.push((outcome.reply as ReplyOf<"createWebhook">).id)
      break
    case "ReviewNotifications":
      learnNotifications(known, (outcome.reply as ReplyOf<"reviewNotifications">).raised)
      break
    case "RegisterUser":
      known.users.push((outcome.reply as ReplyOf<"registerUser">).id)
      break
    case "OpenSession": {
      const { user } = submission.payload as PayloadOf<"openSession">
      known.sessions.push({ user, session: (outcome.reply as ReplyOf<"openSession">).id })
    }
  }
}

/** A history without a step; the time that passed before that step is kept or not. */
const without = (history: ReadonlyArray<Step>, index: number): ReadonlyArray<ReadonlyArray<Step>> => {
  const [step, next] = [history[index], history[index + 1]]
  const shorter = history.toSpliced(index, 1)
  if (step === undefined || next === undefined || step.wait === 0) return [shorter]
  return [shorter, shorter.with(index, { ...next, wait: step.wait + next.wait })]
}

/** A history without what it may not need: one step, two steps, or what makes a step more than plain. */
export function* simplerSteps(history: ReadonlyArray<Step>): Generator<ReadonlyArray<Step>> {
  for (const index of history.keys()) yield* without(history, index)
  for (const index of history.keys()) {
    for (const shorter of without(history, index)) {
      for (let other = 0; other < index; other++) yield* without(shorter, other)
    }
  }
  for (const [index, step] of history.entries()) {
    if (step.wait > 0) yield history.with(index, { ...step, wait: 0 })
    if (step.joins) yield history.with(index, { ...step, joins: false })
    if (step.key._tag !== "Fresh") yield history.with(index, { ...step, key: { _tag: "Fresh" } })
  }
}

/** As long as this, a history may be made anew from plain steps, one fewer. */
const MADE_ANEW = 4

/**
 * Histories that are a step shorter than one: with a random step in the place of two, of a plain kind or of the kind of
 * either; and short ones made of plain steps alone, with which most mistakes show.
 */
export const shorterSteps = (
  history: ReadonlyArray<Step>,
  options: Pick<Parameters<typeof steps>[0], "features" | "timePasses">
): fc.Arbitrary<ReadonlyArray<Step>> | undefined => {
  if (history.length < 2) return undefined
  const drawn = (length: number, features: Features) =>
    steps({ ...options, features, minLength: length, maxLength: length })
  const plain = { ...options.features, carts: false, transfers: false, counts: false, purchasing: false, users: false }
  const merged = fc.nat({ max: history.length - 2 }).chain((place) => {
    const kinds = history.slice(place, place + 2).map(({ command }) => command)
    const alike = drawn(1, options.features).filter(([step]) => step !== undefined && kinds.includes(step.command))
    return fc.oneof(drawn(1, plain), alike).map((fresh) => history.toSpliced(place, 2, ...fresh))
  })
  return history.length > MADE_ANEW ? merged : fc.oneof(merged, drawn(history.length - 1, plain))
}
