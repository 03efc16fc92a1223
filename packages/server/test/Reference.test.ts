// The reference's examples, asked of a real server: what it shows is what was answered.
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Example } from "../../api/test/ReferencePages.ts"
import { undocumented } from "./Contract.ts"
import { placeOf, tellStory } from "./StoryTelling.ts"
import { startServer, type TestServer } from "./TestServer.ts"

const file = fileURLToPath(new URL("../../../docs/reference/examples.json", import.meta.url))

/** Ids, times and secrets as they are every time that the story is told. */
const steady = () => {
  const ids = new Map<string, string>()
  const idOf = (id: string) => {
    const known = ids.get(id) ?? `01990000-0000-7000-8000-${String(ids.size + 1).padStart(12, "0")}`
    ids.set(id, known)
    return known
  }
  return <A>(value: A): A =>
    JSON.parse(
      JSON.stringify(value)
        .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, idOf)
        // A movement's own place in the ledger follows from all that was told before.
        .replace(/(?<=["/])\d-\d+-\d+(?=["/])/g, "0-12-1")
        .replace(/onhand_[A-Za-z0-9]{12}/g, "onhand_Example12345")
        .replace(/"((?:access|refresh)_token|key|secret|nextCursor)":"[^"]+"/g, (_, name) => `"${name}":"…"`)
        .replace(/(?!2026-0[123])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "2026-03-02T09:30:00.000Z")
    )
}

let server: TestServer
let told: ReadonlyArray<Example>

/** Tells the story once, and what was answered to each request. */
const tell = async (): Promise<ReadonlyArray<Example>> => {
  const steadily = steady()
  const shown: Array<Example> = []
  await tellStory(server, async ({ example, method, path, query, params, ask }) => {
    const reply = await server.ask(method, placeOf(path, query), ask)
    if (example.unseen === true) assert.isBelow(reply.status, 300, JSON.stringify(reply.body))
    else {
      const { operation, by = "admin" } = example
      const said = { params, query, headers: ask.headers, body: ask.body ?? null, status: reply.status }
      shown.push(steadily({ operation, by, method, path, ...said, reply: reply.body }))
    }
    return reply
  })
  return shown
}

beforeAll(async () => {
  server = await startServer()
  told = await tell()
  if (process.env["UPDATE_OPENAPI"] === "1") writeFileSync(file, `${JSON.stringify(told, null, 2)}\n`)
})
afterAll(() => server.stop())

describe("the reference's examples", () => {
  const known = (): ReadonlyArray<Example> => JSON.parse(readFileSync(file, "utf8"))

  it("are answered as they are shown; UPDATE_OPENAPI=1 writes them", () => {
    const brief = (examples: ReadonlyArray<Example>) =>
      examples.map(({ operation, by, method, path, query, body, status }) =>
        JSON.stringify([operation, by, method, path, query, body, status])
      )
    assert.deepStrictEqual(brief(known()), brief(told))
  })

  it("show replies that the contract still knows", () => {
    for (const { method, path, status, reply } of known()) {
      assert.isUndefined(undocumented(method, path, { status, body: reply }))
    }
  })

  it("begin with one that is answered well, for each endpoint that has any", () => {
    const first = new Map(
      known()
        .toReversed()
        .map((example) => [example.operation, example.status])
    )
    for (const [operation, status] of first) {
      assert.isBelow(status, 300, operation)
    }
  })
})
