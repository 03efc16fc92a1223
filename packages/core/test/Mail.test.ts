// When mail is written: at once what is new, in a digest what comes up again soon after.
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { dueMail, type MailNotes, noted } from "../src/index.ts"

const settings = { gatherMillis: 10, quietMillis: 100 }

/** Runs notices (time, cause) and a look every millisecond; the mails with their time, kind and counts. */
const run = (notices: ReadonlyArray<readonly [time: number, cause: string]>, until: number) => {
  let notes: MailNotes = new Map()
  const mails: Array<readonly [time: number, kind: string, counts: Readonly<Record<string, number>>]> = []
  for (let now = 0; now <= until; now++) {
    const come = notices
      .filter(([time]) => time === now)
      .map(([, cause]) => ({ cause, notification: `${cause}-${now}`, location: null }))
    const due = dueMail(noted(notes, come, now), now, settings)
    for (const { kind, notes: told } of due.mails)
      mails.push([now, kind, Object.fromEntries(told.map(([cause, { count }]) => [cause, count]))])
    notes = due.notes
  }
  return { mails, notes }
}

describe("mail", () => {
  it("waits a little for what happens together, and writes of it together", () => {
    const { mails, notes } = run(
      [
        [0, "a"],
        [9, "b"],
        [11, "c"]
      ],
      300
    )
    assert.deepStrictEqual(mails, [
      [10, "notice", { a: 1, b: 1 }],
      [21, "notice", { c: 1 }]
    ])
    assert.strictEqual(notes.size, 0)
  })

  it("writes once, and once more in a digest, of what comes up a thousand times in the quiet time", () => {
    const often = Array.from({ length: 100 }, (_, time): [number, string] => [time, "a"])
    const { mails } = run(often, 400)
    assert.deepStrictEqual(mails, [
      [10, "notice", { a: 11 }],
      [110, "digest", { a: 89 }]
    ])
  })

  it("writes at once again after a quiet time", () => {
    const { mails } = run(
      [
        [0, "a"],
        [111, "a"]
      ],
      400
    )
    assert.deepStrictEqual(mails, [
      [10, "notice", { a: 1 }],
      [121, "notice", { a: 1 }]
    ])
  })

  it("tells every notice exactly once, and of no cause more often than twice a quiet time", () => {
    const notice = fc.tuple(fc.nat(500), fc.constantFrom("a", "b", "c"))
    fc.assert(
      fc.property(fc.array(notice, { maxLength: 60 }), (notices) => {
        const { mails, notes } = run(notices, 800)
        assert.strictEqual(notes.size, 0)
        for (const cause of ["a", "b", "c"]) {
          const about = mails.filter(([, , counts]) => cause in counts)
          const told = about.reduce((sum, [, , counts]) => sum + (counts[cause] ?? 0), 0)
          assert.strictEqual(told, notices.filter(([, one]) => one === cause).length)
          for (const [index, [time]] of about.entries()) {
            const third = about[index + 2]
            if (third !== undefined) assert.isAtLeast(third[0] - time, settings.quietMillis)
          }
        }
      })
    )
  })
})
