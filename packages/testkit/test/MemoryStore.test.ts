// The store in memory keeps every law; it is what other stores are compared with, so it is tried hardest.
import { makeMemoryStore, Store } from "@onhand/core"
import { Context, Effect, Layer } from "effect"
import { layerMemory, memorySnapshot, RawReaders, StoreConformance } from "../src/index.ts"

/** A memory that is opened again and again while this process lasts: the nearest it has to a restart. */
const reopenable = () => {
  const { store, memory } = Effect.runSync(makeMemoryStore())
  const readers = { snapshot: Effect.sync(() => memorySnapshot(memory)) }
  return Layer.succeedContext(Context.make(Store, store).pipe(Context.add(RawReaders, readers)))
}

StoreConformance.suite("the store in memory", layerMemory(), { time: "virtual", reopenable })
StoreConformance.suite("the store in memory, in four shards", layerMemory({ shards: 4 }), {
  time: "virtual",
  effort: { histories: 50 }
})
