// The TypeScript in the documentation: every block fenced as `ts` compiles, one fenced as `ts run` is a
// program that a reader may paste and run, and one fenced as `ts of <file>` is a part of that file.
import type { SourceTree } from "./SourceTree.ts"

/** One fenced block. `page` and `line` say where its first line of code stands. */
export interface CodeBlock {
  readonly page: string
  readonly line: number
  readonly runs: boolean
  readonly code: string
}

// Internal pages quote code to explain it; users neither see nor paste it.
const isForReaders = (path: string): boolean =>
  path === "README.md" || (/^docs\/.*\.md$/.test(path) && !path.startsWith("docs/internals/"))

const blocksOf = (page: string, text: string): ReadonlyArray<CodeBlock> =>
  [...text.matchAll(/^```ts( run)?[ \t]*\n([\s\S]*?)^```[ \t]*$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length + 1,
    runs: match[1] !== undefined,
    code: match[2]!
  }))

/** The blocks of every page for readers, in the order they are read. */
export const codeBlocks = (tree: SourceTree): ReadonlyArray<CodeBlock> =>
  [...tree].filter(([path]) => isForReaders(path)).flatMap(([path, text]) => blocksOf(path, text))

/** A part of a file of this repository that a page quotes. */
export interface Excerpt {
  readonly page: string
  readonly line: number
  readonly file: string
  readonly code: string
}

/** Every quoted part of a file, on the pages for readers. */
export const excerpts = (tree: SourceTree): ReadonlyArray<Excerpt> =>
  [...tree]
    .filter(([path]) => isForReaders(path))
    .flatMap(([page, text]) =>
      [...text.matchAll(/^```ts of (\S+)[ \t]*\n([\s\S]*?)^```[ \t]*$/gm)].map((match) => ({
        page,
        line: text.slice(0, match.index).split("\n").length + 1,
        file: match[1]!,
        code: match[2]!
      }))
    )

/** The README's first program: what a stranger pastes into an empty project. */
export const firstProgram = (tree: SourceTree): string | undefined =>
  codeBlocks(tree).find((block) => block.page === "README.md" && block.runs)?.code
