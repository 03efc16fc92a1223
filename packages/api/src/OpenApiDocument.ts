/**
 * The OpenAPI document beside what the endpoints' own schemas say: the headers of every reply, what `Freshness` adds to
 * each read, and parameters of a query as the values that they stand for. None of it is in the endpoints' schemas, so
 * that the typed client, which needs none of it, need not reckon with it.
 */
import { Schema } from "effect"
import { HttpApi, type HttpApiGroup } from "effect/http-api"
import { knownText } from "./Convention.ts"

interface Said {
  readonly description?: string
  readonly format?: string
  readonly type?: string
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema: Said
}

interface Response {
  readonly description?: string
  readonly content?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, unknown>>
}

interface Operation {
  readonly parameters?: ReadonlyArray<Parameter>
  readonly responses: Readonly<Record<string, Response>>
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

const mapOperations = (
  paths: Paths,
  change: (operation: Operation, method: string, path: string) => Operation
): Paths =>
  Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [method, change(operation, method, path)])
      )
    ])
  )

const text = (description: string, required: boolean) => ({ description, required, schema: { type: "string" } })

/** The headers that replies have whatever they answer, by their names in the document. */
const commonHeaders = {
  RequestId: text("The request's own id if it was sane, or a new one; it finds the request in the server's log", true),
  RateLimitPolicy: text('The quota: `"user";q=600;w=60` are 600 requests in 60 seconds', false),
  RateLimit: text('What is left of the quota, and when it is whole again: `"user";r=599;t=42`', false),
  RetryAfter: text("The seconds after which to come back", true),
  Authenticate: text("How to sign in: with a bearer token", true)
}

const headerNamed = (name: keyof typeof commonHeaders) => ({ $ref: `#/components/headers/${name}` })

const quotaHeaders = { "ratelimit-policy": headerNamed("RateLimitPolicy"), ratelimit: headerNamed("RateLimit") }
const retryHeader = { "retry-after": headerNamed("RetryAfter") }

// A problem has its request's id in its body; so the document has that header for what is no problem.
const headersOf = (status: string) => {
  if (/^[23]/.test(status)) return { "x-request-id": headerNamed("RequestId"), ...quotaHeaders }
  if (status === "401") return { "www-authenticate": headerNamed("Authenticate") }
  if (status === "429") return { ...quotaHeaders, ...retryHeader }
  return status === "503" ? retryHeader : {}
}

/** Each reply with the headers that it has whatever it answers. */
const withReplyHeaders = (operation: Operation): Operation => ({
  ...operation,
  responses: Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => {
      const headers = { ...response.headers, ...headersOf(status) }
      return [status, Object.keys(headers).length === 0 ? response : { ...response, headers }]
    })
  )
})

const knownParameter = {
  name: "if-none-match",
  in: "header",
  schema: { type: "string", description: knownText },
  required: false
}

// A table that is streamed has no end that could be known before, and so no ETag.
const etagHeader = (content: object) => ({
  etag: { schema: { type: "string" }, required: Object.keys(content).length === 1 }
})

/** A read of JSON with its ETag, and 304 for who has it. */
const withFreshness = (operation: Operation, method: string, path: string): Operation => {
  const { parameters = [], responses } = operation
  const found = responses["200"]
  if (method !== "get" || !path.startsWith("/api/") || found?.content?.["application/json"] === undefined) {
    return operation
  }
  const takes = parameters.some(({ name }) => name === knownParameter.name)
  return {
    ...operation,
    parameters: takes ? parameters : [...parameters, knownParameter],
    responses: {
      ...responses,
      200: { ...found, headers: { ...etagHeader(found.content), ...found.headers } },
      304: responses["304"] ?? { description: "<No Content>" }
    }
  }
}

/** What the parameters of each endpoint's query stand for, by its method and path. */
const queriesOf = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
): ReadonlyMap<string, Readonly<Record<string, Said>>> => {
  const queries = new Map<string, Readonly<Record<string, Said>>>()
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, path, query } }) => {
      if (query === undefined) return
      const { schema } = Schema.toJsonSchemaDocument(Schema.toType(query))
      const place = `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`
      queries.set(place, schema["properties"] as Readonly<Record<string, Said>>)
    }
  })
  return queries
}

/** A number of a query as the number that it is, with its bounds, and a time with what is said of it. */
const asMeant = (parameter: Parameter, meant: Said | undefined): Parameter => {
  if (parameter.in !== "query" || meant === undefined) return parameter
  if (meant.type === "integer" || meant.type === "number") return { ...parameter, schema: meant }
  const { format, description } = meant
  const said = { ...(format === undefined ? {} : { format }), ...(description === undefined ? {} : { description }) }
  return { ...parameter, schema: { ...said, ...parameter.schema } }
}

/** The operations and parts of a contract's document, with what holds for all of them. */
export const completed = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  document: { readonly paths: Paths; readonly components: object },
  api: HttpApi.HttpApi<Id, Groups>
) => {
  const queries = queriesOf(api)
  const paths = mapOperations(document.paths, (operation, method, path) => {
    const meant = queries.get(`${method} ${path}`)
    const parameters = operation.parameters?.map((parameter) => asMeant(parameter, meant?.[parameter.name]))
    return withReplyHeaders(
      withFreshness(parameters === undefined ? operation : { ...operation, parameters }, method, path)
    )
  })
  return { paths, components: { ...document.components, headers: commonHeaders } }
}
