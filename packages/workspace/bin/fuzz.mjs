// `npm run fuzz`: random requests to every group of the HTTP contract, on PostgreSQL. FUZZ_REQUESTS says how many to
// each group, 10,000 without it, and FUZZ_SEED which ones. `npm run fuzz -- Orders Claims` asks those groups alone.
import { install, onWorkspaceNode, runAttached } from "../src/Install.mjs"
import { root } from "../src/Root.mjs"

install()
await onWorkspaceNode()

const env = { ...process.env, FUZZ_REQUESTS: process.env.FUZZ_REQUESTS ?? "10000" }
const groups = process.argv.slice(2)
const named = groups.length === 0 ? [] : ["-t", `random requests to (${groups.join("|")}) are`]
const args = ["node_modules/vitest/vitest.mjs", "run", "packages/server/test/Fuzz.test.ts", ...named]
process.exit(await runAttached(process.execPath, args, { cwd: root, env }))
