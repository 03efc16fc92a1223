// The operations of the OpenAPI document, each with as much of its description as a test looks at.
import { OnhandApi } from "@onhand/api"
import { OpenApi } from "effect/http-api"

/** The document that the server gives. */
export const document = OpenApi.fromApi(OnhandApi)

/** Every operation by its path and method. The document's own type leaves out what annotations add. */
export const documentedPaths = <Said>(): ReadonlyArray<
  readonly [path: string, methods: Readonly<Record<string, Said>>]
> => Object.entries(document.paths as unknown as Readonly<Record<string, Readonly<Record<string, Said>>>>)
