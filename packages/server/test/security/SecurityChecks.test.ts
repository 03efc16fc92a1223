// The table of docs/internals/security-checks.md: every check is there once, and each is tried by a test that begins
// with its number, or says why it does not apply.
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const repository = fileURLToPath(new URL("../../../../", import.meta.url))

/** The checks of the table. */
const CHECKS = 75

interface Row {
  readonly check: number
  readonly answer: string
}

const rows: ReadonlyArray<Row> = [
  ...readFileSync(`${repository}docs/internals/security-checks.md`, "utf8").matchAll(
    /^\| (\d+) +\| [^|]+ \| ((?:[^|]|\\\|)+?) +\|$/gm
  )
].map(([, check, answer]) => ({ check: Number(check), answer: answer ?? "" }))

/** The files that a row names: those of this folder by their name, others by their path in backticks. */
const filesOf = (answer: string): ReadonlyArray<string> =>
  (answer.split(":", 1)[0] ?? "")
    .split(", ")
    .map((name) => (name.startsWith("`") ? name.slice(1, -1) : `packages/server/test/security/${name}`))
    .map((name) => `${repository}${name}.test.ts`)

/** The checks that the titles of a file's tests begin with: "23: …", "23, 28: …", "checks 67 to 70: …". */
const checksIn = (text: string): ReadonlySet<number> => {
  const found = new Set<number>()
  for (const [, numbers = ""] of text.matchAll(
    /^\s*(?:describe|it)?[^"\n]*"(?:checks? )?(\d+(?:(?:, | and | to )\d+)*): /gm
  )) {
    for (const part of numbers.split(/, | and /)) {
      const [first = 0, last = first] = part.split(" to ").map(Number)
      for (let check = first; check <= last; check++) found.add(check)
    }
  }
  return found
}

describe("the table of security checks", () => {
  it("has every check once, in order", () => {
    assert.deepStrictEqual(
      rows.map(({ check }) => check),
      Array.from({ length: CHECKS }, (_, index) => index + 1)
    )
  })

  it.each(rows.map(({ check, answer }) => [check, answer] as const))("%i: %s", (check, answer) => {
    if (/^not applicable, because .{20}/.test(answer)) return
    const files = filesOf(answer)
    assert.isTrue(
      files.some((file) => checksIn(readFileSync(file, "utf8")).has(check)),
      `no test of ${files.join(", ")} begins with ${check}`
    )
  })
})
