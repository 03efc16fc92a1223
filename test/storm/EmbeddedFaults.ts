// F13: the disk of the embedded database is full. Nobody is told what is not so, and it opens again.
import { join } from "node:path"
import { assert } from "@effect/vitest"
import { Inventory, Store } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { layer as layerPglite } from "@onhand/postgres/pglite"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { checkLaws, keysOf } from "./LawCheck.ts"
import { LONG_HOLD, stockShelves, underLoad } from "./Load.ts"
import { smallDisk } from "./SmallDisk.ts"

/** Room for an empty database and its log, and for some more. */
const MEGABYTES = 128

/** Callers of the load: the embedded database runs one transaction at a time. */
const CALLERS = 16

/** What is left of the disk when the folder is opened: not enough to lock it, or to start what is in it. */
const LEFT = [0, 8192]

const inventoryIn = (folder: string) =>
  Inventory.layer.pipe(
    Layer.provideMerge(PostgresStore.layerClient({ shards: 2 })),
    Layer.provideMerge(layerPglite({ folder }))
  )

/** Fills the disk under load, gives it room, and does so again; then opens the folder on a full disk. */
export const surviveEmbeddedDiskFull = (options: { readonly seed: string; readonly rounds: number }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { seed, rounds } = options
      const disk = yield* smallDisk(MEGABYTES)
      const folder = join(disk.path, "shop")
      const run = Effect.gen(function* () {
        const sql = yield* SqlClient
        const { shards } = yield* Store
        const shelves = yield* stockShelves(LONG_HOLD)
        const known = yield* keysOf(sql)
        const diary = yield* underLoad({ shelves, callers: CALLERS, seed }, (one) =>
          Effect.gen(function* () {
            for (let round = 0; round < rounds; round++) {
              yield* one.untilAnswered(60)
              disk.fill()
              yield* one.untilUnavailable
              assert.strictEqual(disk.bytesLeft(), 0, "void: there was room")
              disk.free()
              yield* one.untilAnswered(60)
            }
          })
        )
        assert.isAbove(diary.unavailable.length, 0, "void: nobody was turned away")
        const unresolved = diary.unknown.length
        yield* checkLaws(sql, shards, diary, known)
        console.log(
          `F13 disk full (embedded) (seed ${seed}): ${rounds} strikes, ${diary.told.length} answered, ` +
            `${diary.unavailable.length} turned away, ${unresolved} in doubt, ` +
            `slowest answer ${Math.round(diary.slowestMillis)} ms`
        )
        return yield* keysOf(sql)
      })
      const kept = yield* Effect.provide(run, inventoryIn(folder))
      const keys = Effect.flatMap(SqlClient, keysOf).pipe(Effect.provide(inventoryIn(folder)))
      for (const bytes of LEFT) {
        disk.fill(bytes)
        const refusal = String(yield* Effect.exit(keys))
        disk.free()
        assert.match(refusal, /no space left on device|disk is full/, "void: there was room")
        assert.notInclude(refusal, "FolderDamaged")
      }
      assert.deepStrictEqual(yield* keys, kept, "it opens again, with everything in it")
    })
  )
