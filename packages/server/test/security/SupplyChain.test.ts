// Security check 74: what other people's code comes with the server, and that nobody can exchange it unnoticed.
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"

interface Locked {
  readonly integrity?: string
  readonly link?: boolean
  readonly resolved?: string
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

const file = new URL("../../../../package-lock.json", import.meta.url)
const locked: Readonly<Record<string, Locked>> = JSON.parse(readFileSync(file, "utf8")).packages

/** Where a package that another one asks for lies: beside it, or in a folder above. */
const placeOf = (from: string, name: string): string => {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`
    if (locked[place] !== undefined || folder === "") return place
    if (!folder.includes("/node_modules/")) return `node_modules/${name}`
  }
}

/** Everything that is installed with `npm install onhand`. */
const installed = (): ReadonlyArray<string> => {
  const found = new Set<string>()
  const visit = (place: string): void => {
    if (found.has(place)) return
    found.add(place)
    const { link, resolved, dependencies } = locked[place] ?? {}
    if (link && resolved !== undefined) visit(resolved)
    for (const name of Object.keys(dependencies ?? {})) visit(placeOf(place, name))
  }
  visit("packages/cli")
  return [...found]
}

const isForeign = (place: string): boolean => place.startsWith("node_modules/") && !locked[place]?.link

describe("check 74: the code of other people", () => {
  it("is locked by the hash of its content, every package of it", () => {
    const foreign = Object.keys(locked).filter((place) => place.includes("node_modules/") && !locked[place]?.link)
    assert.isAbove(foreign.length, 100)
    for (const place of foreign) assert.match(locked[place]?.integrity ?? "", /^sha512-/, place)
  })

  it("runs nothing while it is installed with the server, and is little", () => {
    const foreign = installed().filter(isForeign)
    assert.include(foreign, "node_modules/effect")
    assert.deepStrictEqual(
      foreign.filter((place) => locked[place]?.hasInstallScript),
      []
    )
    assert.isBelow(foreign.length, 60, foreign.join("\n"))
  })
})
