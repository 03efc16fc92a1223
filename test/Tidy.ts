// What a reader may expect of every file: a size that fits the head, a name that says what is inside,
// nothing unfinished, nothing unused, no link that leads nowhere.
import { posix } from "node:path"
import { parseSync, Visitor } from "oxc-parser"
import { isCode, lineAt, type Manifest, manifests, type SourceTree } from "./SourceTree.ts"

const MAX_FILE_LINES = 600
const MAX_FUNCTION_LINES = 70
const MAX_COLUMNS = 120

/** Names that say nothing about what is inside; a file called so becomes a heap. */
const EMPTY_NAMES = new Set([
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "shared",
  "misc",
  "manager",
  "base",
  "types"
])

/** Names in `src` that are not a concept: the public face, the program, a migration in its order. */
const CONCEPTLESS_NAME = /^(index|main)\.(ts|tsx)$|^\d{4}_[a-z0-9_]+\.ts$/

// Written in parts, so that this file does not hold what it forbids.
const UNFINISHED = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`)
const SWITCHED_TESTS = new RegExp(`\\b(it|test|describe)(\\.\\w+)*\\.(${["on" + "ly", "sk" + "ip"].join("|")})\\b`)
const MACHINE_PATH = new RegExp(
  `(^|[\\s"'\`(=])/(${["wo" + "rk", "tm" + "p", "ho" + "me", "ro" + "ot", "Us" + "ers"].join("|")})/\\w`
)

const lines = (text: string): ReadonlyArray<string> => text.replace(/\n$/, "").split("\n")

const inSource = (path: string): boolean => /^packages\/[^/]+\/src\//.test(path)

const sizeViolations = (path: string, text: string): ReadonlyArray<string> => {
  const all = lines(text)
  const found = all.flatMap((line, index) =>
    line.length > MAX_COLUMNS ? [`${path}:${index + 1}: ${line.length} columns, at most ${MAX_COLUMNS}`] : []
  )
  return all.length > MAX_FILE_LINES ? [`${path}: ${all.length} lines, at most ${MAX_FILE_LINES}`, ...found] : found
}

interface Span {
  readonly start: number
  readonly end: number
}

const functionsOf = (path: string, text: string): ReadonlyArray<Span> => {
  const spans: Array<Span> = []
  const add = ({ start, end }: Span): void => {
    spans.push({ start, end })
  }
  const visitor = new Visitor({ FunctionDeclaration: add, FunctionExpression: add, ArrowFunctionExpression: add })
  visitor.visit(parseSync(path, text).program)
  return spans.map(({ start, end }) => ({ start: lineAt(text, start), end: lineAt(text, end) }))
}

// A function is as long as its own lines: one inside it is counted on its own, and here as one line.
const functionViolations = (path: string, text: string): ReadonlyArray<string> => {
  const spans = functionsOf(path, text)
  return spans.flatMap((outer) => {
    const inner = new Set<number>()
    for (const span of spans) {
      if (span === outer || span.start < outer.start || span.end > outer.end) continue
      if (span.start === outer.start && span.end === outer.end) continue
      for (let line = span.start + 1; line <= span.end; line++) inner.add(line)
    }
    const own = outer.end - outer.start + 1 - inner.size
    if (own <= MAX_FUNCTION_LINES) return []
    return [`${path}:${outer.start}: a function of ${own} lines, at most ${MAX_FUNCTION_LINES}`]
  })
}

const nameViolations = (path: string): ReadonlyArray<string> => {
  const empty = path.split("/").find((part) => EMPTY_NAMES.has(part.replace(/\..*$/, "").toLowerCase()))
  if (empty !== undefined) return [`${path}: "${empty}" does not say what is inside`]
  const name = posix.basename(path)
  if (!inSource(path) || !isCode(path) || CONCEPTLESS_NAME.test(name)) return []
  return /^[A-Z][A-Za-z0-9]*\.(ts|tsx|mjs)$/.test(name) ? [] : [`${path}: a concept's file has a PascalCase name`]
}

const wordViolations = (path: string, text: string): ReadonlyArray<string> =>
  lines(text).flatMap((line, index) => {
    const at = `${path}:${index + 1}`
    const word = UNFINISHED.exec(line)?.[1]
    const found = word === undefined ? [] : [`${at}: ${word} is work that is not finished`]
    if (/\.test\.tsx?$/.test(path) && SWITCHED_TESTS.test(line))
      found.push(`${at}: a test that is switched off or alone`)
    if (MACHINE_PATH.test(line)) found.push(`${at}: a path of somebody's machine`)
    return found
  })

const openingViolations = (path: string, text: string): ReadonlyArray<string> =>
  posix.basename(path) === "index.ts" || /^(#!.*\n)?(\/\/|\/\*\*)/.test(text)
    ? []
    : [`${path}: begins with a sentence on what it is`]

/** The source files that users, workers or the command line load first: those built as files of their own. */
const entries = (tree: SourceTree, folder: string, manifest: Manifest): ReadonlyArray<string> => {
  const exported = Object.values(manifest.exports ?? {}).flatMap((one) =>
    typeof one === "string" ? one : (one["onhand-source"] ?? [])
  )
  const built = [...(tree.get(`${folder}/tsup.config.ts`) ?? "").matchAll(/"(src\/[^"]+)"/g)].map((match) => match[1]!)
  return [...exported, ...built].map((path) => posix.join(folder, path))
}

// Any relative path in quotes counts as an edge: imports, but also a worker's `new URL("./Worker.ts", …)`.
const reachable = (tree: SourceTree, first: ReadonlyArray<string>): ReadonlySet<string> => {
  const seen = new Set<string>()
  const queue = [...first]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const text = tree.get(path)
    if (text === undefined || seen.has(path)) continue
    seen.add(path)
    for (const [, target] of text.matchAll(/["'`](\.{1,2}\/[^"'`\s]+)["'`]/g)) {
      const file = posix.join(posix.dirname(path), target!)
      queue.push(file, file.replace(/\.js$/, ".ts"), file.replace(/\.js$/, ".tsx"))
    }
  }
  return seen
}

const deadFiles = (tree: SourceTree): ReadonlyArray<string> =>
  [...manifests(tree)].flatMap(([folder, manifest]) => {
    const sources = [...tree.keys()].filter((path) => path.startsWith(`${folder}/src/`) && isCode(path))
    const commands = [...tree.keys()].filter((path) => path.startsWith(`${folder}/bin/`))
    const used = reachable(tree, [...entries(tree, folder, manifest), ...commands])
    return inSource(`${folder}/src/x`)
      ? sources.filter((path) => !used.has(path)).map((path) => `${path}: nothing that ${manifest.name} offers uses it`)
      : []
  })

const withoutCode = (markdown: string): string =>
  markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "")

/** The anchors GitHub gives a page's headings. */
const anchors = (markdown: string): ReadonlySet<string> =>
  new Set(
    [...markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").matchAll(/^#+ +(.+?)\s*$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/\s/g, "-")
    )
  )

const linkViolations = (tree: SourceTree, path: string, text: string): ReadonlyArray<string> =>
  [...withoutCode(text).matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].flatMap(([, target]) => {
    if (/^[a-z]+:/i.test(target!)) return []
    const [file = "", anchor] = target!.split("#")
    const found = file === "" ? path : posix.join(posix.dirname(path), decodeURIComponent(file)).replace(/\/$/, "")
    const exists = tree.has(found) || [...tree.keys()].some((one) => one.startsWith(`${found}/`))
    if (!exists) return [`${path}: the link to ${target} leads nowhere`]
    const page = tree.get(found)
    if (anchor === undefined || page === undefined || anchors(page).has(anchor)) return []
    return [`${path}: ${file === "" ? "this page" : file} has no heading #${anchor}`]
  })

const isOurs = (name: string): boolean => name === "onhand" || name.startsWith("@onhand/")

/** Every package of other people that some `package.json` asks for. */
const thirdParty = (tree: SourceTree): ReadonlySet<string> =>
  new Set(
    [...manifests(tree).values()]
      .flatMap((one) => Object.keys({ ...one.dependencies, ...one.devDependencies, ...one.peerDependencies }))
      .filter((name) => !isOurs(name))
  )

const DEPENDENCIES_PAGE = "docs/internals/dependencies.md"

const dependencyPageViolations = (tree: SourceTree): ReadonlyArray<string> => {
  const rows = [...(tree.get(DEPENDENCIES_PAGE) ?? "").matchAll(/^\| `([^`]+)` +\|/gm)]
  const justified = new Set(rows.map(([, name]) => name!))
  const used = thirdParty(tree)
  return [
    ...[...used].filter((name) => !justified.has(name)).map((name) => `does not say why ${name} is a dependency`),
    ...[...justified].filter((name) => !used.has(name)).map((name) => `justifies ${name}, which nothing depends on`)
  ].map((reason) => `${DEPENDENCIES_PAGE}: ${reason}`)
}

// A tool is used by an import, in a configuration, or by a script; types through what they describe.
const unusedTools = (tree: SourceTree): ReadonlyArray<string> => {
  const root = manifests(tree).get("")
  const uses = [...tree].filter(
    ([path]) => isCode(path) || (/\.(json|yml)$/.test(path) && !/package(-lock)?\.json$/.test(path))
  )
  const text = [JSON.stringify({ ...root, devDependencies: undefined }), ...uses.map((one) => one[1])].join("\n")
  return Object.keys(root?.devDependencies ?? {}).flatMap((name) => {
    const command = name.replace("@", "").replace("/", "-")
    const used = text.includes(name.replace("@types/", "")) || text.includes(command)
    return used ? [] : [`package.json: nothing uses ${name}`]
  })
}

// A gap would make readers look for the one that is missing.
const decisionGaps = (tree: SourceTree): ReadonlyArray<string> =>
  [...tree.keys()]
    .filter((path) => /^docs\/internals\/decisions\/\d/.test(path))
    .sort()
    .flatMap((path, index) => {
      const number = String(index + 1)
      const name = posix.basename(path).startsWith(`${number.padStart(4, "0")}-`)
      if (name && tree.get(path)?.startsWith(`# ${number}. `)) return []
      return [`${path}: is decision ${number}, by its name and heading, or leaves a gap`]
    })

/** What is untidy in the tree, as `file: reason` or `file:line: reason`. */
export const tidyViolations = (tree: SourceTree): ReadonlyArray<string> => {
  const files = [...tree].filter(([path]) => path !== "package-lock.json" && !path.startsWith("docs/reference/"))
  const perFile = files.flatMap(([path, text]) => [
    ...nameViolations(path),
    ...wordViolations(path, text),
    ...(isCode(path) ? [...sizeViolations(path, text), ...functionViolations(path, text)] : []),
    ...(inSource(path) && isCode(path) ? openingViolations(path, text) : []),
    ...(path.endsWith(".md") ? linkViolations(tree, path, text) : [])
  ])
  return [
    ...perFile,
    ...deadFiles(tree),
    ...dependencyPageViolations(tree),
    ...unusedTools(tree),
    ...decisionGaps(tree)
  ]
}
