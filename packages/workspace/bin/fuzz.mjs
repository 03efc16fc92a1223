// `npm run fuzz`: random requests to every group of the HTTP contract, on PostgreSQL. FUZZ_REQUESTS says how many to
// each group, 10,000 without it, and FUZZ_SEED which ones.
import { install, onWorkspaceNode, runAttached } from "../src/Install.mjs"
import { root } from "../src/Root.mjs"

install()
await onWorkspaceNode()

const env = { ...process.env, FUZZ_REQUESTS: process.env.FUZZ_REQUESTS ?? "10000" }
const args = ["node_modules/vitest/vitest.mjs", "run", "packages/server/test/Fuzz.test.ts"]
process.exit(await runAttached(process.execPath, args, { cwd: root, env }))
