/**
 * Histories: random sequences of commands of every kind, with repeated keys, stolen keys and impossible wishes. A step
 * names what an earlier one made by its place ("the second cart"), so that a history stays sensible while it shrinks.
 */
import {
  type CartId,
  CartId as CartIdSchema,
  type ClaimId,
  ClaimId as ClaimIdSchema,
  type CommandName,
  type LocationId,
  type Outcome,
  type PayloadOf,
  type ReplyOf,
  type Submission,
  UserId
} from "@onhand/core"
import * as fc from "fast-check"
import { locationId, locationPool, lot, movementLine, productId, productPool, smallQuantity } from "./Arbitraries.ts"
import { submissionOf } from "./Session.ts"

/** The parts of a store that may be switched off because an adapter does not have them. Laws never are. */
export interface Features {
  readonly claims: boolean
  readonly carts: boolean
  readonly thresholds: boolean
  readonly users: boolean
}

export const allFeatures: Features = { claims: true, carts: true, thresholds: true, users: true }

/** What a history has made so far, by which later steps can name it. */
export interface Known {
  readonly submissions: Array<Submission>
  readonly carts: Array<CartId>
  readonly claims: Array<{ readonly id: ClaimId; readonly location: LocationId }>
  readonly users: Array<string>
}

export const nothingKnown = (): Known => ({ submissions: [], carts: [], claims: [], users: [] })

/** Which key a step uses: its own, or that of an earlier one with the same payload, or with another. */
type KeyChoice = { readonly _tag: "Fresh" } | { readonly _tag: "Again" | "Stolen"; readonly pick: number }

/** A step of a history. `joins`: it comes in the same batch as the step before. `wait`: time passes before it. */
export interface Step {
  readonly command: CommandName
  readonly key: KeyChoice
  readonly joins: boolean
  readonly wait: number
  readonly submission: (known: Known, key: string, id: string) => Submission
}

const picked = <A>(pool: ReadonlyArray<A>, pick: number, otherwise: A): A =>
  pool[pick % Math.max(1, pool.length)] ?? otherwise

const NO_CART = CartIdSchema.make("no-cart")
const NO_CLAIM = { id: ClaimIdSchema.make("no-claim"), location: locationPool[0]! }
const pick = fc.nat({ max: 20 })
const expected = fc.oneof(fc.constant("any" as const), fc.integer({ min: 1, max: 3 }))
const optional = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

/** An object without its undefined fields, as payloads want it. */
const present = <A extends object>(fields: A) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [F in keyof A]: Exclude<A[F], undefined>
  }

type Draft = Pick<Step, "command" | "submission">

/** Drafts of a command: random parts, made a payload of by what is known when its turn comes. */
const drafts = <K extends CommandName, A>(
  command: K,
  parts: fc.Arbitrary<A>,
  payload: (parts: A, known: Known) => PayloadOf<K>
): fc.Arbitrary<Draft> =>
  parts.map((values) => ({
    command,
    submission: (known, key, id) => submissionOf(command, payload(values, known), { key, id })
  }))

const price = fc.option(fc.record({ amount: fc.nat({ max: 2000 }), currency: fc.constantFrom("USD", "EUR") }), {
  freq: 6
})
const productSku = fc.constantFrom("S0", "S1", "S2", "S3", "S4")
const name = fc.constantFrom("Mug", "Bowl", "Cup")

const catalogue = [
  drafts(
    "createProduct",
    fc.record({ id: optional(fc.constantFrom(...productPool.slice(0, 3))), sku: productSku, name, price }),
    (parts) => present(parts)
  ),
  drafts(
    "updateProduct",
    fc.record({ product: productId, expected, name: optional(name), sku: optional(productSku) }),
    (parts) => present(parts)
  ),
  drafts("archiveProduct", fc.record({ product: productId, expected, archived: fc.boolean() }), (parts) => parts),
  drafts(
    "importProducts",
    fc.array(fc.record({ sku: productSku, name, price }), { minLength: 1, maxLength: 3 }),
    ([first, ...rest]) => ({ lines: [first!, ...rest] as const })
  ),
  drafts("createLocation", fc.record({ id: locationId.filter((id) => id !== "l2"), name }), (parts) => parts),
  drafts("updateLocation", fc.record({ location: locationId, expected, name: optional(name) }), (parts) =>
    present(parts)
  )
]

const lines = <A>(line: fc.Arbitrary<A>) =>
  fc.array(line, { minLength: 1, maxLength: 3 }).map(([first, ...rest]) => [first!, ...rest] as const)

const ledger = drafts("recordMovements", lines(movementLine), (moved) => ({ lines: moved }))

const holdTime = fc.constantFrom(86_400_000, 60_000, 1_000)
const holdLine = fc
  .record({
    product: productId,
    location: locationId,
    quantity: smallQuantity,
    lot: fc.option(lot, { nil: undefined })
  })
  .map((line) => present(line))

/** Claims of one location: those picked that are there, under the location of the first. */
const claimsPayload = (picks: ReadonlyArray<number>, known: Known): PayloadOf<"commitClaims"> => {
  const chosen = picks.map((one) => picked(known.claims, one, NO_CLAIM))
  const { id, location } = chosen[0] ?? NO_CLAIM
  return { location, claims: [id, ...chosen.slice(1).map((claim) => claim.id)] }
}
const claimPicks = fc.array(pick, { minLength: 1, maxLength: 2 })

const claims = [
  drafts("holdStock", fc.record({ lines: lines(holdLine), ttlMillis: holdTime }), (parts) => parts),
  drafts("commitClaims", claimPicks, claimsPayload),
  drafts("releaseClaims", claimPicks, claimsPayload),
  drafts("expireClaims", claimPicks, claimsPayload)
]

