// Deliveries in memory are kept as they must be.
import { describe, it } from "@effect/vitest"
import { Deliveries } from "@onhand/core"
import { Effect } from "effect"
import { deliveryTrials } from "../src/index.ts"

describe("deliveries in memory", () => {
  for (const [title, trial] of Object.entries(deliveryTrials))
    it.live(title, () => Effect.provide(trial, Deliveries.layerMemory))
})
