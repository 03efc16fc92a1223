// `npm start`: from a fresh clone to a running server. Installs and builds what is missing, then
// becomes `onhand serve` with the arguments given.
import { install, onWorkspaceNode, runAttached } from "../src/Install.mjs"
import { root } from "../src/Root.mjs"
import "../src/StopWithParent.mjs"

install()
await onWorkspaceNode()

// From here on the workspace's Node.js runs; the build uses what Node.js 20 does not have yet.
const { build } = await import("../src/Build.mjs")
await build({ only: "onhand", types: false })

const program = ["--import", `${root}/packages/workspace/src/StopWithParent.mjs`, `${root}/packages/cli/dist/main.js`]
const args = [...program, "serve", ...process.argv.slice(2)]
if (process.execve !== undefined && process.platform !== "win32") {
  // Becoming the server leaves no process between it and whoever signals it.
  process.execve(process.execPath, [process.execPath, ...args], process.env)
}
process.exit(await runAttached(process.execPath, args))
