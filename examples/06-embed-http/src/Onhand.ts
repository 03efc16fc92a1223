// The API as a function from Request to Response, over an inventory in memory; a shop would give a store that keeps it.
import { layerLocal } from "@onhand/auth"
import { Inventory, layerMemory } from "@onhand/core"
import { AccessLog, ensureAdmin, toWebHandler } from "@onhand/server"
import { Context, Effect, Layer, ManagedRuntime, Redacted } from "effect"

/** Who signs in first. A host with users of its own brings another auth port instead. */
export const admin = { email: "admin@example.com", password: "a password of the host's choice" }

const auth = layerLocal({
  key: { _tag: "Secret", secret: Redacted.make("thirty-two bytes or more, kept in your secrets") },
  issuer: "shop",
  audience: "shop",
  lifetimeSeconds: 3_600
})

const Services = Layer.mergeAll(
  Inventory.layer.pipe(Layer.provide(layerMemory)),
  Layer.orDie(auth),
  Layer.succeed(AccessLog, () => {})
)

/** The API, the same inventory for the host's own code, and how both end. */
export const startOnhand = async () => {
  const runtime = ManagedRuntime.make(Services)
  await runtime.runPromise(ensureAdmin({ email: admin.email, password: Redacted.make(admin.password) }))
  const context = await runtime.runPromise(Effect.context<Layer.Success<typeof Services>>())
  const { handler, dispose } = toWebHandler(Layer.succeedContext(context))
  return {
    handler,
    inventory: Context.get(context, Inventory),
    stop: async () => {
      await dispose()
      await runtime.dispose()
    }
  }
}
