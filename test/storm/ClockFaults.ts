// F14 and F15: clocks that are wrong, and clocks that are set while the work goes on: the hosts' and PostgreSQL's.
import { assert } from "@effect/vitest"
import { firstPage, Inventory, Store } from "@onhand/core"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { start } from "../PostgresServer.ts"
import { type ClockOffset, type FakeClock, fakeClock } from "./FakeClock.ts"
import { startHost } from "./HostProcess.ts"
import { checkLaws, keysOf } from "./LawCheck.ts"
import { SHORT_HOLD, stockShelves } from "./Load.ts"
import { clientOf, type Fault, inventoryOver } from "./Stage.ts"

const HOUR = 3_600_000

/** A host's clock: hours it is off when the host starts, and hours it is set to be off while it runs. */
type HostClock = readonly [first: number, then: number]

/** A clock that is set back while its host works. */
export const setBack: HostClock = [0, -1]

/** Clocks that are far off, and clocks that are set. */
export const wrongClocks: ReadonlyArray<HostClock> = [[3, 3], [-48, -48], setBack, [-1, 5]]

const offsetOf = (hours: number): ClockOffset => (hours < 0 ? `-${-hours}h` : `+${hours}h`)

/** How many hours the clocks of the commands' submitters were off, as their ids tell, which begin with that time. */
const hoursOff = (sql: SqlClient, known: ReadonlySet<string>) =>
  Effect.map(
    sql<{ readonly key: string; readonly id: string; readonly millis: number }>`SELECT key, id,
      (extract(epoch FROM recorded_at) * 1000)::float8 AS millis FROM onhand.commands WHERE key NOT LIKE 'expire:%'`,
    (rows) =>
      new Set(
        rows
          .filter(({ key }) => !known.has(key))
          .map(({ id, millis }) =>
            Math.round((Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16) - millis) / HOUR)
          )
      )
  )

/** F14: a host's clock means nothing to the ledger: times and holds are the store's. */
export const surviveHostClocks = (options: {
  readonly url: string
  readonly seed: string
  readonly clocks: ReadonlyArray<HostClock>
}) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { url, seed, clocks } = options
      const sql = yield* clientOf(url)
      const clock = yield* fakeClock
      const shelves = yield* Effect.provide(stockShelves(SHORT_HOLD), inventoryOver(url))
      for (const [index, [first, then]] of clocks.entries()) {
        const known = yield* keysOf(sql)
        clock.set(offsetOf(first))
        const host = yield* startHost(url, `${seed}-${index}`, shelves, clock.env)
        yield* host.untilTold(60)
        clock.set(offsetOf(then))
        yield* host.untilTold(host.diary().told.length + 60)
        const diary = yield* host.end("SIGTERM")
        assert.deepStrictEqual([diary.unknown, diary.unavailable], [[], []], "nobody hears of the clock")
        const off = yield* hoursOff(sql, known)
        assert.isTrue(off.has(first) && off.has(then), `void: the host's clock was off by ${[...off]} hours`)
        const [row] = yield* sql<{ readonly off: number }>`SELECT
          max(abs(extract(epoch FROM clock_timestamp() - recorded_at)))::float8 AS off FROM onhand.commands`
        assert.isBelow(row?.off ?? Number.NaN, 600, "G38: recorded times are the store's")
        const check = Effect.flatMap(Store, ({ shards }) => checkLaws(sql, shards, diary, known))
        const { claimEvents } = yield* Effect.provide(check, inventoryOver(url))
        const held = claimEvents.filter(({ kind }) => kind === "held")
        for (const { recordedAt, expiresAt } of held) {
          assert.strictEqual(Number(expiresAt?.epochMilliseconds) - recordedAt.epochMilliseconds, SHORT_HOLD, "C16")
        }
        console.log(`F14 host's clock off by ${first} h, then ${then} h (seed ${seed}): ${diary.told.length} answered`)
      }
    })
  )

/** Starts a PostgreSQL whose clock can be set. */
export const serverWithFakeClock = Effect.gen(function* () {
  const clock = yield* fakeClock
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => start({ env: clock.env })),
    (one) => Effect.promise(one.stop)
  )
  return { clock, server }
})

const hoursOffAt = (sql: SqlClient) =>
  Effect.map(
    sql<{ readonly millis: number }>`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS millis`,
    ([row]) => Math.round(((row?.millis ?? Number.NaN) - Date.now()) / HOUR)
  )

/** Sets PostgreSQL's clock, and makes sure that it is. */
const setServerClock = (clock: FakeClock, sql: SqlClient, hours: number) =>
  Effect.gen(function* () {
    clock.set(offsetOf(hours))
    assert.strictEqual(yield* hoursOffAt(sql), hours, "void: PostgreSQL's clock was not set")
  })

/** F15: PostgreSQL's clock is set forward, far back, and right again. Recorded times still rise with seq. */
export const serverClockSet = (clock: FakeClock): Fault => ({
  name: "F15 PostgreSQL's clock set",
  // Set forward by an hour, it finds statements under way that took longer than they may.
  heard: "unavailable",
  strike: ({ sql, diary }) =>
    Effect.forEach([1, -2, 0], (hours) => Effect.andThen(setServerClock(clock, sql, hours), diary.untilAnswered(60)), {
      discard: true
    })
})

/** How long the hold of the next test binds. Milliseconds. */
const MOMENT = 200

/** F15: once the ledger has seen a hold's last instant, that hold is over, whatever the clock says afterwards. */
export const lapsedHoldStaysLapsed = (options: { readonly clock: FakeClock; readonly url: string }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { clock, url } = options
      const sql = yield* clientOf(url, 1)
      const run = Effect.gen(function* () {
        const inventory = yield* Inventory
        const { products, locations } = yield* stockShelves(MOMENT)
        const [[product, other], [location]] = [products, locations]
        if (product === undefined || other === undefined || location === undefined) return assert.fail("no shelves")
        const available = Effect.map(inventory.read.levels({ product, location }, firstPage(1)), ({ items }) =>
          items.map((level) => level.available)
        )
        const stocked = Effect.map(inventory.read.products({}, firstPage(10)), ({ items }) =>
          items.filter((row) => row.product.id === product).map((row) => row.available)
        )
        const whole = yield* available
        const wholeProduct = yield* stocked
        const held = yield* inventory.holdStock({
          lines: [{ product, location, quantity: 5 }],
          ttlMillis: MOMENT
        })
        assert.notDeepEqual(yield* available, whole, "void: nothing was held")
        yield* Effect.sleep(2 * MOMENT)
        // Of another product, so that the hold itself is not written down as lapsed yet.
        yield* inventory.recordMovements({ lines: [{ kind: "receipt", product: other, location, quantity: 1 }] })
        yield* setServerClock(clock, sql, -1)
        assert.deepStrictEqual(yield* available, whole, "C16: a level read after the clock was set back")
        assert.deepStrictEqual(yield* stocked, wholeProduct, "C16: a product read after the clock was set back")
        const [claim] = held.claims
        if (claim === undefined) return assert.fail("void: nothing was held")
        const refusal = yield* Effect.flip(inventory.commitClaims({ location, claims: [claim] }))
        assert.strictEqual(refusal._tag, "ClaimClosed", "C16: the hold cannot be committed any more")
      })
      yield* Effect.provide(run, inventoryOver(url)).pipe(Effect.ensuring(Effect.sync(() => clock.set("+0"))))
    })
  )
