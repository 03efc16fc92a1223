/**
 * Drafts: the steps of histories while nobody knows yet what they will find, and what a history has made so far.
 */
import type {
  CartId,
  ClaimId,
  CommandName,
  Count,
  LocationId,
  NotificationId,
  Order,
  PayloadOf,
  PurchaseOrder,
  SessionId,
  Submission,
  Transfer,
  WebhookId
} from "@onhand/core"
import * as fc from "fast-check"
import { onceIn } from "./Arbitraries.ts"
import { submissionOf } from "./Session.ts"

/** What a history has made so far, by which later steps can name it. */
export interface Known {
  readonly submissions: Array<Submission>
  readonly carts: Array<CartId>
  /** Where checkouts began. */
  readonly checkouts: Array<{ readonly cart: CartId; readonly location: LocationId }>
  readonly claims: Array<{ readonly id: ClaimId; readonly location: LocationId }>
  /** Movements by their public names, with where they were. */
  readonly movements: Array<{ readonly id: string; readonly location: LocationId }>
  readonly orders: Array<Order>
  readonly counts: Array<Count>
  readonly transfers: Array<Transfer>
  readonly purchaseOrders: Array<PurchaseOrder>
  readonly notifications: Array<NotificationId>
  readonly webhooks: Array<WebhookId>
  readonly users: Array<string>
  readonly sessions: Array<{ readonly user: string; readonly session: SessionId }>
}

/** What is known at the start. */
export const nothingKnown = (): Known => ({
  submissions: [],
  carts: [],
  checkouts: [],
  claims: [],
  movements: [],
  orders: [],
  counts: [],
  transfers: [],
  purchaseOrders: [],
  notifications: [],
  webhooks: [],
  users: [],
  sessions: []
})

/** Which key a step uses: its own, or that of an earlier one with the same payload, or with another. */
export type KeyChoice = { readonly _tag: "Fresh" } | { readonly _tag: "Again" | "Stolen"; readonly pick: number }

/** A step of a history. `joins`: it comes in the same batch as the step before. `wait`: time passes before it. */
export interface Step {
  readonly command: CommandName
  readonly key: KeyChoice
  readonly joins: boolean
  readonly wait: number
  readonly submission: (known: Known, key: string, id: string) => Submission
}

/** Something by its place, counted from the newest, because the old ones are mostly closed. */
export const picked = <A>(pool: ReadonlyArray<A>, pick: number, otherwise: A): A =>
  pool[pool.length - 1 - (pick % Math.max(1, pool.length))] ?? otherwise

/** A place among earlier ones: mostly one of the last two. */
export const pick = fc.oneof(fc.nat({ max: 1 }), fc.nat({ max: 20 }))
/** A version that is expected: mostly any. */
export const expected = fc.oneof(
  { arbitrary: fc.constant("any" as const), weight: 3 },
  { arbitrary: fc.integer({ min: 1, max: 3 }), weight: 1 }
)
/** Something, or nothing as often. */
export const optional = <A>(arbitrary: fc.Arbitrary<A>) => onceIn(2, arbitrary)

/** An object without its undefined fields, as payloads want it. */
export const present = <A extends object>(fields: A) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [F in keyof A]: Exclude<A[F], undefined>
  }

/** A step without its key and its time. */
export type Draft = Pick<Step, "command" | "submission">

/** Drafts of a command: random parts, made a payload of by what is known when its turn comes. */
export const drafts = <K extends CommandName, A>(
  command: K,
  parts: fc.Arbitrary<A>,
  payload: (parts: A, known: Known) => PayloadOf<K>
): fc.Arbitrary<Draft> =>
  parts.map((values) => ({
    command,
    submission: (known, key, id) => submissionOf(command, payload(values, known), { key, id })
  }))

/** One to three of something, as a payload wants them. */
export const lines = <A>(line: fc.Arbitrary<A>) =>
  fc.array(line, { minLength: 1, maxLength: 3 }).map(([first, ...rest]) => [first!, ...rest] as const)

/** Something that is meant by its place among its kind; `mixed`: said with another location than its own. */
export interface Meant {
  readonly pick: number
  readonly mixed: boolean | undefined
}
