// A key is answered again as it was, for the same payload in any order of its fields, and for nothing else.
import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import * as fc from "fast-check"
import {
  CodeTaken,
  type CommandDefinition,
  type CommandRecord,
  commands,
  conflictOf,
  IdempotencyConflict,
  ProductId,
  payloadTextOf,
  replay,
  type Submission
} from "../src/index.ts"

const submissionOf = (definition: CommandDefinition, payload: unknown): Submission => ({
  ...{ key: "k-1", definition, payload, payloadText: payloadTextOf(definition, payload) },
  ...{ id: "i-1", actor: null, occurredAt: null }
})

const recordOf = (
  { key, definition, payloadText, id, actor }: Submission,
  outcome: CommandRecord["outcome"],
  reply: CommandRecord["reply"]
): CommandRecord => ({
  ...{ key, tag: definition.tag, payloadText, id, actor, outcome, reply },
  ...{ shard: 2, seq: 7, occurredAt: DateTime.makeUnsafe(0), recordedMicros: 0 }
})

const mug = { sku: "MUG", name: "Mug" }
const created = submissionOf(commands.createProduct, mug)

describe("the text of a payload", () => {
  it("has its fields in one order at every depth, and lists in theirs", () => {
    const line = { location: "shop", kind: "receipt", quantity: 1, product: "mug" }
    const other = { quantity: 1, product: "mug", kind: "receipt", location: "depot" }
    assert.strictEqual(
      payloadTextOf(commands.recordMovements, { lines: [line, other] }),
      '{"lines":[{"kind":"receipt","location":"shop","product":"mug","quantity":1},' +
        '{"kind":"receipt","location":"depot","product":"mug","quantity":1}]}'
    )
  })

  it("is the same in whatever order the fields come, and another for any other value", () => {
    const fields = fc.record({ sku: fc.constantFrom("A", "B"), name: fc.constantFrom("A", "B") })
    fc.assert(
      fc.property(fields, fields, (one, other) => {
        const turned = Object.fromEntries(Object.entries(other).toReversed())
        const same = one.sku === other.sku && one.name === other.name
        const texts = [one, turned].map((payload) => payloadTextOf(commands.createProduct, payload))
        assert.strictEqual(texts[0] === texts[1], same)
      })
    )
  })

  it("tells that a secret was given, and not what it was", () => {
    const webhook = { webhook: "w-1", expected: 1 }
    const text = (payload: object) => payloadTextOf(commands.updateWebhook, { ...webhook, ...payload })
    const secret = `whsec_${"a".repeat(32)}`
    assert.strictEqual(text({ secret }), '{"expected":1,"secret":"","webhook":"w-1"}')
    assert.strictEqual(text({}), '{"expected":1,"webhook":"w-1"}')
  })
})

describe("a key that comes again", () => {
  const record = recordOf(created, "applied", null)

  it.each([
    ["another command", submissionOf(commands.createVendor, { name: "Mug" }), "command"],
    ["another value", submissionOf(commands.createProduct, { ...mug, name: "Cup" }), "name"],
    ["a field more", submissionOf(commands.createProduct, { ...mug, barcodes: ["1"] }), "barcodes"]
  ] as const)("with %s names the field that differs", (_, submission, field) => {
    const conflict = new IdempotencyConflict({ key: "k-1", field })
    assert.deepStrictEqual(conflictOf(record, submission), conflict)
    assert.deepStrictEqual(replay(record, submission), {
      ...{ _tag: "Refused", refusal: conflict, replayed: false, at: null }
    })
  })

  it("with the same payload is no conflict, and is answered as before, from where it stands", () => {
    const refusal = new CodeTaken({ field: "sku", code: "MUG", product: ProductId.make("p-1") })
    const { encodeRefusal } = commands.createProduct.codec
    const turned = submissionOf(commands.createProduct, { name: "Mug", sku: "MUG" })
    assert.isUndefined(conflictOf(record, turned))
    const fuller = submissionOf(commands.createProduct, { ...mug, barcodes: ["1"] })
    assert.strictEqual(conflictOf(recordOf(fuller, "applied", null), created)?.field, "barcodes")
    const at = { shard: 2, seq: 7 }
    const refused = recordOf(created, "refused", encodeRefusal(refusal))
    assert.deepStrictEqual(replay(refused, turned), { _tag: "Refused", refusal, replayed: true, at })
    const ended = submissionOf(commands.endSessions, { user: "ann" })
    const applied = replay(recordOf(ended, "applied", { ended: 3 }), ended)
    assert.deepStrictEqual(applied, { _tag: "Applied", reply: { ended: 3 }, replayed: true, at })
  })
})
