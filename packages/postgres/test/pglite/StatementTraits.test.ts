// What is read from a statement's text about its session.
import assert from "node:assert"
import { describe, it } from "vitest"
import { traitOf } from "../../src/pglite/StatementTraits.ts"

const setting = "keeps no session setting"
const copy = "copies nothing"

const cases: ReadonlyArray<readonly [sql: string, trait: unknown]> = [
  ["select 1", undefined],
  ["update stock set quantity = 1", undefined],
  ["set local lock_timeout = '1s'", undefined],
  ["SET TRANSACTION ISOLATION LEVEL READ COMMITTED", undefined],
  ["set constraints all deferred", undefined],
  ["reset all", undefined],
  ["set search_path = other", setting],
  ["  -- why\n /* and how */ SET SESSION statement_timeout = 0", setting],
  ["discard all", setting],
  ["select set_config('search_path', 'other', false)", setting],
  ["select set_config($1, $2, $3)", setting],
  ["select set_config('search_path', quote_ident($1), true)", undefined],
  ["select set_config('a.b', $1, true), set_config('a.c', $2, false)", setting],
  ["copy stock from stdin", copy],
  ["COPY (select 1) TO STDOUT", copy],
  ["select 'copy stock from stdin'", undefined],
  ["listen orders", { _tag: "Listen", channel: "orders" }],
  ["LISTEN Orders", { _tag: "Listen", channel: "orders" }],
  ['listen "Or""ders"', { _tag: "Listen", channel: 'Or"ders' }],
  ["unlisten orders", { _tag: "Unlisten", channel: "orders" }],
  ["unlisten *", { _tag: "Unlisten", channel: undefined }]
]

/** The trait, or for a refusal the part of its message that is expected. */
const matches = (sql: string, several: boolean, expected: unknown): void => {
  const trait = traitOf(sql, several)
  if (typeof expected === "string") assert(trait?._tag === "Refused" && trait.refusal.includes(expected))
  else assert.deepStrictEqual(trait, expected)
}

describe("the trait of a statement", () => {
  it.each(cases)("%s", (sql, expected) => matches(sql, false, expected))

  it("is looked for behind the first statement only in a simple query", () => {
    const sql = "begin; set search_path = other"
    matches(sql, true, setting)
    matches(sql, false, undefined)
  })
})
