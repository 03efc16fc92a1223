// Builds the packages, and only those whose sources changed since the last build: JavaScript with
// tsup, type declarations with tsc. What was built from what is remembered by content hash.
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { basename } from "node:path"
import { cacheFolder, giveUp, root, say } from "./Root.mjs"

const stampFile = `${cacheFolder}/build.json`

/** Files besides `src` that decide what a build of the package gives. */
const CONFIGURATION = ["package.json", "tsup.config.ts", "tsconfig.build.json"]

/** Files of the workspace that decide what any build gives: compilers and their settings. */
const WORKSPACE_CONFIGURATION = ["package-lock.json", "tsconfig.json"]

const hashOf = (folder, files) => {
  const hash = createHash("sha256")
  for (const file of files) {
    const path = `${folder}/${file}`
    if (existsSync(path)) hash.update(`${file}\0`).update(readFileSync(path)).update("\0")
  }
  return hash.digest("hex")
}

const sourceFiles = (folder) =>
  globSync("src/**/*", { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
    .sort()

/**
 * The packages that are built, each after those it depends on:
 * `{ name, folder, private, dependencies, hash }`, dependencies being names of packages in the list
 * and hash covering everything its build reads, dependencies included.
 */
export function packages() {
  const workspaceHash = hashOf(root, WORKSPACE_CONFIGURATION)
  const found = new Map()
  for (const manifestPath of globSync(`${root}/packages/*/package.json`)) {
    const folder = manifestPath.slice(0, -"/package.json".length)
    if (!existsSync(`${folder}/tsup.config.ts`)) continue
    const manifest = JSON.parse(readFileSync(manifestPath, "utf8"))
    found.set(manifest.name, { name: manifest.name, folder, private: manifest.private === true, manifest })
  }
  const ordered = new Map()
  const visit = (one) => {
    if (ordered.has(one.name)) return
    const dependencies = Object.keys(one.manifest.dependencies ?? {}).filter((name) => found.has(name))
    for (const name of dependencies) visit(found.get(name))
    const own = hashOf(one.folder, [...CONFIGURATION, ...sourceFiles(one.folder)])
    const hash = createHash("sha256").update(workspaceHash).update(own)
    for (const name of dependencies) hash.update(ordered.get(name).hash)
    const { name, folder } = one
    ordered.set(name, { name, folder, private: one.private, dependencies, hash: hash.digest("hex") })
  }
  for (const name of [...found.keys()].sort()) visit(found.get(name))
  return [...ordered.values()]
}

/** The named package and everything it needs, in building order. */
export function closure(all, name) {
  const needed = new Set()
  const add = (wanted) => {
    needed.add(wanted)
    for (const dependency of all.find((one) => one.name === wanted).dependencies) add(dependency)
  }
  add(name)
  return all.filter((one) => needed.has(one.name))
}

const run = (folder, tool, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`${root}/node_modules/${tool}`, ...args], { cwd: folder })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data))
    child.on("error", reject)
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${basename(folder)}: ${tool} failed\n${output.trim()}`))
    )
  })

const buildScripts = (one) => run(one.folder, "tsup/dist/cli-default.js", ["--silent"])

const buildTypes = (one) =>
  run(one.folder, "typescript/bin/tsc", ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--pretty"])

const readStamps = () => (existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, "utf8")) : {})

/** Runs one task for each item, at most as many at once as there are cores. */
async function eachWithin(items, task) {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await task(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
}

/**
 * Builds what changed of the named package's closure, or of every package. `types` adds the
 * declarations, which only publishing needs. Says what it builds and ends the command if a build fails.
 */
export async function build({ only, types }) {
  const all = packages()
  const wanted = only === undefined ? all : closure(all, only)
  const stamps = readStamps()
  const stale = (kind, file) => (one) =>
    stamps[`${one.name} ${kind}`] !== one.hash || !existsSync(`${one.folder}/dist/${file}`)
  const remember = (one, kind) => {
    stamps[`${one.name} ${kind}`] = one.hash
    mkdirSync(cacheFolder, { recursive: true })
    writeFileSync(stampFile, JSON.stringify(stamps, undefined, 2))
  }
  const scripts = wanted.filter(stale("scripts", "index.js"))
  const declarations = types ? wanted.filter((one) => scripts.includes(one) || stale("types", "index.d.ts")(one)) : []
  const names = [...new Set([...scripts, ...declarations])].map((one) => one.name)
  if (names.length === 0) return
  say(`building ${names.join(", ")}`)
  const started = Date.now()
  try {
    await eachWithin(scripts, async (one) => {
      await buildScripts(one)
      // tsup empties dist first, so declarations of an earlier build are gone with it.
      delete stamps[`${one.name} types`]
      remember(one, "scripts")
    })
    // Declarations are made against the built declarations of the packages before.
    for (const one of declarations) {
      await buildTypes(one)
      remember(one, "types")
    }
  } catch (error) {
    giveUp(`the build failed\n${error.message}`)
  }
  say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}
