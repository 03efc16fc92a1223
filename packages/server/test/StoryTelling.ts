// Tells the reference's story to a server: each request with the ids that earlier replies gave.
import { assert } from "@effect/vitest"
import { documentedPaths } from "./DocumentedPaths.ts"
import { type Example, story } from "./ReferenceStory.ts"
import type { Ask, Reply, TestServer } from "./TestServer.ts"

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
}

/** What the document says of an operation. */
export interface Documented {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: Readonly<Record<string, unknown>>; readonly headers?: Readonly<Record<string, unknown>> }
    >
  >
  readonly "x-requires": string | ReadonlyArray<string>
}

/** Every operation of the document by its id. */
export const operations = new Map(
  documentedPaths<Documented>().flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [operation.operationId, { method: method.toUpperCase(), path, operation }] as const
    )
  )
)

/** A request of the story, ready to be asked. */
export interface Scene {
  readonly example: Example
  readonly operation: Documented
  readonly method: string
  /** The path as the document has it, and with its parameters filled in. */
  readonly template: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
  readonly ask: Ask & { readonly headers: Record<string, string> }
}

/** A path with its query. */
export const placeOf = (path: string, query: Readonly<Record<string, string>>): string =>
  Object.keys(query).length === 0 ? path : `${path}?${new URLSearchParams(query)}`

/** What a later request takes from a reply. */
const savedOf = ({ id, items, claims, refresh_token: token }: Reply["body"]): string =>
  id ?? items?.[0]?.id ?? claims?.[0] ?? token

/** Whether a request of an operation must have a header or parameter of this name. */
export const isRequired = ({ parameters = [] }: Documented, name: string): boolean =>
  parameters.some((parameter) => parameter.name === name && parameter.required === true)

/** Tells a story once. `play` asks each request and says what was answered. */
export const tellStory = async (
  server: TestServer,
  play: (scene: Scene) => Promise<Reply>,
  told: ReadonlyArray<Example> = story
): Promise<void> => {
  const tokens = { admin: await server.admin(), ann: await server.customer("ann"), nobody: undefined }
  const saved = new Map<string, string>()
  const filled = <A>(value: A): A =>
    JSON.parse(JSON.stringify(value).replace(/\{([a-z ]+)\}/g, (whole, name) => saved.get(name) ?? whole))
  for (const [index, written] of told.entries()) {
    const example: Example = filled(written)
    const { params = {}, query = {}, body, text } = example
    const found = operations.get(example.operation) ?? assert.fail(example.operation)
    const { method, path: template, operation } = found
    const headers = {
      ...(isRequired(operation, "idempotency-key") ? { "idempotency-key": `example-${index + 1}` } : {}),
      ...(isRequired(operation, "if-match") ? { "if-match": "*" } : {}),
      ...(text === undefined ? {} : { "content-type": text.type })
    }
    const path = template.replace(/\{(\w+)\}/g, (_, name) => params[name] ?? "")
    const ask = { token: tokens[example.by ?? "admin"], headers, body: text?.body ?? body }
    const reply = await play({ example, operation, method, template, path, query, params, ask })
    if (example.save !== undefined) saved.set(example.save, savedOf(reply.body))
  }
}
