// `npm run check`: everything that can be judged without running the code. Types with Effect's own
// diagnostics, lint and format, and each package as its users will get it.
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { install, onWorkspaceNode } from "../src/Install.mjs"
import { root, say } from "../src/Root.mjs"

install()
await onWorkspaceNode()

const { build, packages } = await import("../src/Build.mjs")
const { pack } = await import("../src/Pack.mjs")

const failures = []

// What a tool has to say about what is right would bury what is wrong.
const step = (name, tool, args) => {
  const result = spawnSync(process.execPath, [`${root}/node_modules/${tool}`, ...args], { cwd: root, encoding: "utf8" })
  say(`${result.status === 0 ? "passed" : "FAILED"}: ${name}`)
  if (result.status === 0) return
  failures.push(name)
  process.stderr.write(`${result.stdout}${result.stderr}\n`)
}

step("types", "typescript/bin/tsc", ["-p", "."])
step("lint and format", "@biomejs/biome/bin/biome", ["ci", "--error-on-warnings", "--colors=off", "."])

await build({ types: true })
const folder = mkdtempSync(join(tmpdir(), "onhand-pack-"))
try {
  for (const { name, tarball } of pack(packages(), folder)) {
    step(`package ${name}: publint`, "publint/src/cli.js", ["run", tarball, "--strict"])
    step(`package ${name}: types`, "@arethetypeswrong/cli/dist/index.js", [tarball, "--profile", "esm-only"])
  }
} finally {
  rmSync(folder, { recursive: true })
}

say(failures.length === 0 ? "all checks passed" : `${failures.length} failed: ${failures.join("; ")}`)
process.exit(failures.length === 0 ? 0 : 1)
