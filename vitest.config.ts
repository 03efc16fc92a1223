import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

// Node compiles Effect and our sources once for all processes that tests start, which halves the start of each.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/onhand/compiled", import.meta.url))

// Tests read the packages' sources, so that nothing has to be built before a test runs.
const conditions = ["onhand-source", "node", "import", "module", "default"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/*/test/**/*.test.ts", "test/**/*.test.ts"],
    globalSetup: ["test/PostgresServer.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A worker imports Effect and our sources once, not for each file anew. A test leaves nothing behind in it.
    isolate: false,
    // Every core: left to itself, Vitest keeps one free, which on a machine of two halves the speed.
    maxWorkers: "100%"
  }
})
