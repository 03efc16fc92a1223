// What a role allows is data; what nobody defined is not allowed.
import { assert, describe, it } from "@effect/vitest"
import { type Actor, defaultRoles, LocationId, permissions, permits } from "../src/index.ts"

const shop = LocationId.make("shop")
const depot = LocationId.make("depot")
const actor = (roles: ReadonlyArray<string>, locations: Actor["locations"] = null): Actor => ({
  id: "ann",
  roles,
  locations
})

describe("access", () => {
  it("lets an admin do everything everywhere", () => {
    for (const permission of permissions) {
      assert.isTrue(permits(defaultRoles, actor(["admin"]), permission, shop), permission)
    }
  })

  it("lets a customer shop, and neither see others' orders nor write anything", () => {
    const allowed = permissions.filter((permission) => permits(defaultRoles, actor(["customer"]), permission))
    assert.deepStrictEqual(allowed, ["catalogue:read", "locations:read", "stock:read", "cart:own", "orders:own"])
  })

  it("adds up the roles of an actor, and allows nothing to a role that nobody defined", () => {
    assert.isFalse(permits(defaultRoles, actor(["retail_partner"]), "orders:own"))
    assert.isTrue(permits(defaultRoles, actor(["retail_partner", "customer"]), "orders:own"))
    for (const permission of permissions) assert.isFalse(permits(defaultRoles, actor(["owner"]), permission))
    for (const permission of permissions) assert.isFalse(permits(defaultRoles, actor(["constructor"]), permission))
    assert.isFalse(permits(defaultRoles, actor([]), "catalogue:read"))
  })

  it("keeps an actor of some locations to them", () => {
    const clerk = actor(["warehouse_manager"], [shop])
    assert.isTrue(permits(defaultRoles, clerk, "stock:write", shop))
    assert.isFalse(permits(defaultRoles, clerk, "stock:write", depot))
    assert.isFalse(permits(defaultRoles, actor(["warehouse_manager"], []), "stock:write", shop))
    assert.isTrue(permits(defaultRoles, clerk, "catalogue:read"), "what is of no location is not limited")
  })
})
