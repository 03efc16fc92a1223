// Every reply that a test gets is held against the contract: nothing undocumented is ever answered.
import { OnhandApi } from "@onhand/api"
import { Exit, Schema } from "effect"
import { HttpApi, HttpApiSchema } from "effect/http-api"

type Body = Schema.Codec<unknown, unknown>

interface Documented {
  readonly method: string
  readonly path: RegExp
  /** The bodies of each status; none where a status has no body, or streams. */
  readonly bodies: ReadonlyMap<number, ReadonlyArray<Body>>
}

const bodiesOf = (schemas: ReadonlyArray<Schema.Top>): ReadonlyArray<Body> =>
  schemas
    .map((schema) => (HttpApiSchema.isWithHeaders(schema) ? schema.schema : schema))
    .filter((schema) => !HttpApiSchema.isNoContent(schema.ast)) as never

const documented = (): ReadonlyArray<Documented> => {
  const found: Array<Documented> = []
  HttpApi.reflect(OnhandApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, successes, errors }) => {
      const statuses = [...successes, ...errors]
      found.push({
        method: endpoint.method,
        path: new RegExp(`^${endpoint.path.replace(/:\w+/g, "[^/]+")}$`),
        bodies: new Map([
          // A stream that succeeds is not among the successes, and has no body that could be looked at as a whole.
          ...[...endpoint.success].filter((schema) => "mode" in schema).map(() => [200, []] as const),
          ...statuses.map(([status, schemas]) => [status, bodiesOf(schemas)] as const)
        ])
      })
    }
  })
  return found
}

const endpoints = documented()

/** What a reply has that the contract does not say, or undefined. Paths outside the contract are nobody's promise. */
export const undocumented = (method: string, url: string, status: number, body: unknown): string | undefined => {
  const path = url.split("?", 1)[0] ?? url
  // The exact path goes before one with a parameter, as the router has it: `/users/me` is not a user's id.
  const endpoint = endpoints
    .filter((one) => one.method === method && one.path.test(path))
    .toSorted((one, other) => Number(one.path.source.includes("+")) - Number(other.path.source.includes("+")))[0]
  if (endpoint === undefined) return undefined
  const place = `${method} ${path} answered ${status}`
  const bodies = endpoint.bodies.get(status)
  if (bodies === undefined) return `${place}, which is not documented`
  if (bodies.length === 0 || typeof body === "string") return undefined
  const faults = bodies.map((schema) =>
    Schema.decodeUnknownExit(schema)(body, { onExcessProperty: "error", errors: "all" })
  )
  return faults.some(Exit.isSuccess) ? undefined : `${place} with ${JSON.stringify(body)}: ${String(faults[0])}`
}
