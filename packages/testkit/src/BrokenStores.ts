/**
 * Broken stores: the mistakes that authors of stores make, one in each. The kit fails itself unless it catches every
 * one of them; whoever changes a law runs it against these.
 */
import type { Event, Memory, Store, Submission, UpdateProduct } from "@onhand/core"
import { Clock, DateTime, Effect, type Layer } from "effect"
import type { LawId } from "./Law.ts"
import type { RawReaders } from "./RawReaders.ts"
import { afterBatch, beforeBatch, checkpoint, force, inCondition, linesOf, pretend, sabotaged } from "./Sabotage.ts"

/** A store with one mistake. `caughtBy` are the laws of which at least one must catch it. */
export interface BrokenStore {
  readonly mistake: string
  readonly caughtBy: ReadonlyArray<LawId>
  readonly layer: Layer.Layer<Store | RawReaders>
}

const isTag = (submission: Submission, ...tags: ReadonlyArray<string>) => tags.includes(submission.definition.tag)

/** The refused sales and receipts of a batch. */
const refusedMoves = (batch: ReadonlyArray<Submission>, outcomes: ReadonlyArray<{ readonly _tag: string }>) =>
  batch.filter((submission, index) => outcomes[index]?._tag === "Refused" && linesOf(submission).length > 0)

// A key that was answered before is no mistake of this batch, so its lines are left alone.
const isLatest = (memory: Memory, { key }: Submission) => {
  const record = memory.commands.get(key)
  return record?.outcome === "refused" && !memory.movements.some(({ command }) => command === key)
}

const concurrency: Record<string, BrokenStore> = {
  lostUpdate: {
    mistake: "reads balances before it waits for the lock",
    caughtBy: ["A1", "A2", "B8", "E30"],
    layer: sabotaged(({ store, memory }) => ({
      transact: (batch) =>
        Effect.gen(function* () {
          const stale = new Map(memory.balances)
          yield* Effect.yieldNow
          yield* Effect.yieldNow
          for (const [key, balance] of stale) memory.balances.set(key, balance)
          return yield* store.transact(batch)
        })
    }))
  },
  dirtyRead: {
    mistake: "shows what it may still roll back",
    caughtBy: ["E28"],
    layer: sabotaged((victim) => ({
      transact: (batch) =>
        Effect.gen(function* () {
          const undo = checkpoint(victim.memory)
          yield* victim.store.transact(batch)
          yield* Effect.yieldNow
          yield* Effect.sync(undo)
          yield* Effect.yieldNow
          return yield* victim.store.transact(batch)
        })
    }))
  },
  laggingReplica: {
    mistake: "answers reads from a replica that is one commit behind",
    caughtBy: ["E28"],
    layer: sabotaged(({ store, memory }) => {
      let replica: Memory["balances"] = new Map()
      return {
        transact: (batch) =>
          Effect.suspend(() => {
            replica = new Map(memory.balances)
            return store.transact(batch)
          }),
        queries: {
          ...store.queries,
          balance: (key) =>
            Effect.map(
              store.queries.balance(key),
              (now) => [...replica.values()].find((one) => one.product === key.product) ?? { ...now, version: 0 }
            )
        }
      }
    })
  },
  floorForgotten: {
    mistake: "writes a balance without the floor that its policy gave it",
    caughtBy: ["H62"],
    layer: afterBatch((memory) => {
      for (const [key, balance] of memory.balances) {
        if (balance.floor < 0 && balance.version + balance.claimVersion > 0) {
          memory.balances.set(key, { ...balance, floor: 0 })
        }
      }
    })
  },
  staleVersionAccepted: {
    mistake: "writes rows without comparing the version that the writer expects",
    caughtBy: ["E29", "D24"],
    layer: sabotaged(({ store }) => ({
      transact: (batch) =>
        store.transact(
          batch.map((submission) =>
            isTag(submission, "UpdateProduct")
              ? {
                  ...submission,
                  payload: { ...(submission.payload as typeof UpdateProduct.payload.Type), expected: "any" }
                }
              : submission
          )
        )
    }))
  },
  sharedSeq: {
    mistake: "gives two commands the same place in the ledger",
    caughtBy: ["E27"],
    layer: afterBatch((memory, batch) => {
      if (batch.length > 1) memory.heads.set(0, (memory.heads.get(0) ?? 1) - 1)
    })
  },
  clientClock: {
    mistake: "records times by a clock that stands still or goes back",
    caughtBy: ["G38"],
    layer: afterBatch((memory, batch) => {
      for (const { key } of batch) {
        const record = memory.commands.get(key)
        if (record === undefined) continue
        memory.commands.set(key, {
          ...record,
          recordedMicros: Math.floor(record.recordedMicros / 1_000_000) * 1_000_000
        })
      }
    })
  }
}

