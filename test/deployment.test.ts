// The deployment files: what they say is held against what the server does, and the image's layout is run as it is in a
// container: by a user without rights, from files that nobody may write.
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { createDatabase } from "./PostgresDatabase.ts"

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
    assert.match(dockerfile, /npm ci --omit=dev --ignore-scripts/)
    assert.notMatch(dockerfile, /npm install/)
    assert.include(dockerfile, `\nUSER ${USER}:${USER}\n`)
    assert.isAbove(dockerfile.indexOf("ENTRYPOINT"), dockerfile.indexOf("USER "))
    assert.include(dockerfile, "STOPSIGNAL SIGTERM")
    assert.include(dockerfile, "/health/ready")
  })

  it("takes nothing into the image that is secret or of this machine", () => {
    const ignored = read(".dockerignore").split("\n")
    for (const name of [".git", ".onhand", "**/node_modules"]) assert.include(ignored, name)
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

/** The packages that `npm ci --omit=dev --workspace=onhand` installs, after the lockfile. */
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

/** Lays out what the image has in /app. */
const layOut = (app: string): void => {
  for (const place of runtimePlaces()) {
    const from = join(repository, place)
    if (!existsSync(from)) continue
    const own = place.startsWith("packages/")
    const filter = (path: string) => !own || !/\/(src|test|bench|node_modules)$/.test(path)
    mkdirSync(dirname(join(app, place)), { recursive: true })
    cpSync(from, join(app, place), { recursive: true, filter, verbatimSymlinks: true })
  }
}

describe("the image's layout", () => {
  it("serves as a user without rights, from files that it cannot write", { timeout: 300_000 }, async () => {
    const build = spawnSync(process.execPath, [join(repository, "packages/workspace/bin/build.mjs")], {
      cwd: repository,
      encoding: "utf8"
    })
    assert.strictEqual(build.status, 0, build.stdout + build.stderr)
    const app = mkdtempSync(join(tmpdir(), "onhand-image-"))
    onTestFinished(() => {
      spawnSync("chmod", ["-R", "u+w", app])
      rmSync(app, { recursive: true, force: true })
    })
    layOut(app)
    chmodSync(app, 0o755)
    assert.strictEqual(spawnSync("chmod", ["-R", "a-w,a+rX", app]).status, 0)
    const isRoot = process.getuid?.() === 0
    const child = spawn(process.execPath, [join(app, "packages/cli/dist/main.js"), "serve", "--port", "0"], {
      cwd: "/",
      env: {
        NODE_ENV: "production",
        DATABASE_URL: await createDatabase(),
        ONHAND_SAMPLE_SHOP: "false",
        ONHAND_ADMIN_PASSWORD: "a password for the test"
      },
      ...(isRoot ? { uid: USER, gid: USER } : {}),
      stdio: ["ignore", "pipe", "pipe"]
    })
    onTestFinished(() => void child.kill("SIGKILL"))
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve))
    let printed = ""
    const ready = new Promise<string>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          printed += chunk
          const url = /^ready: (\S+)$/m.exec(printed)?.[1]
          if (url !== undefined) resolve(url)
        })
      }
      void ended.then(() => reject(new Error(`it ended before it was ready:\n${printed}`)))
    })
    const url = await ready
    assert.strictEqual((await fetch(`${url}/health/ready`)).status, 200)
    const form = new URLSearchParams({ username: "admin@onhand.local", password: "a password for the test" })
    assert.strictEqual((await fetch(`${url}/api/v1/auth/login`, { method: "POST", body: form })).status, 200)
    child.kill("SIGTERM")
    assert.strictEqual(await ended, 0, printed)
  })
})
