// What must hold after a fault: every law that rows show, the ledger decided again, and what each caller was told.
import { assert } from "@effect/vitest"
import { advance, type Event, type FeedCursor, Inventory, type InventoryShape } from "@onhand/core"
import { verifyChain } from "@onhand/postgres"
import { findingsIn, type LedgerSnapshot, replayBySeq, report } from "@onhand/testkit"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { readersOf } from "../../packages/postgres/test/PostgresReaders.ts"
import { isExpiryKey } from "../../packages/testkit/src/CommandLaws.ts"
import { viewOf } from "../../packages/testkit/src/LedgerView.ts"
import { type Asked, type Diary, replyText, send, type Told } from "./Load.ts"

/** How a command is answered now: its reply or the tag of its refusal, and whether it had been answered before. */
const answerNow = (inventory: InventoryShape, asked: Asked) =>
  send(inventory, asked).pipe(
    Effect.map(({ reply }): Told => ({ key: asked.key, outcome: "applied", text: replyText(asked, reply) })),
    Effect.catch((error) => {
      assert.notInclude(["StoreUnavailable", "OutcomeUnknown"], error._tag, "the store is back")
      return Effect.succeed<Told>({ key: asked.key, outcome: "refused", text: error._tag })
    })
  )

/** F34: submits each unknown key again, twice. Both times the answer is the same. */
const resolveUnknown = (inventory: InventoryShape, diary: Diary) =>
  Effect.forEach(
    diary.unknown,
    (key) =>
      Effect.gen(function* () {
        const asked = diary.asked.get(key)
        if (asked === undefined) return assert.fail(`${key} was never asked`)
        const first = yield* answerNow(inventory, asked)
        assert.deepStrictEqual(yield* answerNow(inventory, asked), first)
        return first
      }),
    { concurrency: 16 }
  )

/** F33 and F34: what was told is there, what was denied is not, and nothing is there that nobody asked. */
const checkTold = (snapshot: LedgerSnapshot, diary: Diary, told: ReadonlyArray<Told>, known: ReadonlySet<string>) => {
  const records = new Map(snapshot.commands.map((record) => [record.key, record]))
  for (const { key, outcome } of told) {
    assert.strictEqual(records.get(key)?.outcome, outcome, `F33: ${key} was acknowledged`)
  }
  const denied = diary.unavailable.filter(({ key }) => records.has(key))
  assert.deepStrictEqual(denied, [], "F33: commands of which was said that nothing was written")
  const foreign = [...records.keys()].filter((key) => !diary.asked.has(key) && !known.has(key) && !isExpiryKey(key))
  assert.deepStrictEqual(foreign, [], "F33: commands that nobody submitted")
}

/** Events of a page of the feed: few enough that pages end in the midst of what one commit told. */
const FEED_PAGE = 97

const placeOf = ({ shard, seq, line }: Event): string => `${shard}-${seq}-${line}`

/** H43: whoever reads the feed from its beginning is told each event up to the snapshot once, and in order. */
const checkFeed = (inventory: InventoryShape, { events, heads }: LedgerSnapshot) =>
  Effect.gen(function* () {
    const received: Array<Event> = []
    for (let cursor: FeedCursor = {}; ; ) {
      const page = yield* inventory.read.events(cursor, FEED_PAGE)
      if (page.length === 0) break
      received.push(...page)
      cursor = page.reduce(advance, cursor)
    }
    // What lapsed since then has been told by now as well.
    const upTo = received.filter(({ shard, seq }) => seq <= (heads.get(shard) ?? 0))
    const inOrder = events.toSorted((a, b) => a.shard - b.shard || a.seq - b.seq || a.line - b.line)
    const told = upTo.toSorted((a, b) => a.shard - b.shard)
    assert.deepStrictEqual(told.map(placeOf), inOrder.map(placeOf), "H43: each event once, in order")
  })

/** Every key in the ledger, to be known before a load begins. */
export const keysOf = (sql: SqlClient) =>
  Effect.map(
    sql<{ readonly key: string }>`SELECT key FROM onhand.commands`,
    (rows) => new Set(rows.map((row) => row.key))
  )

/**
 * Checks a ledger after a fault. `sql` reads its rows past the store, and not through what was faulty; `known` are the
 * keys that were there before the load.
 */
export const checkLaws = (sql: SqlClient, shards: number, diary: Diary, known: ReadonlySet<string>) =>
  Effect.gen(function* () {
    const inventory = yield* Inventory
    assert.deepStrictEqual(diary.defects, [], "no caller hears of a defect")
    const resolved = yield* resolveUnknown(inventory, diary)
    const snapshot = yield* readersOf(sql).snapshot
    checkTold(snapshot, diary, [...diary.told, ...resolved], known)
    yield* report(findingsIn(viewOf(snapshot, shards)))
    assert.deepStrictEqual(yield* replayBySeq(snapshot, shards), [], "E31: the ledger decided again")
    assert.deepStrictEqual((yield* inventory.read.verify).differences, [], "G41")
    const { broken, commits } = yield* verifyChain(sql)
    assert.deepStrictEqual(broken, [], "F36: the hash chain")
    assert.isAbove(commits, 0, "void: no commit is sealed")
    yield* checkFeed(inventory, snapshot)
    // A reply that was told is the reply that is given again.
    for (const first of diary.told.slice(-REPLAYED)) {
      const asked = diary.asked.get(first.key)
      if (asked === undefined) continue
      const again = yield* answerNow(inventory, asked)
      // What came over HTTP has its own words for the reply; then the outcome is compared.
      assert.deepStrictEqual<Told>(again, { ...again, ...first }, `D21: ${first.key}`)
    }
    return snapshot
  })

/** How many of the last answers are asked for again. */
const REPLAYED = 20
