import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result } from "effect"
import {
  type DemandUnit,
  foldDemand,
  LocationId,
  MAX_PERIODS,
  type Movement,
  type MovementKind,
  movementFlows,
  ProductId,
  periodBounds
} from "../src/index.ts"

const at = (text: string) => DateTime.makeUnsafe(text)

const boundsOf = (every: DemandUnit, zone: string, from: string, to: string) =>
  Result.map(
    periodBounds({ every, timeZone: DateTime.zoneMakeNamedUnsafe(zone), from: at(from), to: at(to) }),
    (bounds) => bounds.map(DateTime.formatIso)
  )

describe("periods", () => {
  it("are days of the shop, 23 hours long when its clocks go forward", () => {
    assert.deepStrictEqual(
      boundsOf("day", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T23:00:00Z"),
      Result.succeed([
        "2026-03-27T23:00:00.000Z",
        "2026-03-28T23:00:00.000Z",
        "2026-03-29T22:00:00.000Z",
        "2026-03-30T22:00:00.000Z"
      ])
    )
  })

  it("begin when midnight does not exist, and the next one at midnight again", () => {
    // In São Paulo the clocks went from 0:00 to 1:00 on 4 November 2018.
    assert.deepStrictEqual(
      boundsOf("day", "America/Sao_Paulo", "2018-11-03T12:00:00Z", "2018-11-05T12:00:00Z"),
      Result.succeed(["2018-11-03T03:00:00.000Z", "2018-11-04T03:00:00.000Z", "2018-11-05T02:00:00.000Z"])
    )
  })

  it("are weeks from Monday on, and only those that are over", () => {
    assert.deepStrictEqual(
      boundsOf("week", "UTC", "2026-11-04T12:00:00Z", "2026-11-22T23:59:59Z"),
      Result.succeed(["2026-11-02T00:00:00.000Z", "2026-11-09T00:00:00.000Z", "2026-11-16T00:00:00.000Z"])
    )
  })

  it("are months, of whatever length", () => {
    assert.deepStrictEqual(
      boundsOf("month", "America/New_York", "2024-01-31T12:00:00Z", "2024-04-01T04:00:00Z"),
      Result.succeed([
        "2024-01-01T05:00:00.000Z",
        "2024-02-01T05:00:00.000Z",
        "2024-03-01T05:00:00.000Z",
        "2024-04-01T04:00:00.000Z"
      ])
    )
  })

  it("are refused if there is none, or more than one answer may have", () => {
    for (const [from, to, periods] of [
      ["2026-11-02T00:00:00Z", "2026-11-02T23:59:59Z", 0],
      ["2026-11-02T00:00:00Z", "2026-01-01T00:00:00Z", 0],
      ["2000-01-01T00:00:00Z", "2026-01-01T00:00:00Z", MAX_PERIODS + 1]
    ] as const) {
      const refused = boundsOf("day", "UTC", from, to)
      assert(Result.isFailure(refused))
      assert.strictEqual(refused.failure.periods, periods)
    }
  })
})

let line = 0

/** A movement at an hour of 1 June 2026, between the first places of its kind. */
const moved = (hour: number, kind: MovementKind, quantity: number): Movement => ({
  kind,
  product: ProductId.make("mug"),
  location: LocationId.make("shop"),
  lot: "",
  entered: null,
  from: movementFlows[kind][0][0],
  to: movementFlows[kind][0][1],
  quantity,
  reason: null,
  source: null,
  unitCost: null,
  shard: 0,
  seq: 1,
  line: line++,
  version: 1,
  onHandAfter: 0,
  sellableAfter: 0,
  command: "c",
  actor: null,
  occurredAt: DateTime.add(at("2026-06-01T00:00:00Z"), { hours: hour }),
  recordedAt: at("2026-06-09T00:00:00Z")
})

const day = ["2026-06-01T00:00:00Z", "2026-06-01T12:00:00Z", "2026-06-02T00:00:00Z"].map(at)

describe("demand", () => {
  it("is what was sold less what came back, in the period in which it happened, in any order of recording", () => {
    const movements = [
      moved(13, "customerReturn", 1),
      moved(12, "sale", 2),
      moved(-1, "receipt", 9),
      moved(3, "sale", 4)
    ]
    assert.deepStrictEqual(foldDemand(movements, day), { quantities: [4, 1], inStock: [1, 1] })
  })

  it("knows for which part of a period the shelf was empty", () => {
    const movements = [moved(3, "receipt", 2), moved(6, "sale", 2), moved(18, "receipt", 1)]
    assert.deepStrictEqual(foldDemand(movements, day), { quantities: [2, 0], inStock: [0.25, 0.5] })
  })

  it("takes what is damaged or on its way for what cannot be sold", () => {
    const movements = [moved(0, "receipt", 3), moved(6, "damage", 2), moved(12, "transferOut", 1)]
    assert.deepStrictEqual(foldDemand(movements, day), { quantities: [0, 0], inStock: [1, 0] })
  })

  it("counts what happens on a bound to the period that begins there, and what happens later to none", () => {
    const movements = [moved(0, "receipt", 5), moved(12, "sale", 1), moved(24, "sale", 3)]
    assert.deepStrictEqual(foldDemand(movements, day), { quantities: [0, 1], inStock: [1, 1] })
  })

  it("is nothing where nothing moved", () => {
    assert.deepStrictEqual(foldDemand([], day), { quantities: [0, 0], inStock: [0, 0] })
  })
})