const thresholds = drafts(
  "setThresholds",
  lines(
    fc
      .record({
        product: productId,
        location: locationId,
        low: fc.nat({ max: 8 }),
        clear: optional(fc.nat({ max: 12 }))
      })
      .map((line) => present(line))
  ),
  (rules) => ({ lines: rules })
)

const owner = fc.constantFrom("ann", "bob")
const cartLines = fc.array(
  fc.record({
    product: productId,
    quantity: fc.nat({ max: 6 }),
    mode: fc.constantFrom("add" as const, "set" as const)
  }),
  { maxLength: 3 }
)
const cartAt = fc.record({ cart: pick, location: locationId })
const cartOf = (known: Known, index: number) => picked(known.carts, index, NO_CART)

const carts = [
  drafts("openCart", fc.record({ owner: optional(owner), lines: cartLines }), (parts) => present(parts)),
  drafts("changeCart", fc.record({ cart: pick, lines: cartLines }), (parts, known) => ({
    cart: cartOf(known, parts.cart),
    lines: parts.lines
  })),
  drafts("beginCheckout", fc.record({ cart: pick, location: locationId, ttlMillis: holdTime }), (parts, known) => ({
    ...parts,
    cart: cartOf(known, parts.cart)
  })),
  drafts("cancelCheckout", cartAt, ({ cart, location }, known) => ({ cart: cartOf(known, cart), location })),
  drafts("checkout", cartAt, ({ cart, location }, known) => ({ cart: cartOf(known, cart), location }))
]

const users = [
  drafts(
    "registerUser",
    fc.record({ email: fc.constantFrom("ann@example.com", "bob@example.com"), name }),
    (parts) => ({
      ...parts,
      credential: "hash",
      roles: ["customer"]
    })
  ),
  drafts("updateUser", fc.record({ user: pick, expected, active: fc.boolean() }), (parts, known) => ({
    user: UserId.make(picked(known.users, parts.user, "no-user")),
    expected: parts.expected,
    active: parts.active
  }))
]

const draftOf = (features: Features): fc.Arbitrary<Draft> =>
  fc.oneof(
    { arbitrary: ledger, weight: 8 },
    { arbitrary: fc.oneof(...catalogue), weight: 3 },
    ...(features.claims ? [{ arbitrary: fc.oneof(...claims), weight: 9 }] : []),
    ...(features.thresholds ? [{ arbitrary: thresholds, weight: 2 }] : []),
    ...(features.carts ? [{ arbitrary: fc.oneof(...carts), weight: 10 }] : []),
    ...(features.users ? [{ arbitrary: fc.oneof(...users), weight: 1 }] : [])
  )

const keyChoice: fc.Arbitrary<KeyChoice> = fc.oneof(
  { arbitrary: fc.constant<KeyChoice>({ _tag: "Fresh" }), weight: 12 },
  { arbitrary: pick.map((index): KeyChoice => ({ _tag: "Again", pick: index })), weight: 1 },
  { arbitrary: pick.map((index): KeyChoice => ({ _tag: "Stolen", pick: index })), weight: 1 }
)

/** Random steps. Time passes between them only where a trial can move the store's clock. */
export const steps = (options: {
  readonly features: Features
  readonly maxLength: number
  readonly timePasses: boolean
}): fc.Arbitrary<ReadonlyArray<Step>> => {
  const wait = options.timePasses
    ? fc.oneof({ arbitrary: fc.constant(0), weight: 6 }, { arbitrary: fc.constantFrom(999, 1_000, 60_000), weight: 1 })
    : fc.constant(0)
  const joins = fc.oneof({ arbitrary: fc.constant(false), weight: 2 }, { arbitrary: fc.constant(true), weight: 1 })
  return fc.array(
    fc
      .record({ draft: draftOf(options.features), key: keyChoice, joins, wait })
      .map(({ draft, ...step }) => ({ ...draft, ...step })),
    { maxLength: options.maxLength, size: "max" }
  )
}

/** The submission of a step, given what the history has made so far. `index` counts the steps. */
export const resolve = (step: Step, known: Known, index: number): Submission => {
  const id = `id-${index}`
  const earlier = step.key._tag === "Fresh" ? undefined : known.submissions[step.key.pick % known.submissions.length]
  if (earlier === undefined) return step.submission(known, `key-${index}`, id)
  return step.key._tag === "Again" ? { ...earlier, id } : step.submission(known, earlier.key, id)
}

/** Takes down what an applied command made. */
export const learn = (known: Known, submission: Submission, outcome: Outcome): void => {
  if (outcome._tag !== "Applied" || outcome.replayed) return
  switch (submission.definition.tag) {
    case "OpenCart": {
      const { id } = outcome.reply as ReplyOf<"openCart">
      if (!known.carts.includes(id)) known.carts.push(id)
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
      const { claims, location } = outcome.reply as ReplyOf<"beginCheckout">
      for (const id of claims) known.claims.push({ id, location: location ?? locationPool[0]! })
      break
    }
    case "RegisterUser":
      known.users.push((outcome.reply as ReplyOf<"registerUser">).id)
  }
}

const compact = (json: string): string => json.replaceAll(/"([A-Za-z_]\w*)":/g, "$1: ").replaceAll(/,(?=\S)/g, ", ")

/** A submission as a line of a printed history. */
export const lineOf = (submission: Submission): string =>
  `${submission.definition.tag} ${compact(submission.payloadText)}, key ${submission.key}`
