import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { readTree, treeOf } from "./SourceTree.ts"
import { tidyViolations } from "./Tidy.ts"

const repository = fileURLToPath(new URL("..", import.meta.url))

const core = { name: "@onhand/core", exports: { ".": { "onhand-source": "./src/index.ts" } } }

/** A tidy package whose `index.ts` offers `Cart.ts`, changed by the given files. */
const changed = (files: Readonly<Record<string, string | object>>) =>
  treeOf({
    "packages/core/package.json": core,
    "packages/core/src/index.ts": `export * from "./Cart.ts"\n`,
    "packages/core/src/Cart.ts": "// A cart.\nexport const cart = 0\n",
    ...files
  })

const statements = (count: number): string => "  count()\n".repeat(count)

// In parts, so that this file itself stays tidy.
const toDo = ["TO", "DO"].join("")
const only = ["on", "ly"].join("")
const machine = ["", "home", "ann", "onhand"].join("/")

/** What is untidy, the files that make the tree so, and the violations found. */
const broken: ReadonlyArray<[string, Parameters<typeof changed>[0], ReadonlyArray<string>]> = [
  [
    "a file that is too long",
    { "packages/core/src/Cart.ts": `// A cart.\n${"count()\n".repeat(600)}` },
    ["packages/core/src/Cart.ts: 601 lines, at most 600"]
  ],
  [
    "a line that is too wide",
    { "packages/core/src/Cart.ts": `// A cart.\nexport const cart = "${"x".repeat(120)}"\n` },
    ["packages/core/src/Cart.ts:2: 142 columns, at most 120"]
  ],
  [
    "a function that is too long",
    { "packages/core/src/Cart.ts": `// A cart.\nexport const cart = () => {\n${statements(69)}}\n` },
    ["packages/core/src/Cart.ts:2: a function of 71 lines, at most 70"]
  ],
  [
    "a method that is too long",
    { "packages/core/src/Cart.ts": `// A cart.\nexport class Cart {\n  add() {\n${statements(69)}  }\n}\n` },
    ["packages/core/src/Cart.ts:3: a function of 71 lines, at most 70"]
  ],
  [
    "a name that says nothing",
    { "packages/core/test/utils.ts": "" },
    [`packages/core/test/utils.ts: "utils.ts" does not say what is inside`]
  ],
  [
    "a folder that says nothing",
    { "docs/misc/start.md": "" },
    [`docs/misc/start.md: "misc" does not say what is inside`]
  ],
  [
    "a concept's file without its name",
    {
      "packages/core/src/index.ts": `export * from "./Cart.ts"\nexport * from "./cart-line.ts"\n`,
      "packages/core/src/cart-line.ts": "// A line."
    },
    ["packages/core/src/cart-line.ts: a concept's file has a PascalCase name"]
  ],
  [
    "a file that does not say what it is",
    { "packages/core/src/Cart.ts": "export const cart = 0\n" },
    ["packages/core/src/Cart.ts: begins with a sentence on what it is"]
  ],
  [
    "unfinished work",
    { "docs/start.md": `# Start\n\n${toDo}: write\n` },
    [`docs/start.md:3: ${toDo} is work that is not finished`]
  ],
  [
    "a test that runs alone",
    { "packages/core/test/Cart.test.ts": `it.${only}("adds", () => {})\n` },
    ["packages/core/test/Cart.test.ts:1: a test that is switched off or alone"]
  ],
  [
    "a path of somebody's machine",
    { "docs/start.md": `cd ${machine}\n` },
    ["docs/start.md:1: a path of somebody's machine"]
  ],
  [
    "a file nothing uses",
    { "packages/core/src/Order.ts": `// An order.\nimport "./Cart.ts"\n` },
    ["packages/core/src/Order.ts: nothing that @onhand/core offers uses it"]
  ],
  [
    "a link that leads nowhere",
    { "docs/start.md": "See [carts](concepts/carts.md) and [the web](https://example.org/carts.md).\n" },
    ["docs/start.md: the link to concepts/carts.md leads nowhere"]
  ],
  [
    "a link to a heading that is gone",
    { "docs/start.md": "# Start\n\nSee [below](#later) and [above](#start).\n" },
    ["docs/start.md: this page has no heading #later"]
  ],
  [
    "a dependency without a reason",
    { "packages/core/package.json": { ...core, dependencies: { lodash: "1.0.0" } } },
    ["docs/internals/dependencies.md: does not say why lodash is a dependency"]
  ],
  [
    "a reason without a dependency",
    { "docs/internals/dependencies.md": "| `lodash` | sorts |\n" },
    ["docs/internals/dependencies.md: justifies lodash, which nothing depends on"]
  ],
  [
    "a decision that is numbered after none",
    {
      "docs/internals/decisions/0001-lanes.md": "# 1. Lanes\n",
      "docs/internals/decisions/0003-heads.md": "# 3. Heads\n"
    },
    ["docs/internals/decisions/0003-heads.md: is decision 2, by its name and heading, or leaves a gap"]
  ],
  [
    "a decision with another's number",
    { "docs/internals/decisions/0001-lanes.md": "# 2. Lanes\n" },
    ["docs/internals/decisions/0001-lanes.md: is decision 1, by its name and heading, or leaves a gap"]
  ],
  [
    "a tool nothing uses",
    {
      "package.json": { name: "onhand-workspace", devDependencies: { prettier: "1.0.0" } },
      "docs/internals/dependencies.md": "| `prettier` | formats |\n"
    },
    ["package.json: nothing uses prettier"]
  ]
]

describe("the tidy rules", () => {
  it("hold in this repository", () => {
    const tree = readTree(repository)
    assert.isTrue(tree.has("packages/core/src/index.ts"), "the tree was read")
    assert.deepStrictEqual(tidyViolations(tree), [])
  })

  it("are content with a tidy tree", () => assert.deepStrictEqual(tidyViolations(changed({})), []))

  for (const [what, files, messages] of broken) {
    it(`find ${what}`, () => assert.deepStrictEqual(tidyViolations(changed(files)), messages))
  }

  it("count a function without those inside it, which are counted on their own", () => {
    const inner = `  const inner = () => {\n${statements(60)}  }\n`
    const text = `// A cart.\nexport const cart = () => {\n${inner}${statements(60)}}\n`
    assert.deepStrictEqual(tidyViolations(changed({ "packages/core/src/Cart.ts": text })), [])
  })

  it("know a worker that is built as a file of its own", () => {
    const files = {
      "packages/core/tsup.config.ts": `export default { entry: ["src/index.ts", "src/Worker.ts"] }\n`,
      "packages/core/src/Worker.ts": "// The worker."
    }
    assert.deepStrictEqual(tidyViolations(changed(files)), [])
  })
})
