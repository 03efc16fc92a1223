// Faults between the inventory and PostgreSQL: connections that end, lose an answer, fall silent or crawl, and a
// process that stands still.
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { backendsOf, type Fault } from "./Stage.ts"
import type { CommitFate } from "./TcpProxy.ts"

/** F3: an operator, or a dying server, ends the sessions. */
export const backendsKilled: Fault = {
  name: "F3 backends killed",
  heard: "nothing",
  strike: ({ sql }) =>
    Effect.gen(function* () {
      const pids = yield* backendsOf(sql)
      const ended = yield* sql<{ readonly ended: boolean }>`SELECT pg_terminate_backend(pid) AS ended
        FROM pg_stat_activity WHERE pid IN ${sql.in(pids)}`
      assert.isAbove(ended.filter((row) => row.ended).length, 0, "void: no session was there to end")
    })
}

/** By so many answers the commits of a loaded inventory have met their fate. */
const SOON = 2_000

const commitHit = (name: string, fate: CommitFate, inARow: number): Fault => ({
  name,
  heard: "nothing",
  strike: ({ proxy, diary, way }) =>
    Effect.gen(function* () {
      const { commitsHit } = proxy.counts
      const [before, answered] = [{ ...commitsHit }, diary.told.length]
      // From the first that is made in the way of this inventory, whichever the next ones are.
      let met = 0
      proxy.fateOf = (by) => {
        if (met === inARow || (met === 0 && by !== way)) return "forward"
        met++
        return fate
      }
      const hit = () => commitsHit.statement + commitsHit.transaction - before.statement - before.transaction
      while (hit() < inARow) {
        assert.isBelow(diary.told.length - answered, SOON, `void: ${hit()} commits were hit`)
        yield* diary.untilAnswered(1)
      }
      assert.isAbove(commitsHit[way], before[way], `void: none of them was by a ${way}`)
    })
})

// Three in a row, so that a second attempt is hit as well.

/** F6: the commit is on disk, but the word on it never arrives. */
export const answerLost = commitHit("F6 answer to the commit lost", "loseAnswer", 3)

/** F6: the connection dies with a commit on its way, which arrives when its batch is being submitted again. */
export const commitLate = commitHit("F6 commit late", "bringLate", 1)

/** F7: the connection dies with the commit before it reaches the server. */
export const commitNeverArrived = commitHit("F7 commit lost", "loseCommit", 3)

/** Connections are reset in the midst of whatever they do. */
export const connectionsReset: Fault = {
  name: "connections reset",
  heard: "nothing",
  strike: ({ proxy }) => Effect.sync(() => assert.isAbove(proxy.cut(), 0, "void: no connection was open"))
}

/** F8: every open connection falls silent, without an end. */
export const connectionsSilent: Fault = {
  name: "F8 half-open connections",
  heard: "nothing",
  strike: ({ proxy, diary }) =>
    Effect.gen(function* () {
      const before = proxy.counts.bytesSwallowed
      assert.isAbove(proxy.freeze(), 0, "void: no connection was open")
      yield* diary.untilAnswered(60)
      assert.isAbove(proxy.counts.bytesSwallowed, before, "void: nobody used a silent connection")
    })
}

/** F9: short messages byte by byte, long ones in many pieces, and every packet late by up to some milliseconds. */
export const networkCrawling: Fault = {
  name: "F9 tiny packets, late",
  heard: "nothing",
  strike: ({ proxy, diary }) =>
    Effect.gen(function* () {
      const before = proxy.counts.chunksDisturbed
      proxy.pieceBytes = 1
      let turn = 0
      proxy.delayMillis = () => (turn++ * 7) % 13
      yield* diary.untilAnswered(60)
      proxy.pieceBytes = Number.POSITIVE_INFINITY
      proxy.delayMillis = () => 0
      assert.isAbove(proxy.counts.chunksDisturbed, before, "void: nothing was sent in pieces")
    })
}

/** F10: nothing gets through at all for a while, and new connections neither. */
export const networkParted: Fault = {
  name: "F10 network parted",
  heard: "anything",
  strike: ({ proxy, diary }) =>
    Effect.gen(function* () {
      proxy.unreachable = true
      assert.isAbove(proxy.freeze(), 0, "void: no connection was open")
      yield* diary.untilUnavailable
      assert.isAbove(proxy.counts.bytesSwallowed, 0, "void: nothing was swallowed")
      proxy.unreachable = false
      proxy.freeze()
    })
}

/**
 * F23: this process stands still just before a commit of its own leaves it; where that is a transaction's, with its
 * heads locked. Beyond the server's patience with idle transactions that transaction is gone when it goes on.
 */
export const processStalled = (millis: number, outlasts: boolean): Fault => ({
  name: `F23 process stalled for ${millis} ms`,
  heard: "nothing",
  strike: ({ sql, proxy, diary, way }) =>
    Effect.gen(function* () {
      const before = yield* backendsOf(sql)
      const answered = diary.told.length
      let stood = 0
      proxy.fateOf = (by) => {
        if (by !== way) return "forward"
        proxy.fateOf = () => "forward"
        const began = performance.now()
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
        stood = performance.now() - began
        return "forward"
      }
      while (stood === 0) {
        assert.isBelow(diary.told.length - answered, SOON, `void: nothing was about to be committed by a ${way}`)
        yield* diary.untilAnswered(1)
      }
      assert.isAtLeast(stood, millis, "void: it did not stand still")
      yield* diary.untilAnswered(120)
      const after = new Set(yield* backendsOf(sql))
      const ended = before.some((pid) => !after.has(pid))
      assert.strictEqual(ended, outlasts && way === "transaction", "void: the server's patience is another")
    })
})
