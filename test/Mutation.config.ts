// The tests that the mutation run may use: those of core, which need no database.
import { defineConfig } from "vitest/config"

const conditions = ["onhand-source", "node", "import", "module", "default"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ["packages/core/test/*.test.ts"], testTimeout: 30_000 }
})
