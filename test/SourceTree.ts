// The repository as plain data: a map from path to text. What holds for the tree (architecture, tidiness)
// is a pure function over it, so that the same function is shown to fail on small broken trees.
import { readdirSync, readFileSync } from "node:fs"
import { extname, posix } from "node:path"
import { parseSync } from "oxc-parser"

/** Texts by path relative to the repository's top, with `/`. A file that is not text has an empty one. */
export type SourceTree = ReadonlyMap<string, string>

/** What a package's `package.json` says, as far as the rules read it. */
export interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** One import or re-export of a file. */
export interface Import {
  readonly file: string
  readonly line: number
  readonly target: string
}

const GENERATED = new Set(["node_modules", "dist", ".git", ".onhand", "coverage", ".generated"])

const TEXT = new Set(
  [
    ".ts",
    ".tsx",
    ".mjs",
    ".js",
    ".json",
    ".md",
    ".yml",
    ".yaml",
    ".sh",
    ".css",
    ".html",
    ".sql",
    ".toml",
    ".svg"
  ].concat(".txt")
)

const isText = (path: string): boolean => TEXT.has(extname(path)) || !posix.basename(path).slice(1).includes(".")

/** Reads the tree under a folder, without what is installed or generated. */
export const readTree = (folder: string): SourceTree => {
  const tree = new Map<string, string>()
  const walk = (under: string): void => {
    for (const entry of readdirSync(`${folder}/${under}`, { withFileTypes: true })) {
      const path = under === "" ? entry.name : `${under}/${entry.name}`
      if (entry.isDirectory() && !GENERATED.has(entry.name)) walk(path)
      if (entry.isFile()) tree.set(path, isText(path) ? readFileSync(`${folder}/${path}`, "utf8") : "")
    }
  }
  walk("")
  return tree
}

/** A small tree written in a test. */
export const treeOf = (files: Readonly<Record<string, string | object>>): SourceTree =>
  new Map(Object.entries(files).map(([path, text]) => [path, typeof text === "string" ? text : JSON.stringify(text)]))

/** Whether the path is source code of ours, in any folder. */
export const isCode = (path: string): boolean => /\.(ts|tsx|mjs)$/.test(path)

/** The folders with a `package.json`, such as `packages/core`, and what it says; the top folder is ``. */
export const manifests = (tree: SourceTree): ReadonlyMap<string, Manifest> =>
  new Map(
    [...tree]
      .filter(([path]) => posix.basename(path) === "package.json")
      .map(([path, text]) => [path === "package.json" ? "" : posix.dirname(path), JSON.parse(text) as Manifest])
  )

/** The 1-based line of a character offset. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length

/** Every import, re-export and `import()` with a constant target, types included. */
export const importsOf = (path: string, text: string): ReadonlyArray<Import> => {
  const { module } = parseSync(path, text)
  const found = [
    ...module.staticImports.map((one) => one.moduleRequest),
    ...module.staticExports.flatMap((one) => one.entries.flatMap((entry) => entry.moduleRequest ?? [])),
    ...module.dynamicImports.map((one) => {
      const { start, end } = one.moduleRequest
      return { start, value: text.slice(start, end).replace(/^["'`]|["'`]$/g, "") }
    })
  ]
  return found.map(({ start, value }) => ({ file: path, line: lineAt(text, start), target: value }))
}

/** `@onhand/core` of `@onhand/core/x`, `effect` of `effect/Option`; undefined for relative and `node:` targets. */
export const packageOf = (target: string): string | undefined =>
  /^[./]|^node:/.test(target) ? undefined : /^(@[^/]+\/)?[^/]+/.exec(target)?.[0]
