// The tests that the mutation run may use: those of core, which need no database. A mutant's tests share one worker's
// modules: to load core anew for each file would be most of the run. The time limit is for the first run, which must
// not fail because the machine has other work.
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

const conditions = ["onhand-source", "node", "import", "module", "default"]

/** The laws are tried on many histories, so they come last: most mutants fall to a test of milliseconds before. */
class LawsLast extends BaseSequencer {
  override sort(files: Array<TestSpecification>) {
    const isLaws = ({ moduleId }: TestSpecification) => Number(moduleId.endsWith("Laws.test.ts"))
    return Promise.resolve(files.toSorted((a, b) => isLaws(a) - isLaws(b)))
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/core/test/*.test.ts"],
    setupFiles: ["test/FirstCounterexample.ts"],
    sequence: { sequencer: LawsLast },
    testTimeout: 300_000,
    isolate: false
  }
})
