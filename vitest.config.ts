import { defineConfig } from "vitest/config"

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
