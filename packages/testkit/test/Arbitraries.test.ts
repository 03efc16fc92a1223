// What the kit generates is what the schemas take, and it survives the way through JSON.
import { assert, describe, it } from "@effect/vitest"
import { Balance, Claim, Event, isSound, Movement, type Table, tables } from "@onhand/core"
import { Schema } from "effect"
import * as fc from "fast-check"
import { Arbitraries, RowArbitraries } from "../src/index.ts"

const survives = <A>(schema: Schema.Codec<A, unknown>, arbitrary: fc.Arbitrary<A>) => {
  const encode = Schema.encodeSync(schema)
  const decode = Schema.decodeUnknownSync(schema)
  fc.assert(
    fc.property(arbitrary, (value) => {
      assert.deepStrictEqual(decode(JSON.parse(JSON.stringify(encode(value)))), value)
    }),
    { numRuns: 50 }
  )
}

describe("an arbitrary row", () => {
  it.each(Object.keys(tables) as ReadonlyArray<Table>)("of %s is one, and survives JSON", (table) => {
    const schema: Schema.Codec<unknown, unknown> = tables[table]
    survives(schema, RowArbitraries.rows[table])
  })

  it("of the ledger is one, and survives JSON", () => {
    survives(Movement, RowArbitraries.movement)
    survives(Claim, RowArbitraries.claim)
    survives(Balance, RowArbitraries.balance)
    survives(Event, RowArbitraries.event)
  })

  it("of a balance is sound", () => {
    fc.assert(fc.property(RowArbitraries.balance, (balance) => isSound(balance)))
  })
})

describe("an arbitrary history", () => {
  it("has movement lines that are possible and some that are not", () => {
    const lines = fc.sample(Arbitraries.movementLine, { numRuns: 500, seed: 1 })
    assert.isTrue(lines.some((line) => line.from === "supplier" && line.to === "scrap"))
    assert.isTrue(lines.some((line) => line.kind === "receipt" && line.from === undefined))
  })
})
