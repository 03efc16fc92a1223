import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const readme = readFileSync(fileURLToPath(new URL("../../../README.md", import.meta.url)), "utf8")

describe("the embedded inventory", () => {
  it("sells what is there, and refuses what is not", () => {
    const printed = execFileSync(process.execPath, ["--conditions=onhand-source", program], { encoding: "utf8" })
    assert.strictEqual(printed, "Sold 2 for 1900 cents\nRefused: 2 wanted, 1 available\n")
    assert.include(readme, printed, "the README shows what its program prints")
  })

  it("is the README's program", () => {
    const [, ...code] = readFileSync(program, "utf8").split("\n")
    assert.include(readme, `\`\`\`ts run\n${code.join("\n")}\`\`\`\n`)
  })
})
