import { assert, describe, it } from "@effect/vitest"
import { installDifference } from "../src/Install.mjs"

const lock = (packages: Readonly<Record<string, object>>) => ({ packages: { "": { name: "onhand" }, ...packages } })

const effect = { "node_modules/effect": { version: "4.1.0", integrity: "sha512-a" } }
const foreign = { "node_modules/@esbuild/aix": { version: "1.0.0", optional: true } }
const core = { "packages/core": { version: "0.0.0" }, "node_modules/@onhand/core": { link: true } }

describe("the install", () => {
  const cases: ReadonlyArray<[string, object, object | undefined, string | undefined]> = [
    ["nothing is installed", lock(effect), undefined, "nothing is installed yet"],
    ["everything is there", lock({ ...effect, ...core }), lock({ ...effect, ...core }), undefined],
    ["an optional package is for another platform", lock({ ...effect, ...foreign }), lock(effect), undefined],
    ["a package is new", lock({ ...effect, ...core }), lock(effect), "node_modules/@onhand/core is missing"],
    [
      "a package has another version",
      lock(effect),
      lock({ "node_modules/effect": { version: "4.0.0", integrity: "sha512-b" } }),
      "node_modules/effect is not at the locked version"
    ],
    [
      "a package has other content",
      lock(effect),
      lock({ "node_modules/effect": { version: "4.1.0", integrity: "sha512-b" } }),
      "node_modules/effect is not at the locked version"
    ]
  ]
  for (const [when, wanted, installed, difference] of cases) {
    it(`${difference === undefined ? "is left alone" : "is done again"} when ${when}`, () =>
      assert.strictEqual(installDifference(wanted, installed), difference))
  }
})
