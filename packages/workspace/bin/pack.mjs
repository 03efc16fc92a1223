// Builds every published package, packs it into the folder given (or here) and prints the tarballs.
import { resolve } from "node:path"
import { install, onWorkspaceNode } from "../src/Install.mjs"

const folder = resolve(process.argv[2] ?? ".")
install()
await onWorkspaceNode()

const { build, packages } = await import("../src/Build.mjs")
const { pack } = await import("../src/Pack.mjs")
await build({ types: true })
for (const { tarball } of pack(packages(), folder)) process.stdout.write(`${tarball}\n`)