const keys: Record<string, BrokenStore> = {
  noFingerprint: {
    mistake: "answers a known key without comparing the payload",
    caughtBy: ["D22"],
    layer: sabotaged(({ store, memory }) => ({
      transact: (batch) =>
        store.transact(
          batch.map((submission) => {
            const record = memory.commands.get(submission.key)
            return record?.tag === submission.definition.tag
              ? { ...submission, payloadText: record.payloadText }
              : submission
          })
        )
    }))
  },
  replayDecidedAnew: {
    mistake: "decides a command again when its key comes again",
    caughtBy: ["D21"],
    layer: beforeBatch((memory, batch) => {
      for (const { key } of batch) memory.commands.delete(key)
    })
  },
  doubtDecidedAnew: {
    mistake: "takes a batch that comes again, because nobody knew its outcome, for a new one",
    caughtBy: ["F34"],
    layer: sabotaged(({ store, memory }) => {
      let last = ""
      return {
        transact: (batch) =>
          Effect.suspend(() => {
            const all = batch.map(({ key }) => key).join()
            if (batch.length > 1 && all === last) for (const { key } of batch) memory.commands.delete(key)
            last = all
            return store.transact(batch)
          })
      }
    })
  },
  refusalNotStored: {
    mistake: "keeps only the replies of applied commands",
    caughtBy: ["D23", "F33"],
    layer: afterBatch((memory, batch, outcomes) => {
      for (const [index, { key }] of batch.entries()) {
        if (outcomes[index]?._tag === "Refused") memory.commands.delete(key)
      }
    })
  },
  answeredBeforeCommit: {
    mistake: "answers before the commit, and loses one now and then",
    caughtBy: ["F33", "E28", "D21"],
    layer: sabotaged((victim) => {
      let count = 0
      return {
        transact: (batch) => (++count % 7 === 0 ? pretend(victim, batch) : victim.store.transact(batch))
      }
    })
  }
}

/** Sells what was refused, where each line by itself finds enough on the shelf. */
const approving = (chosen: (lines: ReadonlyArray<unknown>) => boolean) =>
  sabotaged(({ store, memory }) => ({
    transact: (batch) =>
      Effect.map(store.transact(batch), (outcomes) =>
        outcomes.map((outcome, index) => {
          const submission = batch[index] as Submission
          const lines = linesOf(submission)
          const each = lines.every((line) => line.kind === "sale" && inCondition(memory, line) >= line.quantity)
          if (outcome._tag !== "Refused" || outcome.at === null || !chosen(lines) || !each) return outcome
          const record = memory.commands.get(submission.key)
          if (record === undefined || record.outcome === "applied") return outcome
          force(memory, submission.key, lines)
          memory.commands.set(submission.key, { ...record, outcome: "applied", reply: { levels: [] } })
          return { _tag: "Applied" as const, reply: { levels: [] }, replayed: false, at: outcome.at }
        })
      )
  }))

