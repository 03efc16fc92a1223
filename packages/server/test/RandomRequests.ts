// Requests made from the contract: sound ones after its schemas, and ones with something wrong in them. The same seed
import { document, documentedPaths } from "./DocumentedPaths.ts"

// makes the same requests.

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [name: string]: Json }

interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | ReadonlyArray<string>
  readonly enum?: ReadonlyArray<Json>
  readonly const?: Json
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly oneOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly items?: JsonSchema
  readonly prefixItems?: ReadonlyArray<JsonSchema>
  readonly additionalProperties?: boolean | JsonSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly format?: string
  readonly examples?: ReadonlyArray<Json>
}

interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required?: boolean
  readonly schema: JsonSchema
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly group: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: { readonly type: string; readonly schema: JsonSchema } | undefined
}

interface Documented {
  readonly tags?: ReadonlyArray<string>
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
}

const schemas = document.components.schemas as Readonly<Record<string, JsonSchema>>

/** Every operation of the contract. */
export const operations: ReadonlyArray<Operation> = documentedPaths<Documented>().flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { tags = [], parameters = [], requestBody }]) => {
    const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? []
    return {
      method: method.toUpperCase(),
      path,
      group: tags[0] ?? "",
      parameters,
      body: type === undefined || media === undefined ? undefined : { type, schema: media.schema }
    }
  })
)

/** Numbers from a seed, each from 0 up to 1. */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const pick = <A>(random: () => number, items: ReadonlyArray<A>): A => items[Math.floor(random() * items.length)] as A

/** What there is on the server that is asked; by these names requests reach further than "no such thing". */
const KNOWN: Readonly<Record<string, ReadonlyArray<string>>> = {
  product: ["piece", "cheese"],
  location: ["shop", "store"],
  origin: ["shop"],
  destination: ["store"],
  vendor: ["farm"],
  id: ["piece", "shop", "farm", "none"],
  currency: ["EUR"],
  amount: ["1.00", "9.50"],
  email: ["fuzz@example.com"],
  password: ["a password for nobody"],
  cursor: ["AAAA"],
  timezone: ["Europe/Vilnius"]
}

const textOf = (random: () => number, name: string, schema: JsonSchema): string => {
  const known = KNOWN[name]
  if (known !== undefined) return pick(random, known)
  if (schema.format === "date-time" || /(At|From|To|_at|from|to|until|since)$/.test(name)) {
    return new Date(1_700_000_000_000 + Math.floor(random() * 1e11)).toISOString()
  }
  return `${name || "text"}-${Math.floor(random() * 1e6)}`.slice(0, 60)
}

