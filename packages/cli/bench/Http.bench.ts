// How many requests a second does a server answer, against what a competent team writes with FastAPI and SQLAlchemy on
// the same PostgreSQL, and against a bare route of the same framework that has nothing behind it? 64 connections, the
// access log on, in turns; each server with the workers that suit it on two cores. And what processor time does a
// request take of the server and of the database, which hardly depends on what else the machine does?
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Inventory, LocationId, ProductId } from "@onhand/core"
import { PostgresStore } from "@onhand/postgres"
import { Effect, Layer, Redacted } from "effect"
import { start } from "../../../test/PostgresServer.ts"
import { startOnhand } from "../test/ServerProcess.ts"
import { processMicros } from "./ProcessTime.ts"

const CONNECTIONS = 64

/** One process makes the largest commits, and leaves the other core to the database. */
const OUR_WORKERS = process.env["BENCH_WORKERS"] ?? "1"

/** A transaction a request is the same in any process, so each core has one. */
const THEIR_WORKERS = "2"

/** How long each figure is measured, and how often; the medians are compared. What is asked first is compiled first. */
const WARM_SECONDS = Number(process.env["BENCH_WARM_SECONDS"] ?? 4)
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 5)
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3)
const PRODUCTS = 1_000
const STOCK = 100_000_000

const SHOP = LocationId.make("shop")
const ADMIN = { ONHAND_ADMIN_EMAIL: "admin@example.com", ONHAND_ADMIN_PASSWORD: "correct horse battery" }
const ENVIRONMENT = {
  ...ADMIN,
  ONHAND_SECRET: "a secret of the bench that is long enough for anybody",
  ONHAND_SAMPLE_SHOP: "false",
  ONHAND_USER_REQUESTS_PER_MINUTE: "1000000000",
  ONHAND_WORKERS: OUR_WORKERS
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** What is asked, of how many products, and how many times the peer's figure ours is to be. */
const questions = [
  { name: "selling one hot product", what: "sale", products: 1, goal: 15 },
  { name: "selling 1,000 products", what: "sale", products: PRODUCTS, goal: 8 },
  { name: "a product by its id", what: "product", products: PRODUCTS, goal: 8 },
  { name: "the first page with its total", what: "page", products: PRODUCTS, goal: 8 }
] as const

const missing = (): ReadonlyArray<string> => {
  const works = (command: string, ...args: ReadonlyArray<string>) => {
    try {
      execFileSync(command, args, { stdio: "ignore" })
      return true
    } catch (error) {
      // wrk knows no option that ends with 0; it is enough that it is there.
      return error instanceof Error && !("code" in error && error.code === "ENOENT") && command === "wrk"
    }
  }
  return [
    ...(works("wrk", "-v") ? [] : ["wrk"]),
    ...(works("/usr/bin/python3", "-c", "import fastapi, uvicorn, uvloop, httptools, sqlalchemy, asyncpg, ujson")
      ? []
      : ["FastAPI for Python (Debian: python3-{fastapi,uvicorn,uvloop,httptools,sqlalchemy,asyncpg,ujson})"])
  ]
}

const prepare = Effect.gen(function* () {
  const inventory = yield* Inventory
  yield* inventory.createLocation({ id: SHOP, name: "Shop" })
  const stocked = Effect.fnUntraced(function* (index: number) {
    const product = ProductId.make(`p-${index}`)
    const price = { amount: 999, currency: "USD" }
    const description = "lorem ipsum ".repeat(10)
    yield* inventory.createProduct({ id: product, sku: product, name: `Product ${index}`, description, price })
    yield* inventory.recordMovements({ lines: [{ kind: "opening", product, location: SHOP, quantity: STOCK }] })
  })
  const numbers = Array.from({ length: PRODUCTS }, (_, index) => index + 1)
  yield* Effect.forEach(numbers, stocked, { concurrency: "unbounded", discard: true })
})

/** A server to be asked. */
interface Target {
  readonly peer: "ours" | "fastapi" | "bare"
  readonly url: string
  readonly pid: number
  readonly token?: string
}

/** What was measured of a server, each a median over the rounds. */
interface Figures {
  /** Requests a second. */
  readonly rate: number
  /** The processor time of a request, in microseconds: of the server, and of the database. */
  readonly server: number
  readonly database: number
}

const signIn = async (url: string): Promise<string> => {
  const body = new URLSearchParams({ username: ADMIN.ONHAND_ADMIN_EMAIL, password: ADMIN.ONHAND_ADMIN_PASSWORD })
  const reply = await fetch(`${url}/api/v1/auth/login`, { method: "POST", body })
  return ((await reply.json()) as { readonly access_token: string }).access_token
}

const answers = async (url: string): Promise<string> => {
  for (let tries = 0; tries < 100; tries++) {
    const reply = await fetch(url).catch(() => undefined)
    if (reply?.ok) return url
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`Nobody answers at ${url}`)
}

const run = promisify(execFile)

/** One run; fails when any request was answered wrongly. */
const measure = async (target: Target, database: number, what: string, products: number, seconds: number) => {
  const { peer, url, token, pid } = target
  const script = ["-s", here("peers/requests.lua"), url, "--", peer, what, String(products), token ?? ""]
  const before = [processMicros(pid), processMicros(database)] as const
  const { stdout } = await run("wrk", ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--timeout", "30s", ...script])
  const wrong = /^wrong: .*$/m.exec(stdout) ?? /^.*(?:Non-2xx|Socket errors).*$/m.exec(stdout)
  if (wrong !== null) throw new Error(`${peer}: ${wrong[0]}`)
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    server: (processMicros(pid) - before[0]) / requests,
    database: (processMicros(database) - before[1]) / requests
  }
}

const median = (figures: ReadonlyArray<number>): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN

const medians = (runs: ReadonlyArray<Figures>): Figures => ({
  rate: median(runs.map(({ rate }) => rate)),
  server: median(runs.map(({ server }) => server)),
  database: median(runs.map(({ database }) => database))
})

const compare = async (targets: ReadonlyArray<Target>, database: number, question: (typeof questions)[number]) => {
  const { name, what, products, goal } = question
  const runs = new Map(targets.map(({ peer }) => [peer, [] as Array<Figures>]))
  for (const target of targets) await measure(target, database, what, products, WARM_SECONDS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) runs.get(target.peer)?.push(await measure(target, database, what, products, SECONDS))
  }
  const [ours, fastapi, bare] = (["ours", "fastapi", "bare"] as const).map((peer) => medians(runs.get(peer) ?? []))
  const figure = (value = Number.NaN) => Math.round(value).toLocaleString("en-US").padStart(9)
  const ratio = (a: Figures | undefined, b: Figures | undefined) =>
    ((a?.rate ?? Number.NaN) / (b?.rate ?? Number.NaN)).toFixed(2).padStart(9)
  const time = (one: Figures | undefined) => `${figure(one?.server)} +${figure(one?.database).trim()}`.padEnd(18)
  console.log(
    `${name.padEnd(30)}${figure(ours?.rate)}${figure(fastapi?.rate)}${figure(bare?.rate)}` +
      `${ratio(ours, fastapi)}  (${goal})`.padEnd(17) +
      `${ratio(ours, bare)}  ${time(ours)}${time(fastapi)}${figure(bare?.server)}`
  )
}

