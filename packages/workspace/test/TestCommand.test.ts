import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const command = fileURLToPath(new URL("../bin/test.mjs", import.meta.url))

const runIn = (fixture: string) => {
  const folder = fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [command, "--root", folder], { encoding: "utf8" })
  return { status, lastLine: stdout.trimEnd().split("\n").at(-1) }
}

describe("npm test", { timeout: 60_000 }, () => {
  it("ends with the count of passed and failed tests, and fails when one failed", () =>
    assert.deepStrictEqual(runIn("mixed"), { status: 1, lastLine: "2 passed, 1 failed" }))

  it("counts an error that belongs to no test as a failure", () =>
    assert.deepStrictEqual(runIn("broken"), { status: 1, lastLine: "1 passed, 1 failed" }))

  it("fails when no test ran", () =>
    assert.deepStrictEqual(runIn("empty"), { status: 1, lastLine: "0 passed, 0 failed" }))
})
