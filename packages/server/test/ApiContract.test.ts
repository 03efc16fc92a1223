// The document, held to what the contract was to have: every resource, method, role and convention of Promised.ts.
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { defaultRoles, productSorts } from "@onhand/core"
import { document, documentedPaths } from "./DocumentedPaths.ts"
import { differently, keyless, type Promise, promises, shown, unconditional, type Who } from "./Promised.ts"
import { allows, operations } from "./security/Operations.ts"

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: { readonly type?: string; readonly format?: string; readonly enum?: ReadonlyArray<string> }
}

/** What a page may be asked for. */
const PAGE_SIZE: object = { type: "integer", minimum: 1, maximum: 100 }

interface JsonSchema {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
  readonly headers?: Readonly<Record<string, unknown>>
}

interface Operation {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<Parameter>
  readonly responses: Readonly<Record<string, Response>>
}

interface Documented extends Operation {
  /** Its method and path, without the names of parameters, which are nobody's promise. */
  readonly line: string
  readonly method: string
  readonly path: string
}

const withoutNames = (path: string): string => path.replace(/\{\w+\}/g, "{}")

const documented: ReadonlyArray<Documented> = documentedPaths<Operation>().flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...operation,
    line: withoutNames(`${method.toUpperCase()} ${path.replace("/api/v1", "")}`),
    method: method.toUpperCase(),
    path
  }))
)
const byId = new Map(documented.map((operation) => [operation.operationId, operation]))

const schemas = document.components.schemas as Readonly<Record<string, JsonSchema>>
const fieldsOf = ({ content }: Response, type: string): ReadonlyArray<string> => {
  const schema = content?.[type]?.schema
  const named = schema?.$ref === undefined ? schema : schemas[schema.$ref.replace("#/components/schemas/", "")]
  return Object.keys(named?.properties ?? {})
}

const parameter = ({ parameters = [] }: Operation, name: string): Parameter | undefined =>
  parameters.find((one) => one.name === name)

const takes = (operation: Operation, name: string): boolean => parameter(operation, name) !== undefined

const found = (operationId: string): Documented => {
  const operation = byId.get(operationId)
  if (operation === undefined) throw new Error(`${operationId} is not in the document`)
  return operation
}

/** Who may call an operation by the roles that a shop comes with. */
const whoMay = ({ method, path }: Documented): Who | "nobody" => {
  const operation = operations.find(({ name }) => name === `${method} ${path}`)
  if (operation === undefined) return "nobody"
  if (operation.requires === "anyone") return "anyone"
  const may = (role: string) => allows(defaultRoles[role] ?? [], operation)
  const [customer, partner, manager] = [may("customer"), may("retail_partner"), may("warehouse_manager")]
  if (customer && partner && manager) return "signed in"
  if (customer) return "customer"
  if (partner) return "partner"
  return manager ? "manager" : may("admin") ? "admin" : "nobody"
}

describe("the contract that was promised", () => {
  it.each(promises.map((promise: Promise) => [promise[0], promise] as const))("%s", (line, [, who, kept]) => {
    if (typeof kept === "string") {
      const operation = found(kept)
      assert.strictEqual(operation.line, withoutNames(line))
      assert.strictEqual(whoMay(operation), who)
      return
    }
    assert.isAtLeast(kept.because.length, 20, "why it is otherwise")
    if (kept.operation === undefined) {
      assert.notInclude(
        documented.map((operation) => operation.line),
        withoutNames(line)
      )
      return
    }
    // What says why it is otherwise is struck out once it is as promised.
    const operation = found(kept.operation)
    assert.strictEqual(whoMay(operation), kept.who)
    assert.isFalse(operation.line === withoutNames(line) && kept.who === who, "it is as promised")
  })

  it("is what the document has under these paths, and more", () => {
    const lines = new Set(promises.map(([line]) => line))
    assert.strictEqual(lines.size, promises.length, "a line is there twice")
    assert.isAtLeast(documented.length, promises.length)
  })
})

