import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const repository = fileURLToPath(new URL("..", import.meta.url))

describe("the type check", () => {
  it("fails on an effect that is made and dropped", () => {
    const tsc = `${repository}node_modules/typescript/bin/tsc`
    const project = `${repository}test/fixtures/floating-effect`
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" })
    assert.include(stdout, "floatingEffect", "the compiler has Effect's diagnostics: run `npm rebuild` if it lost them")
    assert.notStrictEqual(status, 0)
  })
})
