// `npm run bench [name]`: runs every `packages/*/bench/*.bench.ts`, or those whose path contains the
// name, one after the other so that they do not disturb each other. Each is a program that states its
// question and prints its answer.
import { install, onWorkspaceNode, runAttached } from "../src/Install.mjs"
import { giveUp, root } from "../src/Root.mjs"

install()
await onWorkspaceNode()

const { globSync } = await import("node:fs")
const wanted = process.argv.slice(2)
const all = globSync("packages/*/bench/*.bench.ts", { cwd: root }).sort()
const chosen = all.filter((path) => wanted.length === 0 || wanted.some((name) => path.includes(name)))
if (chosen.length === 0) giveUp(`no benchmark matches; there are:\n  ${all.join("\n  ") || "none"}`)

let worst = 0
for (const path of chosen) {
  process.stdout.write(`\n${path}\n`)
  worst = Math.max(worst, await runAttached(process.execPath, ["--conditions=onhand-source", path], { cwd: root }))
}
process.exit(worst)
