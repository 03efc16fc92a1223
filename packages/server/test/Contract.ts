// Every reply that a test gets is held against the contract: nothing undocumented is ever answered.
import { OnhandApi } from "@onhand/api"
import { Exit, Schema } from "effect"
import { HttpApi, HttpApiSchema } from "effect/http-api"
import { document, documentedPaths } from "./DocumentedPaths.ts"

type Body = Schema.Codec<unknown, unknown>

interface Header {
  readonly $ref?: string
  readonly required?: boolean
}

interface Reply {
  readonly content?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, Header>>
}

interface Documented {
  readonly method: string
  readonly path: RegExp
  /** What the OpenAPI document says of each status. */
  readonly responses: Readonly<Record<string, Reply>>
  /** The bodies of each status; none where a status has no body, or streams. */
  readonly bodies: ReadonlyMap<number, ReadonlyArray<Body>>
}

const bodiesOf = (schemas: ReadonlyArray<Schema.Top>): ReadonlyArray<Body> =>
  schemas
    .map((schema) => (HttpApiSchema.isWithHeaders(schema) ? schema.schema : schema))
    .filter((schema) => !HttpApiSchema.isNoContent(schema.ast)) as never

const documented = (): ReadonlyArray<Documented> => {
  const told = new Map(
    documentedPaths<{ readonly responses: Documented["responses"] }>().flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => [`${method.toUpperCase()} ${path}`, responses] as const)
    )
  )
  const found: Array<Documented> = []
  HttpApi.reflect(OnhandApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, successes, errors }) => {
      const { method, path } = endpoint
      const responses = told.get(`${method} ${path.replace(/:(\w+)/g, "{$1}")}`)
      if (responses === undefined) throw new Error(`${method} ${path} is not in the document`)
      found.push({
        method,
        path: new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`),
        responses,
        bodies: new Map([...successes, ...errors].map(([status, schemas]) => [status, bodiesOf(schemas)] as const))
      })
    }
  })
  return found
}

const endpoints = documented()

/** A reply as it is held against the contract; its headers where a test has them. */
export interface Observed {
  readonly status: number
  readonly body: unknown
  readonly headers?: Headers
}

// The document's own type leaves out what the contract adds to it.
const { headers: shared } = document.components as { readonly headers?: Readonly<Record<string, Header>> }

const isRequired = ({ $ref, required }: Header): boolean =>
  ($ref === undefined ? required : shared?.[$ref.replace("#/components/headers/", "")]?.required) === true

const wrongHeaders = ({ content, headers = {} }: Reply, sent: Headers, body: unknown): string | undefined => {
  for (const [name, header] of Object.entries(headers)) {
    if (isRequired(header) && !sent.has(name)) return `without the header ${name}`
  }
  const type = sent.get("content-type")?.split(";", 1)[0]?.trim()
  if (content === undefined) return body === "" ? undefined : "with a body, where none is documented"
  return type !== undefined && type in content ? undefined : `as ${type}, not as ${Object.keys(content).join(" or ")}`
}

/** What a reply has that the contract does not say, or undefined. Paths outside the contract are nobody's promise. */
export const undocumented = (method: string, url: string, { status, body, headers }: Observed): string | undefined => {
  const path = url.split("?", 1)[0] ?? url
  // The exact path goes before one with a parameter, as the router has it: `/users/me` is not a user's id.
  const endpoint = endpoints
    .filter((one) => one.method === method && one.path.test(path))
    .toSorted((one, other) => Number(one.path.source.includes("+")) - Number(other.path.source.includes("+")))[0]
  if (endpoint === undefined) return undefined
  const place = `${method} ${path} answered ${status}`
  const response = endpoint.responses[status]
  if (response === undefined) return `${place}, which is not documented`
  const wrong = headers && wrongHeaders(response, headers, body)
  if (wrong !== undefined) return `${place} ${wrong}`
  const bodies = endpoint.bodies.get(status) ?? []
  if (bodies.length === 0 || typeof body === "string") return undefined
  const faults = bodies.map((schema) =>
    Schema.decodeUnknownExit(schema)(body, { onExcessProperty: "error", errors: "all" })
  )
  return faults.some(Exit.isSuccess) ? undefined : `${place} with ${JSON.stringify(body)}: ${String(faults[0])}`
}

/** A reply of the server as it is, once it was held against the contract. A stream of events is left to its reader. */
export const checked = async (method: string, url: string, response: Response): Promise<Response> => {
  const type = response.headers.get("content-type") ?? ""
  const text = type.includes("event-stream") ? "" : await response.clone().text()
  const body = /json/.test(type) ? JSON.parse(text) : text
  const { status, headers } = response
  const wrong = undocumented(method, url.replace(/^https?:\/\/[^/]+/, ""), { status, body, headers })
  if (wrong !== undefined) throw new Error(wrong)
  return response
}
