// The reference pages of the HTTP API, one for each resource, from the OpenAPI document and recorded examples.
import { HttpApi } from "effect/http-api"
import { OnhandApi } from "../src/index.ts"

/** A request as it was asked and answered; the server's tests record them. */
export interface Example {
  readonly operation: string
  readonly by: string
  readonly method: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly status: number
  readonly reply: unknown
}

interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly title?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly items?: JsonSchema
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: JsonSchema
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: ReadonlyArray<string>
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}

export interface Document {
  readonly tags: ReadonlyArray<{ readonly name: string; readonly description?: string }>
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

interface Place {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

/** What any endpoint may answer; the index says it once. */
const EVERYWHERE = new Set([
  "InvalidRequest",
  "Unauthorized",
  "Forbidden",
  "PayloadTooLarge",
  "UriTooLong",
  "UnsupportedMediaType",
  "TooManyRequests",
  "InternalError",
  "Unavailable",
  "OutcomeUnknown",
  "IdempotencyConflict"
])

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .replaceAll(/\s+/g, "-")
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ")

/** A schema without what it is wrapped in. */
const bare = (schema: JsonSchema, document: Document): JsonSchema => {
  const name = schema.$ref?.split("/").at(-1)
  return name === undefined ? schema : bare(document.components.schemas[name] ?? {}, document)
}

const typeText = (schema: JsonSchema, document: Document): string => {
  const { type, enum: values, anyOf, items, properties } = bare(schema, document)
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(", ")
  if (anyOf !== undefined) return [...new Set(anyOf.map((one) => typeText(one, document)))].join(" or ")
  if (type === "array") return `list of ${items === undefined ? "values" : typeText(items, document)}`
  if (properties !== undefined || type === "object") return "object"
  return typeof type === "string" ? type : "value"
}

const descriptionOf = (schema: JsonSchema, document: Document): string =>
  schema.description ??
  schema.allOf?.find(({ description }) => description !== undefined)?.description ??
  bare(schema, document).description ??
  ""

interface Field {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly description: string
}

const KNOWN_OBJECTS = new Set(["price", "unitCost", "unit", "source", "metadata"])

/** The fields of an object and of the objects in its lists; of alternatives, those of each. */
const fieldsOf = (schema: JsonSchema, document: Document, prefix = ""): ReadonlyArray<Field> => {
  const { properties = {}, required = [], anyOf = [] } = bare(schema, document)
  const alternatives = anyOf.flatMap((one) => fieldsOf(one, document, prefix))
  const own = Object.entries(properties).flatMap(([name, property]): ReadonlyArray<Field> => {
    const field = { name: `${prefix}${name}`, type: typeText(property, document), required: required.includes(name) }
    const inner = bare(property, document)
    const items = inner.type === "array" ? inner.items : KNOWN_OBJECTS.has(name) ? undefined : property
    const nested =
      items === undefined ? [] : fieldsOf(items, document, `${prefix}${name}${inner.type === "array" ? "[]" : ""}.`)
    return [{ ...field, description: descriptionOf(property, document) }, ...nested]
  })
  return [...new Map([...alternatives, ...own].map((field) => [field.name, field])).values()]
}

const table = (titles: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [titles, titles.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n")

const fieldTable = (title: string, fields: ReadonlyArray<Field>): string =>
  table(
    [title, "is", ""],
    fields.map(({ name, type, required, description }) => [
      `\`${name}\`${required ? "" : " (optional)"}`,
      type,
      description
    ])
  )

const headerText: Readonly<Record<string, string>> = {
  "idempotency-key": "Takes an `Idempotency-Key`",
  "if-match": "Takes the version that was seen as `If-Match`",
  "if-none-match": "Takes `If-None-Match`"
}

/** Which of the conventions' headers it takes. */
const headersText = ({ parameters = [] }: Operation): string => {
  const said = parameters
    .filter((parameter) => parameter.in === "header" && headerText[parameter.name] !== undefined)
    .map(({ name, required }) => `${headerText[name]}${required === true ? ", required" : ""}.`)
  return said.join(" ")
}

/** What the document does not say of parameters that are numbers, because a number comes as a text. */
const numbers: Readonly<Record<string, string>> = {
  limit: "The most items of a page, 1 to 100; 20 if left out",
  page: "The number of a page, from 1; the reply has the total then. Not together with cursor or limit",
  page_size: "The items of a numbered page, 1 to 100",
  horizon: "How many periods ahead: 28 days, 8 weeks or 6 months if left out"
}

const parametersText = ({ parameters = [] }: Operation, document: Document): string => {
  const shown = parameters.filter((parameter) => parameter.in === "path" || parameter.in === "query")
  const fields = shown.map(({ name, required = false, schema = {} }) => ({
    name,
    type: numbers[name] === undefined ? typeText(schema, document) : "number",
    required,
    description: numbers[name] ?? descriptionOf(schema, document)
  }))
  return fields.length === 0 ? "" : fieldTable("parameter", fields)
}

const bodyText = ({ requestBody }: Operation, document: Document): string => {
  const [type, { schema }] = Object.entries(requestBody?.content ?? {})[0] ?? ["", {}]
  if (schema === undefined) return ""
  const fields = fieldsOf(schema, document)
  return fields.length === 0 ? `The body is \`${type}\`.` : fieldTable("field", fields)
}

const refusalsText = ({ responses }: Operation, document: Document): string => {
  const rows = Object.entries(responses).flatMap(([status, { content = {} }]) => {
    const schema = content["application/problem+json"]?.schema
    const names = (schema?.anyOf ?? [schema ?? {}]).map(({ $ref = "" }) => $ref.split("/").at(-1) ?? "")
    return names
      .filter((name) => name !== "" && !EVERYWHERE.has(name.replace(/Problem$/, "")))
      .map((name) => {
        const tag = name.replace(/Problem$/, "")
        const type = tag.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
        return [status, `\`${type}\``, document.components.schemas[name]?.title ?? ""]
      })
  })
  return rows.length === 0 ? "" : table(["refused", "type", "because"], rows)
}

const shellText = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** A request as a reader would paste it. */
const curl = ({ by, method, path, query, headers, body }: Example): string => {
  const search = Object.keys(query).length === 0 ? "" : `?${new URLSearchParams(query)}`
  const token = by === "nobody" ? "" : ` -H "Authorization: Bearer ${by === "ann" ? "$ANN" : "$TOKEN"}"`
  const text = typeof body === "string" ? body : body === null ? undefined : JSON.stringify(body)
  return [
    `curl -s${method === "GET" ? "" : ` -X ${method}`} "$ONHAND${path}${search}"${token}`,
    ...(headers["idempotency-key"] === undefined ? [] : ['-H "Idempotency-Key: $(uuidgen)"']),
    ...(headers["if-match"] === undefined ? [] : ["-H 'If-Match: *'"]),
    ...(text === undefined ? [] : [`-H "Content-Type: ${headers["content-type"] ?? "application/json"}"`]),
    ...(text === undefined ? [] : [`${typeof body === "string" ? "--data-binary" : "-d"} ${shellText(text)}`])
  ].join(" \\\n  ")
}

const MOST_REPLY_LINES = 60

const flatJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(flatJson).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const parts = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${flatJson(item)}`)
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`
}

/** A reply as JSON: short objects on one line, and of a long one the beginning. */
const pretty = (value: unknown, indent = ""): string => {
  const flat = flatJson(value)
  if (typeof value !== "object" || value === null || flat.length + indent.length <= 100) return flat
  const inner = `${indent}  `
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"]
  const parts = Array.isArray(value)
    ? value.map((item) => pretty(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pretty(item, inner)}`)
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`
}

const replyText = ({ status, reply }: Example): string => {
  if (reply === "") return `Answered with ${status}.`
  const text = typeof reply === "string" ? reply.replaceAll("\r\n", "\n").trimEnd() : pretty(reply)
  const lines = text.split("\n")
  const shown = lines.length > MOST_REPLY_LINES ? [...lines.slice(0, MOST_REPLY_LINES), "…"] : lines
  return `Answered with ${status}:\n\n\`\`\`${typeof reply === "string" ? "csv" : "json"}\n${shown.join("\n")}\n\`\`\``
}

const exampleText = (example: Example): string => `\`\`\`sh\n${curl(example)}\n\`\`\`\n\n${replyText(example)}`

const operationText = ({ method, path, operation }: Place, examples: ReadonlyArray<Example>, document: Document) =>
  [
    `## ${operation.summary}`,
    `\`${method.toUpperCase()} ${path}\``,
    operation.description,
    headersText(operation),
    parametersText(operation, document),
    bodyText(operation, document),
    refusalsText(operation, document),
    ...examples.map(exampleText)
  ].filter((part) => part !== "")

/** The brands of the ids that a typed client takes, by the name of the field. */
const BRANDS: Readonly<Record<string, string>> = {
  product: "ProductId",
  location: "LocationId",
  origin: "LocationId",
  destination: "LocationId",
  vendor: "VendorId",
  claims: "ClaimId",
  claim: "ClaimId",
  locations: "LocationId",
  session: "SessionId"
}

/** The brand of the id in the path, by the group of the operation. */
const PATH_BRANDS: Readonly<Record<string, string>> = {
  products: "ProductId",
  locations: "LocationId",
  stockTransfers: "TransferId",
  stockCounts: "CountId",
  vendors: "VendorId",
  purchaseOrders: "PurchaseOrderId",
  orders: "OrderId",
  users: "UserId",
  apiKeys: "ApiKeyId",
  notifications: "NotificationId",
  webhooks: "WebhookId"
}

const IDS: ReadonlySet<string> = new Set(Object.values({ ...BRANDS, ...PATH_BRANDS }))

/** A value as TypeScript for the typed client, with the brands and the values that its schemas decode to. */
const typescript = (value: unknown, key: string, group: string, indent = ""): string => {
  if (typeof value === "string" && IDS.has(key)) return `${key}.make(${JSON.stringify(value)})`
  if (key === "as_of") return `DateTime.makeUnsafe(${JSON.stringify(value)})`
  if (typeof value !== "object" || value === null) {
    return ["limit", "horizon", "shipment"].includes(key) ? String(value) : JSON.stringify(value)
  }
  const inner = `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((item) => typescript(item, key, group, inner))
    : Object.entries(value).map(([name, item]) => {
        const brand = name === "id" && key !== "source" ? PATH_BRANDS[group] : BRANDS[name]
        const field = /^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name)
        return `${field}: ${typescript(item, brand ?? name, group, inner)}`
      })
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"]
  const space = Array.isArray(value) || parts.length === 0 ? "" : " "
  const flat = `${open}${space}${parts.join(", ")}${space}${close}`
  if (flat.length + indent.length <= 90 && !flat.includes("\n")) return flat
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`
}

/** The methods of the client that take headers. Those of caching are for whoever speaks HTTP by himself. */
const takingHeaders = (): ReadonlySet<string> => {
  const found = new Set<string>()
  HttpApi.reflect(OnhandApi, {
    onGroup: () => {},
    onEndpoint: ({ group, endpoint }) => {
      if (endpoint.headers !== undefined) found.add(`${group.identifier}.${endpoint.identifier}`)
    }
  })
  return found
}
const withHeaders = takingHeaders()

/** What one of the client's methods is called with. */
const call = ({ operation, params, query, headers, body }: Example, place: Operation): string => {
  const [group = "", method = ""] = operation.split(".")
  const takes = (where: string) => place.parameters?.some((parameter) => parameter.in === where) === true
  const { "if-match": ifMatch, "content-type": type } = headers
  const isForm = type === "application/x-www-form-urlencoded"
  const parts = {
    ...(Object.keys(params).length === 0 ? {} : { params }),
    ...(takes("query") ? { query } : {}),
    ...(withHeaders.has(operation) ? { headers: ifMatch === undefined ? {} : { "if-match": ifMatch } } : {}),
    ...(body === null ? {} : { payload: isForm ? Object.fromEntries(new URLSearchParams(String(body))) : body })
  }
  const text = Object.keys(parts).length === 0 ? "" : typescript(parts, "", group, "  ")
  const answered = `yield* client.${group}.${method}(${text})`
  const isTable = Object.keys(place.responses["200"]?.content ?? {}).join() === "text/csv"
  return isTable ? `yield* Stream.runForEach(${answered}, (part) => Console.log(part.length))` : answered
}

/** One program with an example of each endpoint of a page. */
const program = (name: string, examples: ReadonlyArray<readonly [Example, Place]>): string => {
  const good = examples.filter(([{ status }]) => status < 300)
  const first = good.filter(([{ operation }], at) => good.findIndex(([one]) => one.operation === operation) === at)
  const lines = first.flatMap(([example, { operation }]) => [
    `  // ${operation.summary}`,
    `  ${call(example, operation)}`
  ])
  const uses = (one: string) => lines.some((line) => new RegExp(`\\b${one}\\.`).test(line))
  const [ids, effects] = [
    [...IDS].filter(uses),
    ["Console", "DateTime", "Effect", "Stream"].filter((one) => one === "Effect" || uses(one))
  ]
  return [
    "```ts",
    'import { OnhandClient } from "@onhand/api"',
    ...(ids.length === 0 ? [] : [`import { ${ids.toSorted().join(", ")} } from "@onhand/core"`]),
    `import { ${effects.join(", ")} } from "effect"`,
    "",
    `export const ${name} = Effect.gen(function* () {`,
    "  const client = yield* OnhandClient",
    ...lines,
    "})",
    "```"
  ].join("\n")
}

const places = ({ paths }: Document): ReadonlyArray<Place> =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation }))
  )

