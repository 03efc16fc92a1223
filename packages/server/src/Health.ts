/**
 * Health over HTTP.
 */
import { OnhandApi, Unavailable } from "@onhand/api"
import { Inventory } from "@onhand/core"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Lifecycle } from "./Lifecycle.ts"

/** How long the store may take to answer a probe; probes themselves wait a second or two. */
const PROBE_TIMEOUT = "1 second"

const notReady = new Unavailable({ retryAfterMillis: 1_000 })
const ok = { status: "ok" } as const

export const layerHealth = HttpApiBuilder.group(
  OnhandApi,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const inventory = yield* Inventory
    const lifecycle = yield* Lifecycle
    return handlers.handleAll({
      live: () => Effect.succeed(ok),
      ready: Effect.fnUntraced(function* () {
        if (yield* lifecycle.isClosing) return yield* notReady
        // Nothing about why it is not ready is for strangers.
        yield* inventory.read.head.pipe(
          Effect.timeout(PROBE_TIMEOUT),
          Effect.mapError(() => notReady)
        )
        return ok
      })
    })
  })
)
