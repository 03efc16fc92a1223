// The guide's commands, pasted as a reader would paste them: all in one shell, against a server on a port.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { layerLocal } from "@onhand/auth"
import { Inventory, layerMemory } from "@onhand/core"
import { Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { AccessLog, ensureAdmin, serve } from "../src/index.ts"
import { ADMIN, tokenSettings } from "./TestServer.ts"

const guide = readFileSync(new URL("../../../docs/guides/http.md", import.meta.url), "utf8")

/** The commands of the guide but the first block, which says where the server is. */
const [, ...blocks] = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, commands = ""]) => commands)

const Server = serve({ port: 0 }).pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      Inventory.layer.pipe(Layer.provide(layerMemory)),
      layerLocal(tokenSettings).pipe(Layer.orDie),
      Layer.succeed(AccessLog, () => {})
    )
  )
)

/** What each block printed. */
const paste = (onhand: string) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const script = blocks
      .map((commands) => `${commands.replace("--max-time 5", "--max-time 0.2")}\nprintf '\\f'`)
      .join("\n")
    const shell = spawn("bash", ["-e", "-u", "-o", "pipefail", "-c", script], {
      env: { ...process.env, ONHAND: onhand, EMAIL: ADMIN.email, PASSWORD: ADMIN.password },
      stdio: ["ignore", "pipe", "inherit"]
    })
    let printed = ""
    shell.stdout.on("data", (chunk) => {
      printed += chunk
    })
    shell.on("close", (code) =>
      resume(
        code === 0
          ? Effect.succeed(printed.split("\f"))
          : Effect.die(new Error(`The shell ended with ${code}: ${printed}`))
      )
    )
    return Effect.sync(() => shell.kill())
  })

const expected: ReadonlyArray<ReadonlyArray<string | RegExp>> = [
  ['"roles":["admin"]'],
  ['"id":"corner"', '"sku":"MUG-BLUE"'],
  ['"onHand":5,"available":5'],
  ['"onHand":5', '"nextCursor":null'],
  ['"roles":["customer"]', '"quantity":2', '"total":{"amount":"19.00","currency":"USD"}'],
  [/^HTTP\/1\.1 201 /m, /^idempotency-replayed: true/im, '"total":{"amount":"19.00","currency":"USD"}'],
  ['"status":"completed"', '"change":-2', '"onHand":3,"available":3'],
  ["insufficient-stock", '"wanted":4,"available":3'],
  ['"amount":"8.90"', '"version":2'],
  ['"onHand":7,"available":6', '"change":4', '"status":201', "batch-refused", '"index":1', '"available":10'],
  ['"created":2,"updated":0,"unchanged":0,"refused":0'],
  ['"sold":2,"returned":0,"unpriced":0,"currency":"USD","revenue":"19.00"', "product,sku,name,category,", "MUG-BLUE"],
  [/^id: /m]
]

describe("the guide to HTTP", () => {
  it.live("does what it says, command by command", () =>
    Effect.gen(function* () {
      yield* ensureAdmin({ email: ADMIN.email, password: Redacted.make(ADMIN.password) })
      const { address } = yield* HttpServer.HttpServer
      const printed = yield* paste(`http://127.0.0.1:${(address as { readonly port: number }).port}`)
      assert.strictEqual(printed.length, expected.length + 1)
      for (const [index, texts] of expected.entries()) {
        const output = printed[index] ?? ""
        for (const text of texts) {
          if (text instanceof RegExp) assert.match(output, text)
          else assert.include(output, text)
        }
      }
    }).pipe(Effect.provide(Server))
  )
})
