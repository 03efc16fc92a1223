/**
 * A linearizability checker: whether a concurrent history could have happened one operation after the other, each at
 * some instant between its call and its return (the search of Wing and Gong with the memory of Lowe, as in Porcupine).
 */

/** An operation of a recorded history. `called` and `returned` are places in one order of time; Infinity: no answer. */
export interface Operation<Input, Output> {
  readonly input: Input
  /** What it answered; undefined when nobody knows, and it may or may not have happened. */
  readonly output: Output | undefined
  readonly called: number
  readonly returned: number
}

/** What an object does one operation after the other. */
export interface SequentialModel<State, Input, Output> {
  readonly initial: State
  /** The states that the operation with this output can lead to; none when it cannot answer so. */
  readonly step: (state: State, input: Input, output: Output | undefined) => ReadonlyArray<State>
  /** A text that is the same for equal states. */
  readonly textOf: (state: State) => string
}

/** An order of the operations that explains the history, or the longest start of one that could be found. */
export interface Linearization<Input, Output> {
  readonly linearizable: boolean
  readonly order: ReadonlyArray<Operation<Input, Output>>
}

/** Searches an order. Its time grows with how many operations overlap, hardly with the length of the history. */
export const linearize = <State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>
): Linearization<Input, Output> => {
  const operations = history.toSorted((a, b) => a.called - b.called)
  const seen = new Set<string>()
  let longest: ReadonlyArray<number> = []
  const order: Array<number> = []
  const done = new Set<number>()

  /** The operations that may come next: called before any that is left has returned. */
  const candidates = (first: number): ReadonlyArray<number> => {
    let earliestReturn = Infinity
    const found: Array<number> = []
    for (let index = first; index < operations.length; index++) {
      const operation = operations[index] as Operation<Input, Output>
      if (done.has(index)) continue
      if (operation.called > earliestReturn) break
      found.push(index)
      earliestReturn = Math.min(earliestReturn, operation.returned)
    }
    return found
  }
  // The operations before `first` are all done, so the set of those done is `first` and the few beyond it.
  const memory = (first: number, state: State) =>
    `${first}:${[...done].filter((index) => index >= first).sort((a, b) => a - b)}:${model.textOf(state)}`

  // A stack of its own, because a history is as deep as it is long.
  interface Frame {
    readonly first: number
    readonly next: Array<readonly [operation: number, state: State]>
    readonly undo: number | undefined
  }
  const enter = (from: number, state: State, undo: number | undefined): Frame => {
    let first = from
    while (done.has(first)) first++
    const next: Array<readonly [number, State]> = []
    const text = memory(first, state)
    if (!seen.has(text)) {
      seen.add(text)
      for (const index of candidates(first).toReversed()) {
        const { input, output } = operations[index] as Operation<Input, Output>
        for (const after of model.step(state, input, output)) next.push([index, after])
      }
    }
    return { first, next, undo }
  }
  const stack: Array<Frame> = [enter(0, model.initial, undefined)]
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (order.length > longest.length) longest = [...order]
    if (order.length === operations.length) break
    const choice = frame.next.pop()
    if (choice !== undefined) {
      const [index, state] = choice
      done.add(index)
      order.push(index)
      stack.push(enter(frame.first, state, index))
      continue
    }
    stack.pop()
    if (frame.undo === undefined) continue
    done.delete(frame.undo)
    order.pop()
  }
  return {
    linearizable: longest.length === operations.length,
    order: longest.map((index) => operations[index] as Operation<Input, Output>)
  }
}
