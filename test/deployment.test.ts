// The deployment files: what they say is held against what the server does, and the image's layout is run as it is in a
// container: by a user without rights, from files that nobody may write.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { createDatabase } from "./PostgresDatabase.ts"
import { noReadOnlyRoot, spawnOnReadOnlyRoot } from "./ReadOnlyRoot.ts"

const repository = fileURLToPath(new URL("..", import.meta.url))
const read = (file: string): string => readFileSync(join(repository, file), "utf8")

// biome-ignore lint/suspicious/noExplicitAny: a document of YAML is what it is, and the test says what it must be
type Document = any

const dockerfile = read("Dockerfile")
const compose: Document = parse(read("compose.yaml"))
const documents: ReadonlyArray<Document> = globSync("deploy/kubernetes/*.yaml", { cwd: repository }).flatMap((file) =>
  parseAllDocuments(read(file)).map((document) => {
    assert.deepStrictEqual(document.errors, [], file)
    return document.toJS()
  })
)
const one = (kind: string): Document => {
  const found = documents.filter((document) => document.kind === kind)
  assert.strictEqual(found.length, 1, kind)
  return found[0]
}

/** The image's user, as the Dockerfile names it. */
const USER = 10_001

describe("the Dockerfile", () => {
  it("builds on the Node.js of the workspace, from the lockfile, and ends without root", () => {
    const { devDependencies } = JSON.parse(read("package.json"))
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
    assert.deepStrictEqual(new Set(bases), new Set([`node:${devDependencies.node}-bookworm-slim`]))
    assert.match(dockerfile, /RUN npm install --no-save --omit=dev --ignore-scripts --workspace=onhand\n/)
    assert.include(dockerfile, "COPY --from=build /app/package.json /app/package-lock.json ./\n")
    assert.include(dockerfile, `\nUSER ${USER}:${USER}\n`)
    assert.isAbove(dockerfile.indexOf("ENTRYPOINT"), dockerfile.indexOf("USER "))
    assert.include(dockerfile, "STOPSIGNAL SIGTERM")
    assert.include(dockerfile, "/health/ready")
  })

  it("asks npm for nothing that npm refuses to do with this lockfile", () => {
    // `npm ci` wants the optional packages of every platform to be in it.
    const places: Readonly<Record<string, { readonly optionalDependencies?: object }>> = JSON.parse(
      read("package-lock.json")
    ).packages
    const optional = Object.values(places).flatMap((one) => Object.keys(one.optionalDependencies ?? {}))
    const isWhole = optional.every((name) => Object.keys(places).some((place) => place.endsWith(`/${name}`)))
    const commands = [dockerfile, read(".github/workflows/ci.yml")].join("\n").match(/^\W*RUN .*|- run: .*/gm) ?? []
    assert.isNotEmpty(commands)
    if (!isWhole) for (const command of commands) assert.notMatch(command, /npm ci/)
  })

  it("is built and run by the build server, which has Docker", () => {
    const { steps } = parse(read(".github/workflows/ci.yml")).jobs.image
    const commands: ReadonlyArray<string> = steps.map(({ run = "" }: { readonly run?: string }) => run)
    assert.include(commands, "docker build --tag onhand .")
    assert.isTrue(commands.some((run) => /^docker run .*--read-only --tmpfs \/tmp /.test(run)))
  })

  it("takes nothing into the image that is secret or of this machine", () => {
    const ignored = read(".dockerignore").split("\n")
    for (const name of [".git", ".onhand", "secrets", "**/node_modules"]) assert.include(ignored, name)
    assert.notMatch(dockerfile, /password|_SECRET=|DATABASE_URL=/i)
  })
})