const pageOf = (
  { name, description = "" }: Document["tags"][number],
  all: ReadonlyArray<Place>,
  examples: ReadonlyArray<Example>,
  document: Document
): string => {
  const known = examples.flatMap((example) => {
    const place = all.find(({ operation }) => operation.operationId === example.operation)
    return place === undefined ? [] : [[example, place] as const]
  })
  const rows = all.map(({ method, path, operation }) => [
    `[${operation.summary}](#${slug(operation.summary)})`,
    `\`${method.toUpperCase()} ${path}\``
  ])
  const [group = ""] = all[0]?.operation.operationId.split(".") ?? []
  return [
    `# ${name}`,
    `${description} What holds for every endpoint is said [once](index.md).`,
    table(["", ""], rows),
    ...all.flatMap((place) =>
      operationText(
        place,
        examples.filter(({ operation }) => operation === place.operation.operationId),
        document
      )
    ),
    ...(known.length === 0
      ? []
      : [
          "## With the typed client",
          "The same requests. A refusal is an error of the effect, with the fields of its problem.",
          program(group, known)
        ])
  ].join("\n\n")
}

const indexOf = (document: Document): string =>
  [
    "# The HTTP API, resource by resource",
    "These pages follow from the contract, and a server answered their examples as they are shown. " +
      "[Try the HTTP API with curl](../../guides/http.md) tells how to get a token; `$ONHAND` is where the server " +
      "is, `$TOKEN` an administrator's token and `$ANN` a customer's.",
    table(
      ["resource", ""],
      document.tags.map(({ name, description = "" }) => [`[${name}](${slug(name)}.md)`, description])
    ),
    "## What holds everywhere",
    "- Quantities are decimal numbers in the product's unit. Money is a decimal text with its currency, " +
      "`UnitCost` a decimal text in the currency's minor unit. Times are RFC 3339 in UTC.\n" +
      "- `Idempotency-Key` names a write: sent again, it gets the first reply again, marked with " +
      "`Idempotency-Replayed: true`. The same key with another body is refused with 422, `idempotency-conflict`.\n" +
      "- `If-Match` is the `ETag` of the version that was seen, or `*`. Without it a change is refused with 428, " +
      "`precondition-required`, and an outdated one with 412, `stale-version`.\n" +
      "- Lists have pages: `nextCursor` of one is the `cursor` of the next, and null on the last.\n" +
      "- Every reply has the request's id in `X-Request-Id`, the caller's own if it sent a sane one, and says in " +
      "`RateLimit` what is left of the quota that `RateLimit-Policy` names.\n" +
      "- An unknown field or parameter is refused with 400, and so is a value that nobody understands.",
    "## What any endpoint may refuse",
    "A refusal is a problem after RFC 9457: `type` ends in the name below, `detail` says what would be accepted, and " +
      "`requestId` finds it in the server's log.",
    table(
      ["status", "type", "because"],
      [
        ["400", "`invalid-request`", "The request was not understood; `faults` names each fault with its path"],
        ["401", "`unauthorized`", "Nobody is signed in"],
        ["403", "`forbidden`", "The role does not allow this, or not at this location"],
        ["413, 414, 415", "`payload-too-large`, `uri-too-long`, `unsupported-media-type`", "Its form or size"],
        ["422", "`idempotency-conflict`", "The key was used for something else"],
        ["429", "`too-many-requests`", "Come back after `Retry-After`"],
        ["500", "`internal-error`", "The server failed"],
        ["503", "`unavailable`", "Nothing was written; come back after `Retry-After`"],
        ["503", "`outcome-unknown`", "Send it again with the same key, and the answer tells what became of it"]
      ]
    )
  ].join("\n\n")

/** The pages by their file names. */
export const referencePages = (document: Document, examples: ReadonlyArray<Example>): ReadonlyMap<string, string> => {
  const all = places(document)
  const pages = document.tags.map((tag): readonly [string, string] => [
    `${slug(tag.name)}.md`,
    pageOf(
      tag,
      all.filter(({ operation }) => operation.tags.includes(tag.name)),
      examples,
      document
    )
  ])
  return new Map([["index.md", indexOf(document)], ...pages].map(([name, text]) => [name ?? "", `${text}\n`]))
}
