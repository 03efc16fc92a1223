// Callers of a server over HTTP, and the same diary of what each was told: a server is judged by what it let out.
import { assert } from "@effect/vitest"
import type { Asked, Diary, Shelves, Told } from "./Load.ts"

/** The administrator of the servers that are tested. */
export const ADMIN = { ONHAND_ADMIN_EMAIL: "admin@example.com", ONHAND_ADMIN_PASSWORD: "correct horse battery" }

export interface Session {
  readonly url: string
  readonly token: string
  /** The server puts it before each key, so that two users may choose the same. */
  readonly user: string
}

/** Signs in as the administrator. */
export const signIn = async (url: string): Promise<Session> => {
  const body = new URLSearchParams({ username: ADMIN.ONHAND_ADMIN_EMAIL, password: ADMIN.ONHAND_ADMIN_PASSWORD })
  const reply = await fetch(`${url}/api/v1/auth/login`, { method: "POST", body })
  assert.strictEqual(reply.status, 200, "the administrator signs in")
  const { access_token: token } = (await reply.json()) as { readonly access_token: string }
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
  return { url, token, user: claims.sub }
}

/** A sale or a purchase: of the commands, those that stand for all writes here. */
export interface Order {
  readonly key: string
  readonly kind: "sale" | "purchase"
  readonly line: { readonly product: string; readonly location: string; readonly quantity: number }
}

export const chooseOrder = (key: string, { products, locations }: Shelves): Order => {
  const pick = <A>(items: ReadonlyArray<A>): A => items[Math.floor(Math.random() * items.length)] as A
  const line = { product: pick(products), location: pick(locations), quantity: 1 + Math.floor(Math.random() * 3) }
  return { key, kind: Math.random() < 0.7 ? "sale" : "purchase", line }
}

/** The command that the server makes of an order. */
const askedAs = ({ user }: Session, { key, kind, line }: Order): Asked => ({
  key: `${user}:${key}`,
  command: "recordMovements",
  payload: { lines: [{ ...line, kind: kind === "sale" ? "sale" : "receipt" }] } as never
})

/** Sends an order; gives the status, the body, and whether the server says that it was answered before. */
export const post = async ({ url, token }: Session, { key, kind, line }: Order) => {
  const reply = await fetch(`${url}/api/v1/stock-movements`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify({ lines: [{ kind, ...line }] })
  })
  const replayed = reply.headers.get("idempotency-replayed") === "true"
  return { status: reply.status, body: (await reply.json()) as { readonly type?: string }, replayed }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && typeof error.cause === "object" && error.cause !== null && "code" in error.cause
    ? error.cause.code
    : undefined

/** What callers over HTTP hear beyond their diary. */
export interface HttpTally {
  inFlight: number
  /** Replies by status. */
  readonly statuses: Map<number, number>
  readonly answered: Array<{ readonly order: Order; readonly status: number; readonly body: object }>
}

export const makeTally = (): HttpTally => ({ inFlight: 0, statuses: new Map(), answered: [] })

/** Sends one order and writes down what came of it. */
export const tellOf = async (session: Session, order: Order, diary: Diary, tally: HttpTally): Promise<void> => {
  const asked = askedAs(session, order)
  const { key } = asked
  diary.write({ asked })
  tally.inFlight++
  try {
    const { status, body } = await post(session, order)
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1)
    const told = (outcome: Told["outcome"]) => {
      diary.write({ told: { key, outcome } })
      tally.answered.push({ order, status, body })
    }
    if (status === 201) told("applied")
    else if (status === 409) told("refused")
    else if (status !== 503) diary.write({ untold: { key, heard: "defect", cause: { status, body } } })
    else
      diary.write({
        untold: { key, heard: body.type?.endsWith("/unavailable") ? "unavailable" : "unknown", cause: body }
      })
  } catch (error) {
    // A connection that was refused carried nothing. Of one that ended without a reply nobody knows.
    diary.write({ untold: { key, heard: codeOf(error) === "ECONNREFUSED" ? "unavailable" : "unknown", cause: error } })
  }
  tally.inFlight--
  diary.notice()
}

/** Runs callers over HTTP until the diary is over. */
export const httpCallers = (
  session: Session,
  shelves: Shelves,
  options: { readonly callers: number; readonly seed: string },
  diary: Diary,
  tally: HttpTally
): Promise<unknown> =>
  Promise.all(
    Array.from({ length: options.callers }, async (_, caller) => {
      for (let index = 0; !diary.over; index++) {
        const before = diary.told.length
        await tellOf(session, chooseOrder(`${options.seed}-${caller}-${index}`, shelves), diary, tally)
        // A server that is gone refuses at once; its callers need not try a thousand times a second.
        if (diary.told.length === before) await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })
  )
