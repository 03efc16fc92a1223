// `npm run build`: JavaScript and type declarations of every package that changed.
import { install, onWorkspaceNode } from "../src/Install.mjs"

install()
await onWorkspaceNode()

const { build } = await import("../src/Build.mjs")
await build({ types: true })
