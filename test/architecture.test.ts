import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { architectureViolations } from "./Architecture.ts"
import { readTree, treeOf } from "./SourceTree.ts"

const repository = fileURLToPath(new URL("..", import.meta.url))

/** A tree of one package with one file, `Cart.ts`, that holds the given text. */
const onePackage = (name: string, text: string, dependencies: ReadonlyArray<string>, folder = "packages/one") =>
  treeOf({
    [`${folder}/package.json`]: { name, dependencies: Object.fromEntries(dependencies.map((one) => [one, "1.0.0"])) },
    [`${folder}/src/Cart.ts`]: text
  })

/** What breaks an arrow, the package that does so, and the violations found, without its folder. */
const broken: ReadonlyArray<[string, Parameters<typeof onePackage>, ReadonlyArray<string>]> = [
  [
    "core imports an adapter",
    ["@onhand/core", `import { Store } from "@onhand/postgres"`, ["@onhand/postgres"]],
    ["src/Cart.ts:1: @onhand/core may import no package of this repository, not @onhand/postgres"]
  ],
  [
    "core imports Node.js",
    ["@onhand/core", `const now = 1\nimport { readFile } from "node:fs"`, []],
    ["src/Cart.ts:2: @onhand/core runs in browsers too, which have no node:fs"]
  ],
  [
    "core imports a library besides effect",
    ["@onhand/core", `export * from "lodash/fp"`, ["lodash"]],
    ["src/Cart.ts:1: @onhand/core may import only effect of other people, not lodash"]
  ],
  [
    "core imports an unstable module of effect",
    ["@onhand/core", `import * as Sql from "effect/sql"\nimport { Effect } from "effect"`, ["effect"]],
    ["src/Cart.ts:1: @onhand/core keeps to the stable modules of effect, which effect/sql is not"]
  ],
  [
    "core imports an unstable module only for its types",
    ["@onhand/core", `import type { SqlClient } from "effect/sql/SqlClient"`, ["effect"]],
    ["src/Cart.ts:1: @onhand/core keeps to the stable modules of effect, which effect/sql/SqlClient is not"]
  ],
  [
    "the contract imports Node.js",
    ["@onhand/api", `const fs = await import("node:fs/promises")`, []],
    ["src/Cart.ts:1: @onhand/api runs in browsers too, which have no node:fs/promises"]
  ],
  [
    "the contract imports the server",
    ["@onhand/api", `import { layer } from "@onhand/server"`, ["@onhand/server"]],
    ["src/Cart.ts:1: @onhand/api may import only @onhand/core of this repository, not @onhand/server"]
  ],
  [
    "one adapter imports another",
    ["@onhand/auth", `import { Store } from "@onhand/postgres"`, ["@onhand/postgres"]],
    ["src/Cart.ts:1: @onhand/auth may import only @onhand/core of this repository, not @onhand/postgres"]
  ],
  [
    "the server imports a store",
    ["@onhand/server", `import { Store } from "@onhand/postgres"`, ["@onhand/postgres"]],
    ["src/Cart.ts:1: @onhand/server may import only @onhand/core, @onhand/api of this repository, not @onhand/postgres"]
  ],
  [
    "the testkit imports a store",
    ["@onhand/testkit", `import { Store } from "@onhand/postgres"`, ["@onhand/postgres"]],
    ["src/Cart.ts:1: @onhand/testkit may import only @onhand/core of this repository, not @onhand/postgres"]
  ],
  [
    "a package imports itself by name",
    ["@onhand/core", `import { Cart } from "@onhand/core"`, []],
    ["src/Cart.ts:1: @onhand/core imports itself by name; import the file instead"]
  ],
  [
    "a file reaches into another package's folder",
    ["@onhand/auth", `import { Cart } from "../../core/src/Cart.ts"`, []],
    ["src/Cart.ts:1: ../../core/src/Cart.ts leaves the package; import it by name"]
  ],
  [
    "a package imports what it does not declare",
    ["@onhand/auth", `import { jwtVerify } from "jose"`, []],
    ["src/Cart.ts:1: jose is imported but not among the dependencies of @onhand/auth"]
  ],
  [
    "a package declares what it does not import",
    ["@onhand/auth", "export const nothing = 0", ["jose"]],
    ["package.json: jose is declared, but nothing of @onhand/auth imports it"]
  ],
  [
    "a new package has no arrows",
    ["@onhand/new", "export const nothing = 0", []],
    ["package.json: write down in test/Architecture.ts what @onhand/new may import"]
  ],
  [
    "an example imports what it does not declare",
    ["example-one", `import { layer } from "@onhand/postgres"`, [], "examples/01-one"],
    ["src/Cart.ts:1: @onhand/postgres is imported but not among the dependencies of example-one"]
  ]
]

describe("the arrows between packages", () => {
  it("hold in this repository", () => {
    const tree = readTree(repository)
    assert.isTrue(tree.has("packages/core/src/index.ts"), "the tree was read")
    assert.deepStrictEqual(architectureViolations(tree), [])
  })

  for (const [what, fixture, violations] of broken) {
    it(`are broken when ${what}`, () => {
      const folder = fixture[3] ?? "packages/one"
      assert.deepStrictEqual(
        architectureViolations(onePackage(...fixture)),
        violations.map((one) => `${folder}/${one}`)
      )
    })
  }

  it("let the command line and the examples put everything together", () => {
    const everything = ["@onhand/postgres", "@onhand/auth", "@onhand/server"]
    const text = everything.map((name, index) => `import * as M${index} from "${name}"`).join("\n")
    for (const [name, folder] of [
      ["onhand", "packages/cli"],
      ["example-one", "examples/01-one"]
    ] as const) {
      assert.deepStrictEqual(architectureViolations(onePackage(name, text, everything, folder)), [])
    }
  })
})
