// Where things are in this repository, and how its commands speak. Plain JavaScript without
// dependencies, because it runs before anything is installed, on any Node.js from 20 on.
import { fileURLToPath } from "node:url"

/** The repository's top folder, without a trailing slash. */
export const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/[\\/]$/, "")

/** What the commands remember between runs; a new install may empty it, which is always safe. */
export const cacheFolder = `${root}/node_modules/.cache/onhand`

/** Tells the person at the terminal what is being done; on stderr, so that stdout stays the command's own. */
export const say = (message) => process.stderr.write(`onhand: ${message}\n`)

/** Ends the command with a reason; a person has to act, so no stack trace. */
export const giveUp = (message) => {
  say(message)
  process.exit(1)
}
