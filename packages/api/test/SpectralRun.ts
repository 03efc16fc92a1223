// Lints the OpenAPI document that comes on standard input by Spectral's recommended rules, and prints what it finds. It
// is a process of its own: under the tests' way of resolving modules, one of Spectral's dependencies does not load.
import { text } from "node:stream/consumers"
import spectral from "@stoplight/spectral-core"
import rulesets from "@stoplight/spectral-rulesets"

const linter = new spectral.Spectral()
// Its own types say less of the ruleset than the linter's type wants to know.
linter.setRuleset(rulesets.oas as never)
const found = await linter.run(await text(process.stdin))
process.stdout.write(JSON.stringify(found.map(({ code, path }) => `${code}: ${path.join(" ")}`)))