describe("by convention", () => {
  const writes = documented.filter(({ method }) => method !== "GET")
  const reads = documented.filter(({ method, path }) => method === "GET" && path.startsWith("/api/"))
  const json = (operation: Operation) => operation.responses["200"]?.content?.["application/json"]

  it("each status that was promised is answered by some operation, with a problem that names its request", () => {
    for (const status of ["400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429", "503"]) {
      assert.isTrue(
        documented.some(({ responses }) => status in responses),
        status
      )
    }
    for (const [name, { properties = {} }] of Object.entries(schemas)) {
      if (!name.endsWith("Problem")) continue
      assert.includeMembers(
        Object.keys(properties),
        ["type", "title", "status", "detail", "instance", "requestId"],
        name
      )
    }
  })

  it("every write takes an Idempotency-Key, or is told why it needs none; those of stock and money require it", () => {
    const without = writes.filter((operation) => !takes(operation, "idempotency-key"))
    const groups = without.map(({ operationId }) =>
      operationId in keyless ? operationId : (operationId.split(".")[0] ?? "")
    )
    assert.sameMembers([...new Set(groups)], Object.keys(keyless))
    const moving = ["stockMovements", "stockTransfers", "stockCounts", "claims", "lots", "batches"]
    for (const operation of writes) {
      const [group = ""] = operation.operationId.split(".")
      const required = parameter(operation, "idempotency-key")?.required === true
      const drafts = operation.operationId === "stockTransfers.setLines"
      if (moving.includes(group) && !drafts) assert.isTrue(required, operation.operationId)
      // A plan says of each draft by itself whether it was there before.
      if (!takes(operation, "idempotency-key") || operation.operationId === "replenishment.plan") continue
      const good = Object.entries(operation.responses).filter(([status]) => status === "200" || status === "201")
      for (const [, { headers = {} }] of good) assert.property(headers, "idempotency-replayed", operation.operationId)
    }
    for (const operationId of ["orders.place", "orders.ship", "orders.receiveReturn", "carts.checkout"]) {
      assert.isTrue(parameter(found(operationId), "idempotency-key")?.required, operationId)
    }
  })

  it("every PUT, PATCH and DELETE requires If-Match, or is told why it needs none", () => {
    const without = writes.filter(
      (operation) => operation.method !== "POST" && parameter(operation, "if-match")?.required !== true
    )
    assert.sameMembers(
      without.map(({ operationId }) => operationId),
      Object.keys(unconditional)
    )
  })

  it("every read of JSON has an ETag and answers 304, lists too", () => {
    for (const operation of reads.filter(json)) {
      assert.isTrue(takes(operation, "if-none-match"), operation.path)
      assert.property(operation.responses, "304", operation.path)
      assert.property(operation.responses["200"]?.headers ?? {}, "etag", operation.path)
    }
  })

  it("every list has cursor pages of 1 to 100, and those that people leaf through have numbers and a total", () => {
    const lists = reads.filter(({ responses }) =>
      fieldsOf(responses["200"] ?? {}, "application/json").includes("nextCursor")
    )
    assert.isAtLeast(lists.length, 30)
    for (const list of lists) {
      assert.isTrue(takes(list, "cursor"), list.path)
      assert.deepInclude(parameter(list, "limit")?.schema, PAGE_SIZE, list.path)
    }
    for (const operationId of ["products.list", "stockMovements.list"]) {
      const list = found(operationId)
      assert.isTrue(takes(list, "page") && takes(list, "page_size"), operationId)
      assert.include(fieldsOf(list.responses["200"] ?? {}, "application/json"), "total")
    }
  })

  it("products are searched, and sorted by a closed list", () => {
    const list = found("products.list")
    assert.isTrue(takes(list, "search"))
    assert.deepStrictEqual(parameter(list, "sort_by")?.schema.enum, [...productSorts])
    const promised = ["name_asc", "name_desc", "stock_asc", "stock_desc", "created_asc", "created_desc"]
    assert.includeMembers([...productSorts], promised)
  })

  it("stock is read as of a time and as it was known at one", () => {
    for (const name of ["as_of", "known_at"]) {
      assert.deepInclude(parameter(found("stock.levels"), name)?.schema, { type: "string", format: "date-time" })
    }
  })

  it("money is a decimal text with its currency", () => {
    assert.deepStrictEqual(Object.keys(schemas["MoneyAmount"]?.properties ?? {}), ["amount", "currency"])
  })

  it("every reply tells the request's id and the quota, and a refusal when to come back", () => {
    for (const { responses, operationId } of documented) {
      for (const [status, { headers = {} }] of Object.entries(responses)) {
        const named = Object.keys(headers)
        if (status.startsWith("2")) assert.includeMembers(named, ["x-request-id", "ratelimit-policy", "ratelimit"])
        if (status === "401") assert.include(named, "www-authenticate", operationId)
        if (status === "429" || status === "503") assert.include(named, "retry-after", operationId)
      }
    }
  })

  it("the kinds of movements have the names that were promised", () => {
    const promised = ["purchase", "sale", "adjustment", "damaged", "return", "transfer_in", "transfer_out"]
    assert.includeMembers([...(parameter(found("stockMovements.list"), "kind")?.schema.enum ?? [])], promised)
  })

  it("every report is JSON and CSV, by day, week or month", () => {
    const reports = documented.filter(({ operationId }) => operationId.startsWith("reports."))
    assert.isAtLeast(reports.length, 10)
    for (const report of reports) {
      const types = Object.keys(report.responses["200"]?.content ?? {})
      assert.sameMembers(types, ["application/json", "text/csv"], report.path)
      assert.deepStrictEqual(parameter(report, "format")?.schema.enum, ["json", "csv"])
    }
    assert.deepStrictEqual(parameter(found("reports.sales"), "every")?.schema.enum, ["day", "week", "month"])
  })

  it("streams go on from what was seen", () => {
    assert.isTrue(takes(found("events.stream"), "last-event-id"))
    assert.property(found("events.stream").responses["200"]?.content ?? {}, "text/event-stream")
    assert.isTrue(takes(found("events.socket"), "after"))
  })

  it.each(shown)("%s: %s", (_, file, title) => {
    const url = new URL(`../../${file}.test.ts`, import.meta.url)
    assert.include(readFileSync(fileURLToPath(url), "utf8"), title)
  })

  it("what is kept in another way says why", () => {
    for (const reason of Object.values({ ...differently, ...keyless, ...unconditional })) {
      assert.isAtLeast(reason.length, 20)
      const [, decision] = /decisions\/([\w-]+\.md)/.exec(reason) ?? []
      const folder = new URL("../../../docs/internals/decisions/", import.meta.url)
      if (decision !== undefined) assert.isTrue(existsSync(new URL(decision, folder)), decision)
    }
  })
})