describe("compose.yaml", () => {
  it("gives secrets as files, keeps the database's data, and starts the server when the database answers", () => {
    const { onhand, db } = compose.services
    assert.deepStrictEqual(onhand.depends_on.db, { condition: "service_healthy" })
    assert.isTrue(onhand.read_only)
    assert.deepStrictEqual(onhand.cap_drop, ["ALL"])
    assert.notProperty(db, "ports")
    assert.isNotEmpty(db.healthcheck.test)
    assert.deepStrictEqual(db.volumes, ["database:/var/lib/postgresql"])
    for (const service of [onhand, db]) {
      for (const name of service.secrets) assert.property(compose.secrets, name)
      for (const [name, value] of Object.entries(service.environment as Record<string, string>)) {
        if (/PASSWORD|SECRET|URL/.test(name)) assert.match(`${name}=${value}`, /_FILE=\/run\/secrets\//)
      }
    }
    assert.isAbove(Number.parseInt(onhand.stop_grace_period, 10), 10)
    assert.include(read(".gitignore"), "secrets/")
  })
})

describe("the Kubernetes manifests", () => {
  const { spec } = one("Deployment").spec.template
  const [container] = spec.containers

  it("run the server without any right, and bound what it takes", () => {
    assert.include(spec.securityContext, { runAsNonRoot: true, runAsUser: USER })
    assert.deepStrictEqual(spec.securityContext.seccompProfile, { type: "RuntimeDefault" })
    assert.isFalse(spec.automountServiceAccountToken)
    assert.deepStrictEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] }
    })
    assert.isDefined(container.resources.requests.cpu)
    assert.isDefined(container.resources.limits.memory)
  })

  it("probe what the server answers, and give it the time that it takes to end", () => {
    assert.strictEqual(container.livenessProbe.httpGet.path, "/health/live")
    assert.strictEqual(container.startupProbe.httpGet.path, "/health/live")
    assert.strictEqual(container.readinessProbe.httpGet.path, "/health/ready")
    const [port] = container.ports
    assert.include(dockerfile, `PORT=${port.containerPort}`)
    const drain = 10
    assert.isAbove(spec.terminationGracePeriodSeconds, container.lifecycle.preStop.sleep.seconds + drain)
  })

  it("keep one pod while nodes are drained, and name one and the same server", () => {
    const labels = { "app.kubernetes.io/name": "onhand" }
    assert.deepStrictEqual(one("Service").spec.selector, labels)
    assert.deepStrictEqual(one("PodDisruptionBudget").spec.selector.matchLabels, labels)
    assert.deepStrictEqual(one("NetworkPolicy").spec.podSelector.matchLabels, labels)
    assert.deepStrictEqual(one("Deployment").spec.template.metadata.labels, labels)
    const { scaleTargetRef, minReplicas } = one("HorizontalPodAutoscaler").spec
    assert.include(scaleTargetRef, { kind: "Deployment", name: one("Deployment").metadata.name })
    assert.isAbove(minReplicas, one("PodDisruptionBudget").spec.minAvailable)
    assert.notProperty(one("Deployment").spec, "replicas")
    assert.deepStrictEqual(one("Deployment").spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 })
    const { resources } = one("Kustomization")
    const files = globSync("*.yaml", { cwd: join(repository, "deploy/kubernetes") })
    assert.sameMembers([...resources, "kustomization.yaml"], files)
  })

  it("set what the guide explains, and mount the secrets that they name", () => {
    const guide = read("docs/guides/operate.md")
    const names: ReadonlyArray<string> = [
      ...container.env.map(({ name }: { readonly name: string }) => name),
      ...Object.keys(compose.services.onhand.environment),
      ...[...dockerfile.matchAll(/\b(ONHAND_\w+)=/g)].map(([, name]) => name ?? "")
    ]
    for (const name of names) assert.include(guide, name.replace(/_FILE$/, ""), name)
    const mounted = container.volumeMounts.map(({ mountPath }: { readonly mountPath: string }) => mountPath)
    for (const { name, value } of container.env) {
      if (name.endsWith("_FILE")) assert.include(mounted, dirname(value))
    }
  })
})

/** The packages that `npm install --omit=dev --workspace=onhand` installs, after the lockfile. */
const runtimePlaces = (): ReadonlyArray<string> => {
  const locked = JSON.parse(read("package-lock.json")).packages
  const found = new Set<string>()
  const visit = (place: string): void => {
    if (found.has(place)) return
    found.add(place)
    const { link, resolved, dependencies, optionalDependencies, peerDependencies } = locked[place] ?? {}
    if (link) visit(resolved)
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const inner = `${place}/node_modules/${name}`
      visit(locked[inner] === undefined ? `node_modules/${name}` : inner)
    }
  }
  visit("packages/cli")
  return [...found]
}

/** Lays out what the image has in /app: what the last stage copies, and nothing else. */
const layOut = (app: string): void => {
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(repository, file), join(app, file))
  for (const place of runtimePlaces()) {
    const from = join(repository, place)
    if (!existsSync(from)) continue
    const own = place.startsWith("packages/")
    const filter = (path: string) => !own || !/\/(src|test|bench|node_modules)$/.test(path)
    mkdirSync(dirname(join(app, place)), { recursive: true })
    cpSync(from, join(app, place), { recursive: true, filter, verbatimSymlinks: true })
  }
}

