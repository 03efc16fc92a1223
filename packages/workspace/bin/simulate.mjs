// `npm run simulate`: the simulator of `@onhand/testkit`, over as many seeds as it takes. Its options are told in the
// program itself, packages/testkit/bench/Simulations.ts.
import { install, onWorkspaceNode, runAttached } from "../src/Install.mjs"
import { root } from "../src/Root.mjs"

install()
await onWorkspaceNode()

const program = "packages/testkit/bench/Simulations.ts"
const args = ["--conditions=onhand-source", program, ...process.argv.slice(2)]
process.exit(await runAttached(process.execPath, args, { cwd: root }))
