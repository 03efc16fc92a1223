/**
 * The stock of one key as a person would keep it on paper: what is there, and who has a claim to how much. It knows
 * nothing of ledgers and batches, and histories of the real thing must be explainable by it.
 */
import type { SequentialModel } from "./Linearizability.ts"

/** What a client asks of a key. Claims are named by the client. */
export type StockInput =
  | { readonly _tag: "Receive" | "Sell"; readonly quantity: number }
  | { readonly _tag: "Hold"; readonly claim: string; readonly quantity: number }
  | { readonly _tag: "Commit" | "Release"; readonly claim: string }
  | { readonly _tag: "Read" }

/** What it is answered. */
export type StockOutput =
  | { readonly _tag: "Done" }
  | { readonly _tag: "Short"; readonly available: number }
  | { readonly _tag: "Closed" }
  | { readonly _tag: "Level"; readonly onHand: number; readonly available: number }

export interface StockState {
  readonly onHand: number
  readonly claims: Readonly<Record<string, { readonly quantity: number; readonly committed: boolean }>>
}

const availableIn = ({ onHand, claims }: StockState): number =>
  Object.values(claims).reduce((left, claim) => left - claim.quantity, onHand)

/** What the paper says: the answer and the state after it. Holds in these histories never expire. */
const act = (state: StockState, input: StockInput): readonly [StockOutput, StockState] => {
  const available = availableIn(state)
  const done = { _tag: "Done" } as const
  switch (input._tag) {
    case "Receive":
      return [done, { ...state, onHand: state.onHand + input.quantity }]
    case "Sell":
      if (available < input.quantity) return [{ _tag: "Short", available }, state]
      return [done, { ...state, onHand: state.onHand - input.quantity }]
    case "Hold":
      if (available < input.quantity) return [{ _tag: "Short", available }, state]
      return [
        done,
        { ...state, claims: { ...state.claims, [input.claim]: { quantity: input.quantity, committed: false } } }
      ]
    case "Commit": {
      const claim = state.claims[input.claim]
      if (claim === undefined || claim.committed) return [{ _tag: "Closed" }, state]
      return [done, { ...state, claims: { ...state.claims, [input.claim]: { ...claim, committed: true } } }]
    }
    case "Release": {
      const { [input.claim]: claim, ...claims } = state.claims
      return claim === undefined ? [{ _tag: "Closed" }, state] : [done, { ...state, claims }]
    }
    case "Read":
      return [{ _tag: "Level", onHand: state.onHand, available }, state]
  }
}

const sameOutput = (a: StockOutput, b: StockOutput): boolean => {
  if (a._tag === "Short" && b._tag === "Short") return a.available === b.available
  if (a._tag === "Level" && b._tag === "Level") return a.onHand === b.onHand && a.available === b.available
  return a._tag === b._tag
}

/** The model of one stock key that begins with so much on hand. */
export const stockModel = (onHand: number): SequentialModel<StockState, StockInput, StockOutput> => ({
  initial: { onHand, claims: {} },
  step: (state, input, output) => {
    const [answer, after] = act(state, input)
    // An operation that nobody heard of again has happened, or has not.
    if (output === undefined) return [after, state]
    return sameOutput(answer, output) ? [after] : []
  },
  textOf: ({ onHand, claims }) =>
    `${onHand} ${Object.entries(claims)
      .map(([id, { quantity, committed }]) => `${id}:${quantity}${committed}`)
      .toSorted()}`
})

/** An operation as a line of a printed history. */
export const operationText = (input: StockInput, output: StockOutput | undefined): string => {
  const { _tag, ...fields } = input
  const asked = [_tag.toLowerCase(), ...Object.values(fields)].join(" ")
  if (output === undefined) return `${asked} → no answer`
  const { _tag: answer, ...values } = output
  const told = Object.entries(values).map(([field, value]) => `${field} ${value}`)
  return `${asked} → ${[answer.toLowerCase(), ...told].join(" ")}`
}
