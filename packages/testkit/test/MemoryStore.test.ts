// The store in memory keeps every law; it is what other stores are compared with, so it is tried hardest.
import { applyWrites, makeMemoryStore, Store, type Writes } from "@onhand/core"
import { Context, Effect, Layer } from "effect"
import { layerMemory, memoryReaders, RawReaders, StoreConformance } from "../src/index.ts"

/** A memory whose batches are kept, and read back when it is opened again. */
const reopenable = () => {
  const kept: Array<Writes> = []
  return Layer.effectContext(
    Effect.map(makeMemoryStore({ keep: (writes) => Effect.sync(() => kept.push(writes)) }), ({ store, memory }) => {
      for (const writes of kept) applyWrites(memory, writes)
      return Context.make(Store, store).pipe(Context.add(RawReaders, memoryReaders(memory)))
    })
  )
}

StoreConformance.suite("the store in memory", layerMemory(), { time: "virtual", reopenable })
StoreConformance.suite("the store in memory, in four shards", layerMemory({ shards: 4 }), {
  time: "virtual",
  effort: { histories: 50 }
})
