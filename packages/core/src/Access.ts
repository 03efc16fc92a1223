/**
 * Access: what an actor may do. Roles are sets of permissions held as data, so that a host can map its own.
 */
import { Schema } from "effect"
import { LocationId } from "./Location.ts"

export const permissions = [
  "catalogue:read",
  "catalogue:write",
  "locations:read",
  "locations:write",
  "stock:read",
  "stock:write",
  "stock:repair",
  "thresholds:write",
  "notifications:read",
  "notifications:write",
  "webhooks:write",
  "cart:own",
  "orders:own",
  "orders:read",
  "orders:write",
  "reports:read",
  "users:write"
] as const
export const Permission = Schema.Literals(permissions)
export type Permission = typeof Permission.Type

export const Role = Schema.NonEmptyString.check(Schema.isMaxLength(40))

/** Each role and what it allows. */
export type Roles = Readonly<Record<string, ReadonlyArray<Permission>>>

const browse = ["catalogue:read", "locations:read", "stock:read"] as const

/** The roles of a shop as it comes; give the server another record to change them. */
export const defaultRoles: Roles = {
  admin: permissions,
  warehouse_manager: [
    ...browse,
    "locations:write",
    "stock:write",
    "thresholds:write",
    "notifications:read",
    "notifications:write",
    "orders:read",
    "orders:write",
    "cart:own",
    "orders:own",
    "reports:read"
  ],
  retail_partner: [...browse, "reports:read"],
  customer: [...browse, "cart:own", "orders:own"]
}

/** Who asks: `locations` limits the permissions that write stock to some locations; null means all. */
export const Actor = Schema.Struct({
  id: Schema.String,
  roles: Schema.Array(Role),
  locations: Schema.NullOr(Schema.Array(LocationId))
})
export interface Actor extends Schema.Schema.Type<typeof Actor> {}

/** Whether the actor holds a permission, at a location if one is named. Roles that nobody defined allow nothing. */
export const permits = (roles: Roles, actor: Actor, permission: Permission, location?: LocationId): boolean =>
  actor.roles.some((role) => Object.hasOwn(roles, role) && roles[role]?.includes(permission) === true) &&
  (location === undefined || actor.locations === null || actor.locations.includes(location))