/** What a process prints, and how it ended. */
const watch = (child: ChildProcess) => {
  let printed = ""
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve))
  const ready = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        printed += chunk
        const url = /^ready: (\S+)$/m.exec(printed)?.[1]
        if (url !== undefined) resolve(url)
      })
    }
    void ended.then(() => reject(new Error(`it ended before it was ready:\n${printed}`)))
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  return { ready, ended, printed: () => printed }
}

const ADMIN_PASSWORD = "a password for the test"

/** A server that is used once, and asked to end. */
const useOnce = async (child: ChildProcess): Promise<void> => {
  const { ready, ended, printed } = watch(child)
  const url = await ready
  assert.strictEqual((await fetch(`${url}/health/ready`)).status, 200)
  // The image's own look at its health, as the Dockerfile has it.
  const [, look = "[]"] = /^ +CMD (\[.*\])$/m.exec(dockerfile) ?? []
  const [, ...args]: ReadonlyArray<string> = JSON.parse(look)
  assert.isNotEmpty(args)
  const looked = spawnSync(process.execPath, args, { env: { PORT: new URL(url).port } })
  assert.strictEqual(looked.status, 0, String(looked.stderr))
  const form = new URLSearchParams({ username: "admin@onhand.local", password: ADMIN_PASSWORD })
  assert.strictEqual((await fetch(`${url}/api/v1/auth/login`, { method: "POST", body: form })).status, 200)
  child.kill("SIGTERM")
  assert.strictEqual(await ended, 0, printed())
}

describe("the image's layout", { timeout: 300_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), "onhand-image-"))
  const app = join(root, "app")

  beforeAll(() => {
    const build = spawnSync(process.execPath, [join(repository, "packages/workspace/bin/build.mjs")], {
      cwd: repository,
      encoding: "utf8"
    })
    assert.strictEqual(build.status, 0, build.stdout + build.stderr)
    layOut(app)
    chmodSync(root, 0o755)
    assert.strictEqual(spawnSync("chmod", ["-R", "a-w,a+rX", app]).status, 0)
  }, 300_000)

  afterAll(() => {
    spawnSync("chmod", ["-R", "u+w", root])
    rmSync(root, { recursive: true, force: true })
  })

  it("serves as a user without rights, from files that it cannot write", async () => {
    const env = {
      NODE_ENV: "production",
      DATABASE_URL: await createDatabase(),
      ONHAND_SAMPLE_SHOP: "false",
      ONHAND_ADMIN_PASSWORD: ADMIN_PASSWORD
    }
    const isRoot = process.getuid?.() === 0
    await useOnce(
      spawn(process.execPath, [join(app, "packages/cli/dist/main.js"), "serve", "--port", "0"], {
        cwd: "/",
        env,
        ...(isRoot ? { uid: USER, gid: USER } : {}),
        stdio: ["ignore", "pipe", "pipe"]
      })
    )
  })

  it.skipIf(noReadOnlyRoot !== undefined)(
    `serves with its workers and secrets as compose.yaml says, on a root that is read-only${
      noReadOnlyRoot === undefined ? "" : ` (skipped: ${noReadOnlyRoot})`
    }`,
    async () => {
      const { command, environment } = compose.services.onhand
      const [, settings = ""] = /^ENV (.+)$/m.exec(dockerfile) ?? []
      const [, entry = "[]"] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? []
      const secrets: Readonly<Record<string, string>> = {
        DATABASE_URL_FILE: await createDatabase(),
        ONHAND_SECRET_FILE: "a secret of this test, long enough",
        ONHAND_ADMIN_PASSWORD_FILE: ADMIN_PASSWORD
      }
      assert.sameMembers(Object.keys(environment), Object.keys(secrets))
      const child = spawnOnReadOnlyRoot({
        root,
        files: Object.fromEntries(Object.entries(secrets).map(([name, text]) => [environment[name], text])),
        user: USER,
        command: [...JSON.parse(entry), ...command],
        env: {
          ...Object.fromEntries(settings.split(" ").map((setting) => setting.split("=", 2))),
          ...environment,
          // Any port that is free on this machine.
          PORT: "0"
        }
      })
      await useOnce(child)
    }
  )
})
