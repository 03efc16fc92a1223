// Every operation of the contract, with who may call it, as the OpenAPI document says.
import { OnhandApi } from "@onhand/api"
import type { Permission } from "@onhand/core"
import { OpenApi } from "effect/http-api"

/** Who may call an operation: anyone, whoever is signed in, or who has one of the permissions. */
export type Requires = "anyone" | "signedIn" | ReadonlyArray<Permission>

export interface Operation {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly requires: Requires
}

interface Documented {
  readonly "x-requires"?: "anyone" | "signedIn" | Permission | ReadonlyArray<Permission>
}

const requiresOf = (place: string, said: Documented["x-requires"]): Requires => {
  if (said === undefined) throw new Error(`${place} does not say who may call it`)
  if (typeof said !== "string") return said
  return said === "anyone" || said === "signedIn" ? said : [said]
}

export const operations: ReadonlyArray<Operation> = Object.entries(
  OpenApi.fromApi(OnhandApi).paths as unknown as Readonly<Record<string, Readonly<Record<string, Documented>>>>
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, said]) => {
    const name = `${method.toUpperCase()} ${path}`
    return { name, method: method.toUpperCase(), path, requires: requiresOf(name, said["x-requires"]) }
  })
)

/** Whether somebody with these permissions may call an operation. */
export const allows = (permissions: ReadonlyArray<Permission>, { requires }: Operation): boolean =>
  requires === "anyone" || requires === "signedIn" || requires.some((one) => permissions.includes(one))
