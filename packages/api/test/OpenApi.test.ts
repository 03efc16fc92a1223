import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { createConfig, lintFromString } from "@redocly/openapi-core"
import { OpenApi } from "effect/http-api"
import { OnhandApi } from "../src/index.ts"
import { type Example, referencePages } from "./ReferencePages.ts"

const reference = fileURLToPath(new URL("../../../docs/reference/", import.meta.url))
const file = fileURLToPath(new URL("../../../docs/reference/openapi.json", import.meta.url))
const document = JSON.parse(JSON.stringify(OpenApi.fromApi(OnhandApi)))

const spectral = fileURLToPath(new URL("./SpectralRun.ts", import.meta.url))

/** What Spectral finds in a document. */
const lintBySpectral = (source: object): ReadonlyArray<string> => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [spectral], {
    input: JSON.stringify(source),
    encoding: "utf8"
  })
  assert.strictEqual(status, 0, stderr)
  return JSON.parse(stdout)
}

interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly description?: string
  readonly security?: ReadonlyArray<unknown>
  readonly "x-requires"?: string | ReadonlyArray<string>
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}

const operations: ReadonlyArray<readonly [string, Operation]> = Object.entries(
  document.paths as Record<string, Record<string, Operation>>
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const)
)

describe("the OpenAPI document", () => {
  it("is the one that is checked in; UPDATE_OPENAPI=1 writes it", () => {
    const text = `${JSON.stringify(document, null, 2)}\n`
    if (process.env["UPDATE_OPENAPI"] === "1") writeFileSync(file, text)
    assert.isTrue(readFileSync(file, "utf8") === text, "docs/reference/openapi.json is not what the contract says")
  })

  it("is told page by page, with examples; UPDATE_OPENAPI=1 writes the pages", () => {
    const examples: ReadonlyArray<Example> = JSON.parse(readFileSync(`${reference}examples.json`, "utf8"))
    const pages = referencePages(document, examples)
    if (process.env["UPDATE_OPENAPI"] === "1") {
      rmSync(`${reference}http`, { recursive: true, force: true })
      mkdirSync(`${reference}http`)
      for (const [name, text] of pages) writeFileSync(`${reference}http/${name}`, text)
    }
    assert.deepStrictEqual(readdirSync(`${reference}http`).toSorted(), [...pages.keys()].toSorted())
    for (const [name, text] of pages) {
      const isSame = readFileSync(`${reference}http/${name}`, "utf8") === text
      assert.isTrue(isSame, `docs/reference/http/${name} is not what the contract and its examples say`)
    }
  })

  it("breaks no recommended rule of the linter that its readers use", async () => {
    const config = await createConfig({ extends: ["recommended"] })
    const found = await lintFromString({ source: JSON.stringify(document), absoluteRef: "openapi.json", config })
    const told = found.map(({ ruleId, message, location: [at] }) => `${ruleId}: ${message} ${at?.pointer ?? ""}`)
    // A WebSocket begins with 101, which the linter does not know as a success.
    const socket = "operation-2xx-response: Operation must have at least one `2XX` response."
    assert.deepStrictEqual(told, [`${socket} #/paths/~1api~1v1~1ws/get/responses`])
    // That it finds anything at all.
    const { operationId } = document.paths["/health/live"].get
    const twice = JSON.stringify(document).replace('"health.ready"', JSON.stringify(operationId))
    assert.isNotEmpty(await lintFromString({ source: twice, absoluteRef: "openapi.json", config }))
  })

  it("breaks no recommended rule of Spectral, the other linter", { timeout: 60_000 }, () => {
    // It does not know the 101 of a WebSocket as a success either.
    const found = lintBySpectral(document)
    assert.deepStrictEqual(found, ["operation-success-response: paths /api/v1/ws get responses"])
    // That it finds anything at all.
    const untold = { get: { responses: { 200: { description: "" } } } }
    assert.isNotEmpty(lintBySpectral({ openapi: "3.1.0", info: document.info, paths: { "/one": untold } }))
  })

  it("names every operation once and says what it does and who may call it", () => {
    assert.strictEqual(new Set(operations.map(([, { operationId }]) => operationId)).size, operations.length)
    for (const [place, operation] of operations) {
      assert.isString(operation.summary, place)
      assert.isString(operation.description, place)
      assert.isNotEmpty(operation["x-requires"] ?? "", place)
    }
  })

  it("answers every error as a problem", () => {
    for (const [place, { responses }] of operations) {
      for (const [status, { content }] of Object.entries(responses)) {
        if (Number(status) < 400) continue
        assert.deepStrictEqual(Object.keys(content ?? {}), ["application/problem+json"], `${place} ${status}`)
      }
    }
  })

  it("documents 401 and 403 wherever somebody must be signed in, and nowhere else", () => {
    for (const [place, { responses, security, ...operation }] of operations) {
      const open = operation["x-requires"] === "anyone"
      assert.strictEqual((security ?? []).length === 0, open, place)
      if (!open) assert.containsAllKeys(responses, ["401", "403"], place)
    }
  })

  it("resolves every reference", () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)
    for (const [, name = ""] of references) assert.property(document.components.schemas, name)
  })
})