const refusals: Record<string, BrokenStore> = {
  halfRejected: {
    mistake: "applies the first line of a command before it refuses the second",
    caughtBy: ["D19", "B9"],
    layer: afterBatch((memory, batch, outcomes) => {
      for (const submission of refusedMoves(batch, outcomes)) {
        const [first, second] = linesOf(submission)
        if (second === undefined || !isLatest(memory, submission)) continue
        if (first?.kind === "sale" && inCondition(memory, first) >= first.quantity)
          force(memory, submission.key, [first])
      }
    })
  },
  linesNotSummed: {
    mistake: "checks every line by itself against the same stock",
    caughtBy: ["B9", "B7"],
    layer: approving((lines) => lines.length > 1)
  },
  unsoundBalance: {
    mistake: "sells what is on the shelf without looking at who has claimed it",
    caughtBy: ["B7", "C16"],
    layer: approving((lines) => lines.length === 1)
  },
  poisonedBatch: {
    mistake: "rolls the whole batch back when one of its commands is refused",
    caughtBy: ["D26", "D25"],
    layer: sabotaged((victim) => ({
      transact: (batch) =>
        Effect.gen(function* () {
          const outcomes = yield* pretend(victim, batch)
          const refused = outcomes.find((outcome) => outcome._tag === "Refused" && !outcome.replayed)
          if (refused === undefined) return yield* victim.store.transact(batch)
          const alone = batch.filter((_, index) => outcomes[index]?._tag !== "Applied")
          yield* victim.store.transact(alone)
          return outcomes.map((outcome) => (outcome._tag === "Applied" ? refused : outcome))
        })
    }))
  },
  batchReversed: {
    mistake: "decides the commands of a batch from the last to the first",
    caughtBy: ["D25", "D24"],
    layer: sabotaged(({ store }) => ({
      transact: (batch) => Effect.map(store.transact(batch.toReversed()), (outcomes) => outcomes.toReversed())
    }))
  }
}

const claims: Record<string, BrokenStore> = {
  forgottenExpiry: {
    mistake: "never gives back what a lapsed hold held",
    caughtBy: ["C16"],
    layer: beforeBatch((memory) => memory.holds.clear())
  },
  earlyExpiry: {
    mistake: "lets holds lapse by a clock that is ahead",
    caughtBy: ["C16"],
    layer: afterBatch((memory, batch) => {
      for (const claim of memory.claims.values()) {
        const made = batch.some(({ id }) => claim.id.startsWith(`${id}-`))
        if (!made || claim.expiresAt === null) continue
        memory.claims.set(claim.id, { ...claim, expiresAt: DateTime.subtract(claim.expiresAt, { seconds: 30 }) })
      }
    })
  },
  lateExpiryInReads: {
    mistake: "shows readers a hold for one millisecond longer than it binds",
    caughtBy: ["C16"],
    layer: sabotaged(({ store }) => ({
      queries: {
        ...store.queries,
        levels: (filter, page) =>
          Effect.clockWith((clock) =>
            Effect.provideService(store.queries.levels(filter, page), Clock.Clock, {
              ...clock,
              currentTimeMillis: Effect.map(clock.currentTimeMillis, (millis) => millis - 1),
              currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - 1
            })
          )
      }
    }))
  },
  claimRowNotWritten: {
    mistake: "writes the event of a commit, but not the claim's new state",
    caughtBy: ["C12", "C15"],
    layer: afterBatch((memory, batch) => {
      if (!batch.some((submission) => isTag(submission, "CommitClaims"))) return
      for (const claim of memory.claims.values()) {
        if (claim.state === "committed") memory.claims.set(claim.id, { ...claim, state: "held" })
      }
    })
  },
  releasedTwice: {
    mistake: "releases a claim again that is released already",
    caughtBy: ["C13", "C15"],
    layer: beforeBatch((memory, batch) => {
      if (!batch.some((submission) => isTag(submission, "ReleaseClaims"))) return
      for (const { claim: id, kind, quantity } of memory.claimEvents) {
        const claim = memory.claims.get(id)
        if (kind === "held" && claim?.state === "released") memory.claims.set(id, { ...claim, state: "held", quantity })
      }
    })
  }
}

