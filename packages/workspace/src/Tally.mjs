// Counts what a Vitest run proved.

/**
 * Passed and failed tests of a run. A test file that cannot be loaded, a failing hook around a group
 * of tests, and an error nobody caught each count as one failure: they hide tests that did not run.
 */
export function tally(testModules, unhandledErrors) {
  let passed = 0
  let failed = unhandledErrors.length
  for (const testModule of testModules) {
    failed += testModule.errors().length > 0 ? 1 : 0
    for (const suite of testModule.children.allSuites()) failed += suite.errors().length > 0 ? 1 : 0
    for (const test of testModule.children.allTests()) {
      const { state } = test.result()
      if (state === "passed") passed += 1
      // A test still pending at the end never got its turn, which proves nothing.
      if (state === "failed" || state === "pending") failed += 1
    }
  }
  return { passed, failed }
}
