// The tests that the mutation run may use: those of core, which need no database. A mutant's tests share one worker's
// modules: to load core anew for each file would be most of the run.
import { defineConfig } from "vitest/config"

const conditions = ["onhand-source", "node", "import", "module", "default"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ["packages/core/test/*.test.ts"], testTimeout: 30_000, isolate: false }
})