const ledger: Record<string, BrokenStore> = {
  versionsReordered: {
    mistake: "numbers the movements of a key in the order in which they were inserted, not decided",
    caughtBy: ["A2", "A3"],
    layer: afterBatch((memory, batch) => {
      const last = memory.movements.at(-1)
      const before = memory.movements.findLastIndex(
        (one) => one !== last && one.product === last?.product && one.location === last.location && one.lot === last.lot
      )
      const other = memory.movements[before]
      if (last === undefined || other === undefined || other.version > last.version) return
      if (!batch.some(({ key }) => key === other.command)) return
      memory.movements[before] = { ...other, version: last.version }
      memory.movements[memory.movements.length - 1] = { ...last, version: other.version }
    })
  },
  prunedLedger: {
    mistake: "removes old movements",
    caughtBy: ["A1", "A2", "F35"],
    layer: afterBatch((memory) => {
      if (memory.movements.length > 4) memory.movements.shift()
    })
  },
  editedLedger: {
    mistake: "corrects a movement in place",
    caughtBy: ["A1", "A3", "F35"],
    layer: afterBatch((memory) => {
      const [first] = memory.movements
      if (first !== undefined && memory.movements.length > 4)
        memory.movements[0] = { ...first, quantity: first.quantity + 1 }
    })
  }
}

const pushEvent = (memory: Memory, like: Event, event: Event["event"]) => {
  const same = memory.events.filter(({ command }) => command === like.command)
  memory.events.push({ ...like, line: same.length, event })
}

