import { assert, describe, it } from "@effect/vitest"
import { UnknownProduct } from "@onhand/core"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  InsufficientStock,
  OnhandApi,
  type Problem,
  problems,
  problemType,
  Requires,
  Unavailable
} from "../src/index.ts"

const endpoints = () => {
  const found: Array<{ name: string; method: string; path: string; requires: string | undefined; headers: string }> = []
  HttpApi.reflect(OnhandApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, mergedAnnotations }) => {
      found.push({
        name: `${group.identifier}.${endpoint.identifier}`,
        method: endpoint.method,
        path: endpoint.path,
        requires: mergedAnnotations.mapUnsafe.get(Requires.key) as string | undefined,
        headers: endpoint.headers === undefined ? "" : JSON.stringify(Schema.toJsonSchemaDocument(endpoint.headers))
      })
    }
  })
  return found
}

describe("the table of problems", () => {
  it("gives every refusal a type of its own and an error status, the one its body tells", () => {
    const tags = Object.keys(problems)
    assert.strictEqual(new Set(tags.map(problemType)).size, tags.length)
    const All = HttpApi.make("all").add(
      HttpApiGroup.make("all").add(HttpApiEndpoint.get("all", "/", { error: Object.values(problems) }))
    )
    const { paths, components } = OpenApi.fromApi(All)
    const seen: Array<string> = []
    for (const [status, response] of Object.entries(paths["/"]?.get?.responses ?? {})) {
      const references = JSON.stringify(response).matchAll(/schemas\/(\w+)Problem"/g)
      for (const [, tag = ""] of references) {
        seen.push(tag)
        assert.isTrue(Number(status) >= 400 && Number(status) < 600, tag)
        assert.include(JSON.stringify(components.schemas[`${tag}Problem`]), `"enum":[${status}]`, tag)
      }
    }
    assert.sameMembers(seen, tags)
  })

  it("writes a refusal as a problem, and reads the same refusal from it", () => {
    const refusal = new UnknownProduct({ product: "p-1" as never })
    const wire = Schema.encodeSync(problems.UnknownProduct)(refusal)
    assert.deepStrictEqual({ ...wire } as Problem & { product: string }, {
      type: "https://onhand.dev/problems/unknown-product",
      title: "There is no such product",
      status: 404,
      detail: "There is no product p-1; an id that a product was created with is accepted",
      product: "p-1"
    })
    const sent = { ...wire, instance: "/api/v1/products/p-1", requestId: "r-1" }
    const read = Schema.decodeSync(problems.UnknownProduct)(sent)
    assert.instanceOf(read, UnknownProduct)
    assert.strictEqual(read.product, "p-1")
  })

  it("carries a shortage with its numbers", () => {
    const line = {
      product: "p" as never,
      location: "l" as never,
      lot: "",
      wanted: 1.5,
      available: 0.25,
      nextIncoming: null
    }
    const wire = Schema.encodeSync(problems.InsufficientStock)(new InsufficientStock({ lines: [line] }))
    const read = Schema.decodeUnknownSync(problems.InsufficientStock)(JSON.parse(JSON.stringify(wire)))
    assert.deepStrictEqual(read.lines, [line])
  })

  it("tells nothing but what the problem's fields are", () => {
    const wire = Schema.encodeSync(problems.Unavailable)(new Unavailable({ retryAfterMillis: 1_000 }))
    assert.sameMembers(Object.keys(wire), ["type", "title", "status", "detail", "retryAfterMillis"])
  })
})

describe("the endpoints", () => {
  it("each say who may call them", () => {
    assert.deepStrictEqual(
      endpoints().filter(({ requires }) => requires === undefined),
      []
    )
  })

  it("that change stock take an idempotency key", () => {
    const names = ["stockMovements.record", "stockTransfers.dispatch", "carts.checkout", "products.import"]
    for (const { name, headers } of endpoints().filter(({ name }) => names.includes(name))) {
      assert.include(headers, "idempotency-key", name)
    }
  })

  it("that change a catalogue entry take the version that was seen", () => {
    for (const { name, method, path, headers } of endpoints()) {
      const isEntry = path.endsWith("/:id") && method !== "GET"
      assert.strictEqual(headers.includes("if-match"), isEntry, name)
    }
  })
})
