import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { eventNames } from "@onhand/core"
import { afterAll, beforeAll } from "vitest"
import { type CodeBlock, codeBlocks, excerpts } from "./DocumentationCode.ts"
import { readTree, treeOf } from "./SourceTree.ts"

const repository = fileURLToPath(new URL("..", import.meta.url))

// Inside the repository, so that the blocks find its packages; ignored by git and the other tests.
const folder = `${repository}test/.generated/docs-${process.pid}`

const fileName = ({ page, line }: CodeBlock): string => `${page.replace(/\.md$/, "").replaceAll("/", "-")}-${line}.ts`

const node = (args: ReadonlyArray<string>) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" })
  return { status, output: `${stdout}${stderr}`.trim() }
}

const write = (block: CodeBlock): void => writeFileSync(`${folder}/${fileName(block)}`, block.code)

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  const settings = { extends: "../../../tsconfig.json", include: ["*.ts"], exclude: [] }
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(settings))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the documentation's code", () => {
  const tree = readTree(repository)
  const blocks = codeBlocks(tree)

  it("compiles", { timeout: 120_000 }, () => {
    for (const block of blocks) write(block)
    writeFileSync(`${folder}/none.ts`, "export {}\n")
    assert.deepStrictEqual(node([`${repository}node_modules/typescript/bin/tsc`, "-p", "."]), { status: 0, output: "" })
  })

  for (const block of blocks.filter((one) => one.runs)) {
    it(`runs: ${block.page}, line ${block.line}`, { timeout: 60_000 }, () => {
      write(block)
      const { status, output } = node(["--conditions=onhand-source", fileName(block)])
      assert.strictEqual(status, 0, output)
    })
  }

  it("is beside a table of all events", () => {
    const page = tree.get("docs/concepts/events.md") ?? ""
    assert.deepStrictEqual(
      eventNames.filter((name) => !page.includes(`\`${name}\``)),
      []
    )
  })

  it("is in the file that it is said to be of", () => {
    const quoted = excerpts(tree)
    assert.isNotEmpty(quoted)
    // A part is set in a page on its own, with the indentation of its own.
    const bare = (text: string) => text.replaceAll(/\s/g, "")
    for (const { page, line, file, code } of quoted) {
      assert.include(bare(tree.get(file) ?? ""), bare(code), `${page}, line ${line}: not so in ${file}`)
    }
  })

  it("is found by its fence, with the line where it begins", () => {
    const page = ["# Start", "", "```ts run", "console.log(1)", "```", "", "```ts", "const x = 1", "```", ""]
    const tree = treeOf({
      "README.md": page.join("\n"),
      "docs/start.md": "```sh\nnpm start\n```\n",
      "docs/guide.md": "```ts of src/main.ts\nmain()\n```\n",
      "docs/internals/architecture.md": "```ts\nlet x = ;\n```\n"
    })
    assert.deepStrictEqual(codeBlocks(tree), [
      { page: "README.md", line: 4, runs: true, code: "console.log(1)\n" },
      { page: "README.md", line: 8, runs: false, code: "const x = 1\n" }
    ])
    assert.deepStrictEqual(excerpts(tree), [{ page: "docs/guide.md", line: 2, file: "src/main.ts", code: "main()\n" }])
  })
})
