// Packs built packages into the tarballs that npm would publish.
import { spawnSync } from "node:child_process"
import { giveUp } from "./Root.mjs"

/** Packs each package that is published into `folder`; answers `{ name, tarball }` with absolute paths. */
export function pack(all, folder) {
  return all
    .filter((one) => !one.private)
    .map(({ name, folder: packageFolder }) => {
      const result = spawnSync("npm", ["pack", "--json", "--loglevel=error", "--pack-destination", folder], {
        cwd: packageFolder,
        encoding: "utf8"
      })
      if (result.status !== 0) giveUp(`npm pack failed for ${name}\n${result.stderr}`)
      return { name, tarball: `${folder}/${name.replace("@", "").replace("/", "-")}-${versionIn(result.stdout)}.tgz` }
    })
}

// npm 10 answers a list, npm 11 and later an object keyed by package name.
const versionIn = (answer) => Object.values(JSON.parse(answer))[0].version
