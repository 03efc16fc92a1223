import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { firstProgram } from "./DocumentationCode.ts"

const repository = fileURLToPath(new URL("..", import.meta.url))

const run = (program: string, args: ReadonlyArray<string>, cwd: string): string => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" })
  assert.strictEqual(status, 0, `${program} ${args.join(" ")}\n${stdout}${stderr}`)
  return stdout
}

describe("the published packages", () => {
  it("run the README's program in an empty project", { timeout: 300_000 }, () => {
    const program = firstProgram(new Map([["README.md", readFileSync(`${repository}README.md`, "utf8")]]))
    assert.isDefined(program, "README.md has a block fenced as `ts run`")

    const project = mkdtempSync(join(tmpdir(), "onhand-project-"))
    onTestFinished(() => rmSync(project, { recursive: true, force: true }))
    const packed = run(process.execPath, [`${repository}packages/workspace/bin/pack.mjs`, project], repository)
    const tarballs = packed.trim().split("\n")
    assert.isNotEmpty(tarballs)

    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
    run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", ...tarballs], project)
    writeFileSync(join(project, "program.ts"), program)
    const compilerOptions = { module: "nodenext", strict: true, noEmit: true, skipLibCheck: true, types: [] }
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions }))
    run(process.execPath, [`${repository}node_modules/typescript/bin/tsc`, "-p", "."], project)
    assert.isNotEmpty(run(process.execPath, ["program.ts"], project))
    assert.include(run(process.execPath, ["node_modules/onhand/dist/main.js", "--help"], project), "serve")
  })
})
