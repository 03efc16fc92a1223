// Every operation of the contract, with who may call it, as the OpenAPI document says.
import type { Permission } from "@onhand/core"
import { document, documentedPaths } from "../DocumentedPaths.ts"

/** Who may call an operation: anyone, whoever is signed in, or who has one of the permissions. */
export type Requires = "anyone" | "signedIn" | ReadonlyArray<Permission>

export interface Operation {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly requires: Requires
  /** Whether it takes a body of JSON. */
  readonly takesJson: boolean
  /** The names of all fields, at any depth, that its replies may have when it succeeds. */
  readonly told: ReadonlySet<string>
}

interface Documented {
  readonly requestBody?: { readonly content?: Readonly<Record<string, unknown>> }
  readonly responses: Readonly<Record<string, unknown>>
  readonly "x-requires"?: "anyone" | "signedIn" | Permission | ReadonlyArray<Permission>
}

const requiresOf = (place: string, said: Documented["x-requires"]): Requires => {
  if (said === undefined) throw new Error(`${place} does not say who may call it`)
  if (typeof said !== "string") return said
  return said === "anyone" || said === "signedIn" ? said : [said]
}

/** The names of the fields that a part of the document describes, by following its references. */
const fieldsIn = (part: unknown, seen: Set<string> = new Set()): ReadonlySet<string> => {
  const fields = new Set<string>()
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === "properties" && typeof inner === "object" && inner !== null) {
        for (const name of Object.keys(inner)) fields.add(name)
      }
      if (key !== "$ref" || typeof inner !== "string") walk(inner)
      else if (!seen.has(inner)) {
        seen.add(inner)
        walk(document.components.schemas[inner.replace("#/components/schemas/", "")])
      }
    }
  }
  walk(part)
  return fields
}

export const operations: ReadonlyArray<Operation> = documentedPaths<Documented>().flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, said]) => {
    const name = `${method.toUpperCase()} ${path}`
    const good = Object.entries(said.responses).filter(([status]) => status.startsWith("2"))
    return {
      name,
      method: method.toUpperCase(),
      path,
      requires: requiresOf(name, said["x-requires"]),
      takesJson: said.requestBody?.content?.["application/json"] !== undefined,
      told: fieldsIn(good)
    }
  })
)

/** Whether somebody with these permissions may call an operation. */
export const allows = (permissions: ReadonlyArray<Permission>, { requires }: Operation): boolean =>
  requires === "anyone" || requires === "signedIn" || requires.some((one) => permissions.includes(one))