const reads: Record<string, BrokenStore> = {
  eventsOutsideCommit: {
    mistake: "sends events after the commit, and loses them when something comes between",
    caughtBy: ["H42", "H43", "H48"],
    layer: sabotaged(({ store, memory }) => {
      let count = 0
      return {
        transact: (batch) =>
          Effect.suspend(() => {
            const length = memory.events.length
            return Effect.tap(store.transact(batch), () =>
              Effect.sync(() => {
                if (++count % 3 === 0) memory.events.length = length
              })
            )
          })
      }
    })
  },
  duplicatedEvent: {
    mistake: "writes an event twice",
    caughtBy: ["H42"],
    layer: afterBatch((memory, batch) => {
      const last = memory.events.at(-1)
      if (last?.event._tag === "StockChanged" && batch.some(({ key }) => key === last.command)) {
        pushEvent(memory, last, last.event)
      }
    })
  },
  flutteringThreshold: {
    mistake: "tells of low stock with every sale while it is low",
    caughtBy: ["H48"],
    layer: afterBatch((memory, batch) => {
      const last = memory.events.at(-1)
      if (last?.event._tag !== "StockChanged" || !batch.some(({ key }) => key === last.command)) return
      for (const { product, location, available } of last.event.levels) {
        const threshold = [...memory.tables.thresholds.values()].find(
          (one) => one.product === product && one.location === location
        )
        if (threshold === undefined || threshold.raisedAt === null) continue
        pushEvent(memory, last, { _tag: "LowStockRaised", product, location, available, low: threshold.low })
      }
    })
  },
  skippingFeed: {
    mistake: "goes on in the feed after the command of the last event, not after the event",
    caughtBy: ["H43"],
    layer: sabotaged(({ store, memory }) => ({
      queries: {
        ...store.queries,
        events: (after, limit) =>
          Effect.sync(() => memory.events.filter(({ shard, seq }) => seq > (after[shard]?.seq ?? 0)).slice(0, limit))
      }
    }))
  },
  undated: {
    mistake: "takes what was dated back for what happened when it was recorded",
    caughtBy: ["G37"],
    layer: sabotaged(({ store }) => ({
      queries: {
        ...store.queries,
        stockAsOf: (place, { occurredBy, recordedBy }) =>
          store.queries.stockAsOf(place, { recordedBy: recordedBy ?? occurredBy })
      }
    }))
  },
  emptyShelfIgnored: {
    mistake: "takes an empty shelf for a shelf that nobody bought from",
    caughtBy: ["H47"],
    layer: sabotaged(({ store }) => ({
      queries: {
        ...store.queries,
        demand: (filter, page) =>
          Effect.map(store.queries.demand(filter, page), (answer) => ({
            ...answer,
            items: answer.items.map((series) => ({ ...series, inStock: series.inStock.map(() => 1) }))
          }))
      }
    }))
  },
  returnsForgotten: {
    mistake: "takes what was sold for what was kept",
    caughtBy: ["H58"],
    layer: sabotaged(({ store }) => ({
      queries: {
        ...store.queries,
        sales: (filter, page) =>
          Effect.map(store.queries.sales(filter, page), (answer) => ({
            ...answer,
            items: answer.items.map((row) => ({ ...row, returned: "0" }))
          }))
      }
    }))
  },
  claimsUnverified: {
    mistake: "verifies balances, and believes what is kept of claims",
    caughtBy: ["G42"],
    layer: sabotaged(({ store }) => ({
      queries: {
        ...store.queries,
        verify: Effect.map(store.queries.verify, (found) => ({
          ...found,
          differences: found.differences.filter(({ claim }) => claim === undefined)
        }))
      }
    }))
  },
  layersForgotten: {
    mistake: "values stock by first in first out, whatever was asked for",
    caughtBy: ["H59"],
    layer: sabotaged(({ store }) => ({
      queries: {
        ...store.queries,
        stockValues: (filter, page) => store.queries.stockValues({ ...filter, method: "fifo" }, page)
      }
    }))
  },
  incomingForgotten: {
    mistake: "takes nothing for incoming until it is there",
    caughtBy: ["G39"],
    layer: sabotaged(({ store }) => ({
      queries: {
        ...store.queries,
        levels: (filter, page) =>
          Effect.map(store.queries.levels(filter, page), (answer) => ({
            ...answer,
            items: answer.items.map((level) => ({ ...level, incoming: 0 }))
          }))
      }
    }))
  },
  offsetPages: {
    mistake: "pages by offset over a list that grows at its front",
    caughtBy: ["G40"],
    layer: sabotaged(({ store }) => ({
      queries: {
        ...store.queries,
        movements: (filter, page) => {
          if (page._tag === "Numbered") return store.queries.movements(filter, page)
          const offset = Number(page.cursor ?? 0)
          return Effect.map(store.queries.movements(filter, { _tag: "Cursor", limit: 1_000_000 }), ({ items }) => {
            const next = offset + page.limit
            const nextCursor = next < items.length ? String(next) : null
            return { items: items.slice(offset, next), nextCursor, total: null }
          })
        }
      }
    }))
  },
  transferMiscounted: {
    mistake: "says of each transfer that one more was sent than it asks for",
    caughtBy: ["H44"],
    layer: afterBatch((memory) => {
      for (const transfer of memory.tables.transfers.values()) {
        const lines = transfer.lines.map((line) => ({ ...line, shipped: line.quantity + 1 }))
        memory.tables.transfers.set(transfer.id, { ...transfer, lines })
      }
    })
  },
  orderMiscounted: {
    mistake: "says of each order that all of it was shipped",
    caughtBy: ["H45"],
    layer: afterBatch((memory) => {
      for (const order of memory.tables.orders.values()) {
        const lines = order.lines.map((line) => ({ ...line, shipped: line.ordered }))
        memory.tables.orders.set(order.id, { ...order, lines })
      }
    })
  },
  countMiscounted: {
    mistake: "says of each count that it was posted, with one more of each line than the books had",
    caughtBy: ["H49"],
    layer: afterBatch((memory) => {
      for (const count of memory.tables.counts.values()) {
        const lines = count.lines.map((line) => ({
          ...line,
          counted: (line.expected ?? 0) + 1,
          expected: line.expected ?? 0
        }))
        memory.tables.counts.set(count.id, { ...count, lines, state: "posted" })
      }
    })
  },
  purchaseMiscounted: {
    mistake: "says of each purchase order that one more arrived than did",
    caughtBy: ["H50"],
    layer: afterBatch((memory, batch) => {
      for (const order of memory.tables.purchaseOrders.values()) {
        if (!batch.some(({ key }) => memory.commands.get(key)?.id === order.id)) continue
        const lines = order.lines.map((line) => ({ ...line, received: line.received + 1 }))
        memory.tables.purchaseOrders.set(order.id, { ...order, lines })
      }
    })
  },
  cartSoldTwice: {
    mistake: "forgets that a cart was sold",
    caughtBy: ["H46"],
    layer: afterBatch((memory) => {
      for (const cart of memory.tables.carts.values()) {
        if (cart.state === "completed") memory.tables.carts.set(cart.id, { ...cart, state: "active", location: null })
      }
    })
  }
}

/** Every broken store by its name. */
export const brokenStores: Readonly<Record<string, BrokenStore>> = {
  ...concurrency,
  ...keys,
  ...refusals,
  ...claims,
  ...ledger,
  ...reads
}