const children: Array<ChildProcess> = []
const spawned = (command: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) => {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] })
  children.push(child)
  return child
}

/** Ends a process and waits for it. */
const ended = (child: ChildProcess): Promise<unknown> => {
  const over = new Promise((resolve) => child.once("close", resolve))
  child.kill("SIGTERM")
  return child.exitCode === null ? over : Promise.resolve()
}

/** The process at the root of a PostgreSQL. */
const postmasterOf = (folder: string): number =>
  Number(readFileSync(join(folder, "data/postmaster.pid"), "utf8").split("\n", 1)[0])

const startBare = async (): Promise<Target> => {
  const child = spawned(process.execPath, ["--conditions=onhand-source", here("BareRoute.ts")], {})
  const chunk: Buffer = await new Promise((resolve) => child.stdout?.once("data", resolve))
  return { peer: "bare", url: chunk.toString().replace("ready: ", "").trim(), pid: child.pid ?? 0 }
}

const startFastApi = async (server: string): Promise<Target> => {
  const DSN = server.replace("postgres://", "postgresql+asyncpg://").replace("postgresql://", "postgresql+asyncpg://")
  execFileSync("/usr/bin/python3", [here("peers/fastapi_shop.py")], { env: { DSN } })
  const options = ["--workers", THEIR_WORKERS, "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
  const port = "18791"
  const args = ["-m", "uvicorn", "fastapi_shop:app", "--app-dir", here("peers"), "--port", port, ...options]
  const child = spawned("/usr/bin/python3", args, { DSN })
  await answers(`http://127.0.0.1:${port}/products/1`)
  return { peer: "fastapi", url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 }
}

const main = async () => {
  const database = await start()
  try {
    const live = Inventory.layer.pipe(Layer.provide(PostgresStore.layer({ url: Redacted.make(database.url) })))
    await Effect.runPromise(Effect.provide(prepare, live))
    const onhand = startOnhand(["serve", "--port", "0"], { ...ENVIRONMENT, DATABASE_URL: database.url })
    const url = await onhand.ready
    const targets: ReadonlyArray<Target> = [
      { peer: "ours", url, pid: onhand.pid, token: await signIn(url) },
      await startFastApi(database.url),
      await startBare()
    ]
    const postmaster = postmasterOf(database.folder)
    console.log("Requests a second; ours over FastAPI's (and what is aimed at), and over the bare route's;")
    console.log("and the processor time of a request in microseconds, of the server + the database")
    console.log(
      `${"".padEnd(30)}     ours  FastAPI     bare÷ FastAPI           ÷ bare       ours           FastAPI     bare`
    )
    try {
      for (const question of questions) await compare(targets, postmaster, question)
    } finally {
      onhand.kill("SIGTERM")
      await onhand.ended
    }
  } finally {
    await Promise.all(children.map(ended))
    await database.stop()
  }
}

const absent = missing()
if (absent.length > 0) console.log(`Not measured: this machine has no ${absent.join(" and no ")}.`)
else await main()
