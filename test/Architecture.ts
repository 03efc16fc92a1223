// The arrows between packages: who may import whom. A pure core decides, adapters implement its
// ports and do not know each other, and only the command line and the examples put them together.
import { posix } from "node:path"
import { type Import, importsOf, isCode, manifests, packageOf, type SourceTree } from "./SourceTree.ts"

interface Arrows {
  /** Packages of this repository that it may import. */
  readonly imports: ReadonlyArray<string>
  /** The only other packages it may import; without it, whatever it declares. */
  readonly libraries?: ReadonlyArray<string>
  /** Runs wherever JavaScript does: no `node:` module. */
  readonly anywhere?: true
  /** Keeps to Effect's root modules, whose names begin with a capital; the others may change in any release. */
  readonly stableEffect?: true
}

const adapter: Arrows = { imports: ["@onhand/core"] }

const ARROWS: Readonly<Record<string, Arrows>> = {
  "@onhand/core": { imports: [], libraries: ["effect"], anywhere: true, stableEffect: true },
  "@onhand/testkit": adapter,
  "@onhand/postgres": adapter,
  "@onhand/auth": adapter,
  "@onhand/mail": adapter,
  "@onhand/api": { imports: ["@onhand/core"], libraries: ["effect"], anywhere: true },
  "@onhand/server": { imports: ["@onhand/core", "@onhand/api"] },
  onhand: {
    imports: ["@onhand/core", "@onhand/api", "@onhand/auth", "@onhand/mail", "@onhand/postgres", "@onhand/server"]
  },
  "@onhand/workspace": { imports: [] }
}

const isOurs = (name: string): boolean => name === "onhand" || name.startsWith("@onhand/")

const only = (names: ReadonlyArray<string>): string => (names.length === 0 ? "no package" : `only ${names.join(", ")}`)

/** Why a package may not import the target, or undefined when it may. */
const refusal = (name: string, arrows: Arrows, target: string): string | undefined => {
  if (target.startsWith("node:"))
    return arrows.anywhere ? `${name} runs in browsers too, which have no ${target}` : undefined
  const imported = packageOf(target)
  if (imported === undefined) return undefined
  if (isOurs(imported)) {
    if (imported === name) return `${name} imports itself by name; import the file instead`
    if (arrows.imports.includes(imported)) return undefined
    return `${name} may import ${only(arrows.imports)} of this repository, not ${imported}`
  }
  if (arrows.libraries !== undefined && !arrows.libraries.includes(imported)) {
    return `${name} may import ${only(arrows.libraries)} of other people, not ${imported}`
  }
  if (arrows.stableEffect && imported === "effect" && !/^effect(\/[A-Z]\w*)?$/.test(target)) {
    return `${name} keeps to the stable modules of effect, which ${target} is not`
  }
  return undefined
}

const leavesPackage = (folder: string, { file, target }: Import): boolean =>
  target.startsWith(".") && !posix.join(posix.dirname(file), target).startsWith(`${folder}/`)

const describe = (place: Import, reason: string): string => `${place.file}:${place.line}: ${reason}`

const sourceImports = (tree: SourceTree, folder: string): ReadonlyArray<Import> =>
  [...tree]
    .filter(([path]) => isCode(path) && sourceFolders(folder).some((one) => path.startsWith(one)))
    .flatMap(([path, text]) => importsOf(path, text))

// An example is a program as a whole; of a package only `src` reaches its users.
const sourceFolders = (folder: string): ReadonlyArray<string> =>
  folder.startsWith("examples/") ? [`${folder}/`] : [`${folder}/src/`, `${folder}/bin/`]

/** What breaks an arrow, as `file:line: reason`, or as `folder/package.json: reason` for a wrong declaration. */
export const architectureViolations = (tree: SourceTree): ReadonlyArray<string> => {
  const violations: Array<string> = []
  for (const [folder, manifest] of manifests(tree)) {
    if (!/^(packages|examples)\/[^/]+$/.test(folder)) continue
    const imports = sourceImports(tree, folder)
    for (const one of imports) {
      if (leavesPackage(folder, one))
        violations.push(describe(one, `${one.target} leaves the package; import it by name`))
    }
    const arrows = ARROWS[manifest.name]
    if (folder.startsWith("packages/") && arrows === undefined) {
      violations.push(`${folder}/package.json: write down in test/Architecture.ts what ${manifest.name} may import`)
    }
    for (const one of arrows === undefined ? [] : imports) {
      const reason = refusal(manifest.name, arrows!, one.target)
      if (reason !== undefined) violations.push(describe(one, reason))
    }
    // An example is read with its test, which may need what the program itself does not.
    const forTests = folder.startsWith("examples/") ? manifest.devDependencies : {}
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...forTests }
    const imported = new Set(imports.flatMap((one) => packageOf(one.target) ?? []))
    for (const name of imported) {
      if (name in declared || name === manifest.name) continue
      const where = imports.find((one) => packageOf(one.target) === name)!
      violations.push(describe(where, `${name} is imported but not among the dependencies of ${manifest.name}`))
    }
    for (const name of Object.keys(declared)) {
      if (imported.has(name)) continue
      violations.push(`${folder}/package.json: ${name} is declared, but nothing of ${manifest.name} imports it`)
    }
  }
  return violations
}
