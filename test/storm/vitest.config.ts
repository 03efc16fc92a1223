// The storm: the faults of `npm test` again, each many times, and those that take too long for every commit.
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import tests from "../../vitest.config.ts"

export default defineConfig({
  ...tests,
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    ...tests.test,
    include: ["test/storm/*.storm.ts"],
    // One storm at a time, on a machine that may have few cores.
    fileParallelism: false,
    testTimeout: 1_800_000,
    // What each storm measured is part of what it is run for.
    disableConsoleIntercept: true
  }
})
