// `npm test`: from a fresh clone to `N passed, N failed`. Arguments go to Vitest: a path runs only the
// test files whose path contains it, `-t text` only the tests whose name does.
import { install, onWorkspaceNode } from "../src/Install.mjs"
import { root, say } from "../src/Root.mjs"
import "../src/StopWithParent.mjs"

install()
await onWorkspaceNode()

const { parseCLI, startVitest } = await import("vitest/node")
const { tally } = await import("../src/Tally.mjs")

process.chdir(root)
const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)])
const vitest = await startVitest(filter, options)
const { passed, failed } = tally(vitest.state.getTestModules(), vitest.state.getUnhandledErrors())
await vitest.close()
if (passed + failed === 0) say("no test ran")
process.stdout.write(`${passed} passed, ${failed} failed\n`)
// Vitest's own verdict also covers what is no test: a set-up that failed, a coverage threshold.
process.exit(failed > 0 || passed === 0 ? 1 : (process.exitCode ?? 0))
