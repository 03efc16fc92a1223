// Brings node_modules up to package-lock.json and moves the running command onto the Node.js that
// is installed there. Everything here runs on Node.js 20 with nothing installed yet.
import { spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync, realpathSync } from "node:fs"
import { giveUp, root, say } from "./Root.mjs"

/** Effect's Node.js platform needs at least this; the workspace installs a newer one for itself. */
const OLDEST_NODE = [22, 19]

const nodeFolder = `${root}/node_modules/node`
const workspaceNode = `${nodeFolder}/bin/${process.platform === "win32" ? "node.exe" : "node"}`

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"))

/**
 * The first difference between what `package-lock.json` asks for and what npm says it installed, as
 * a sentence, or undefined when there is none. Both are the text npm wrote: `installed` is the
 * `node_modules/.package-lock.json` it leaves behind, which lacks the packages of other platforms.
 */
export function installDifference(wanted, installed) {
  if (installed === undefined) return "nothing is installed yet"
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.startsWith("node_modules/")) continue
    const there = installed.packages[path]
    if (there === undefined) {
      if (entry.optional === true) continue
      return `${path} is missing`
    }
    if (there.version !== entry.version || there.integrity !== entry.integrity || there.link !== entry.link) {
      return `${path} is not at the locked version`
    }
  }
  return undefined
}

/**
 * Installs when the installed packages are missing or not those of the lock file. Not with `npm ci`, which
 * refuses a lock file that lacks optional packages of other platforms, as one made on a single platform
 * may; `npm install --no-save` installs the same locked versions and leaves the lock file alone.
 */
export function install() {
  const hiddenLock = `${root}/node_modules/.package-lock.json`
  const wanted = readJson(`${root}/package-lock.json`)
  const reason = installDifference(wanted, existsSync(hiddenLock) ? readJson(hiddenLock) : undefined)
  if (reason === undefined) return
  say(`installing dependencies with npm install (${reason})`)
  const started = Date.now()
  const npm = process.env.npm_execpath
  const options = { cwd: root, stdio: ["ignore", 2, 2] }
  // A newer engine than the system's is wanted by many packages; the workspace brings it along.
  const flags = ["install", "--no-save", "--no-audit", "--no-fund", "--engine-strict=false", "--loglevel=error"]
  const result =
    npm?.endsWith(".js") === true
      ? spawnSync(process.execPath, [npm, ...flags], options)
      : spawnSync("npm", flags, { ...options, shell: process.platform === "win32" })
  if (result.status !== 0) giveUp("npm install failed; its output above says why")
  say(`dependencies installed in ${((Date.now() - started) / 1000).toFixed(0)} s`)
}

const atLeast = (version, [major, minor]) => {
  const [haveMajor = 0, haveMinor = 0] = version.replace(/^v/, "").split(".").map(Number)
  return haveMajor > major || (haveMajor === major && haveMinor >= minor)
}

const samePlace = (a, b) => existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b)

function refuseMissingNode(wanted) {
  giveUp(
    `this needs Node.js ${OLDEST_NODE.join(".")} or newer and runs on ${process.version}; the workspace's own ` +
      `Node.js ${wanted} is missing or does not run here (${workspaceNode}). The install script of the npm ` +
      `package "node" puts it there, so npm was probably told to ignore install scripts. Either run\n` +
      `  npm rebuild node --ignore-scripts=false\n` +
      `or install Node.js 24 from https://nodejs.org and try again`
  )
}

/**
 * Continues only on the Node.js the workspace installed. On any other one it runs the same command
 * again on that and ends with its exit code. When the package's binary is missing, the running
 * Node.js serves if it is new enough.
 */
export async function onWorkspaceNode() {
  if (samePlace(process.execPath, workspaceNode)) return
  const wanted = existsSync(`${nodeFolder}/package.json`) ? readJson(`${nodeFolder}/package.json`).version : "24"
  const answer = spawnSync(workspaceNode, ["--version"], { encoding: "utf8" })
  if (answer.status !== 0 || answer.stdout.trim() !== `v${wanted}`) {
    if (atLeast(process.version, OLDEST_NODE)) return
    refuseMissingNode(wanted)
  }
  process.exit(await runAttached(workspaceNode, process.argv.slice(1)))
}

/**
 * Runs a program in the foreground: it shares our terminal and gets our signals. Resolves to the exit
 * code a shell would show, 128 + n after signal n.
 */
export function runAttached(program, args, options = {}) {
  const child = spawn(program, args, { stdio: "inherit", ...options })
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the whole group, so the child has it already.
    if (signal === "SIGINT" && process.stdin.isTTY) return
    child.kill(signal)
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, forward)
  return new Promise((resolve) => {
    child.on("error", (error) => giveUp(`cannot run ${program}: ${error.message}`))
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signalNumbers[signal] ?? 0)))
  })
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 }