/** A value that the schema probably takes. */
const sound = (random: () => number, schema: JsonSchema, name = "", depth = 0): Json => {
  if (schema.$ref !== undefined) {
    const target = schemas[schema.$ref.slice("#/components/schemas/".length)]
    return target === undefined ? null : sound(random, target, name, depth)
  }
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return pick(random, schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return sound(random, pick(random, choices), name, depth)
  if (schema.allOf?.[0] !== undefined && schema.type === undefined) return sound(random, schema.allOf[0], name, depth)
  const type = Array.isArray(schema.type) ? pick(random, schema.type as ReadonlyArray<string>) : schema.type
  switch (type) {
    case "object": {
      const made: Record<string, Json> = {}
      for (const [field, inner] of Object.entries(schema.properties ?? {})) {
        if (schema.required?.includes(field) || random() < 0.4) made[field] = sound(random, inner, field, depth + 1)
      }
      return made
    }
    case "array": {
      const count = depth > 4 ? 0 : Math.max(schema.minItems ?? 0, Math.ceil(random() * 2))
      const singular = name.replace(/s$/, "")
      return Array.from({ length: count }, () => sound(random, schema.items ?? {}, singular, depth + 1))
    }
    case "integer":
    case "number": {
      const least = schema.minimum ?? 0
      return least + Math.floor(random() * Math.min(20, (schema.maximum ?? 1_000) - least))
    }
    case "boolean":
      return random() < 0.5
    case "null":
      return null
    default:
      return textOf(random, name, schema)
  }
}

const ODD: ReadonlyArray<Json> = [
  null,
  true,
  -1,
  0,
  0.1,
  1e15,
  9_007_199_254_740_992,
  -1e300,
  "",
  " ",
  "0",
  "null",
  "\u0000",
  "\ud800",
  "\u202e\u200b\ufeff",
  "👩‍👩‍👧‍👦".repeat(40),
  "x".repeat(5_000),
  "'; DROP TABLE x; --",
  "%00%ff%2e%2e/",
  "{{7*7}}",
  "2024-02-30T25:61:61Z",
  "0001-01-01T00:00:00Z",
  "+275760-09-13T00:00:00.001Z",
  "1e400",
  "Infinity",
  [],
  {},
  [[[]]],
  { __proto__x: 1, constructor: { prototype: {} } }
]

/** The value with one thing in it changed, somewhere. */
const changed = (random: () => number, value: Json): Json => {
  if (random() < 0.25 || value === null || typeof value !== "object") return pick(random, ODD)
  if (Array.isArray(value)) {
    if (value.length === 0 || random() < 0.2) return [...value, pick(random, ODD)]
    const at = Math.floor(random() * value.length)
    if (random() < 0.1) return Array.from({ length: 1_200 }, () => value[at] ?? null)
    return value.map((item, index) => (index === at ? changed(random, item) : item))
  }
  const fields = Object.entries(value)
  if (fields.length === 0 || random() < 0.15) return { ...value, [pick(random, ["extra", "id", "version", "role"])]: 1 }
  const at = Math.floor(random() * fields.length)
  if (random() < 0.2) return Object.fromEntries(fields.filter((_, index) => index !== at))
  return Object.fromEntries(fields.map(([name, inner], index) => [name, index === at ? changed(random, inner) : inner]))
}

/** A request as it is sent. */
export interface RandomRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

const headerOf = (text: string): string => text.replace(/[^\x21-\x7e]/g, "?").slice(0, 500)

/** A request for an operation; with `mutate`, with something wrong in most of its parts. */
export const requestFor = (random: () => number, operation: Operation, mutate: boolean): RandomRequest => {
  const odd = () => mutate && random() < 0.3
  const text = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value))
  const valueOf = ({ name, schema }: Parameter): string =>
    text(odd() ? pick(random, ODD) : sound(random, schema, name)).toWellFormed()
  let path = operation.path
  const query: Array<string> = []
  const headers: Record<string, string> = {}
  for (const parameter of operation.parameters) {
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(valueOf(parameter)))
    else if (parameter.name === "if-match") headers["if-match"] = odd() ? headerOf(valueOf(parameter)) : "*"
    else if (parameter.name === "idempotency-key") {
      if (!odd()) headers["idempotency-key"] = odd() ? "again" : `key-${Math.floor(random() * 1e9)}`
    } else if (parameter.required || random() < 0.3) {
      if (parameter.in === "header") headers[parameter.name] = headerOf(valueOf(parameter))
      else query.push(`${parameter.name}=${encodeURIComponent(valueOf(parameter))}`)
    }
  }
  if (odd()) query.push(pick(random, ["x=1", "limit=1&limit=2", "%", "=", "&&&", "a[]=1", "page=0"]))
  let body: string | undefined
  if (operation.body !== undefined) {
    headers["content-type"] = odd() ? pick(random, ["text/plain", "application/xml", "x", "*/*"]) : operation.body.type
    const value = sound(random, operation.body.schema)
    const sent = mutate && random() < 0.7 ? changed(random, value) : value
    body = operation.body.type.includes("json")
      ? JSON.stringify(sent)
      : new URLSearchParams(Object.entries(Object(sent)).map(([name, one]) => [name, String(one)])).toString()
    if (odd()) body = body.slice(0, Math.floor(random() * body.length))
  }
  return { method: operation.method, path: query.length > 0 ? `${path}?${query.join("&")}` : path, headers, body }
}
