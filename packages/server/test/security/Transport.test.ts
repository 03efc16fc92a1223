// Security checks 53 to 61: quotas, proxies, broken HTTP, slow clients, headers and origins.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { get } from "node:https"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { parseList } from "structured-headers"
import { type ListeningServer, startListening } from "../ListeningServer.ts"

let server: ListeningServer
let token: string

beforeAll(async () => {
  server = await startListening({ settings: { origins: ["https://shop.example.com"] } })
  token = await server.signIn()
})
afterAll(() => server.stop())

const bearer = () => ({ authorization: `Bearer ${token}` })

describe("check 53: a quota", () => {
  it("of an address is told with every reply, and what is above it is refused", async () => {
    const small = await startListening({ settings: { requestsPerMinute: { user: 1_000, address: 5 } } })
    const statuses: Array<number> = []
    let last: Response | undefined
    for (let index = 0; index < 7; index++) {
      last = await fetch(`${small.url}/openapi.json`)
      statuses.push(last.status)
      await last.arrayBuffer()
    }
    assert.deepStrictEqual(statuses.slice(-2), [429, 429])
    assert.strictEqual(last?.headers.get("content-type"), "application/problem+json")
    const [policy] = parseList(last?.headers.get("ratelimit-policy") ?? "")
    assert.deepStrictEqual(policy, ["address", new Map(Object.entries({ q: 5, w: 60 }))])
    const [standing] = parseList(last?.headers.get("ratelimit") ?? "")
    assert.strictEqual(standing?.[0], "address")
    assert.strictEqual(standing?.[1].get("r"), 0)
    const seconds = Number(last?.headers.get("retry-after"))
    assert.isTrue(seconds >= 1 && seconds <= 60)
    assert.strictEqual(standing?.[1].get("t"), seconds)
    assert.strictEqual((await fetch(`${small.url}/health/live`)).status, 200, "probes are not counted")
    await small.stop()
  })

  it("of a user is another one, and guessed tokens count for the address", async () => {
    const small = await startListening({ settings: { requestsPerMinute: { user: 3, address: 4 } } })
    const own = { authorization: `Bearer ${await small.signIn()}` }
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${small.url}/api/v1/users/me`, { headers })).status
    assert.deepStrictEqual([await ask(own), await ask(own), await ask(own), await ask(own)], [200, 200, 200, 429])
    const guessed = { authorization: "Bearer guessed" }
    assert.deepStrictEqual([await ask(guessed), await ask(guessed), await ask(guessed)], [401, 401, 401])
    assert.deepStrictEqual([await ask(guessed), await ask({})], [429, 429])
    await small.stop()
  })
})

describe("check 54: an address that somebody claims", () => {
  const addressSeen = async (listening: ListeningServer, forwarded: string) => {
    const reply = await fetch(`${listening.url}/api/v1/users/me`, {
      headers: { "x-forwarded-for": forwarded, "x-user-id": "admin", "x-real-ip": "9.9.9.9" }
    })
    assert.strictEqual(reply.status, 401)
    return listening.entries.at(-1)?.address
  }

  it("is ignored unless a configured proxy says it", async () => {
    assert.strictEqual(await addressSeen(server, "203.0.113.9"), "127.0.0.1")
  })

  it("is believed of a configured proxy, and only what that proxy itself saw", async () => {
    const behind = await startListening({ settings: { trustedProxies: ["127.0.0.0/8", "10.0.0.0/8"] } })
    assert.strictEqual(await addressSeen(behind, "6.6.6.6, 203.0.113.9, 10.1.2.3"), "203.0.113.9")
    await behind.stop()
  })
})

describe("check 55: HTTP that two readers read in two ways", () => {
  const post = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
  const json = "POST /api/v1/auth/login-json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

  it.each([
    ["a length and chunks", `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["two lengths", `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
    ["a folded header", `${post}X-A: 1\r\n folded\r\nContent-Length: 0\r\n\r\n`],
    ["bare line feeds", "GET /health/live HTTP/1.1\nHost: x\n\n"],
    ["a space before the colon", `${post}Content-Length : 0\r\n\r\n`],
    ["no host", "GET /health/live HTTP/1.1\r\n\r\n"],
    ["an unknown method", "FOO /health/live HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["chunks with another size than they say", `${json}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`]
  ])("is refused and the connection closed: %s", async (_, request) => {
    const answer = await server.raw(request)
    assert.match(answer.text, /^HTTP\/1\.1 400 /, answer.text)
    assert.isTrue(answer.closed)
    assert.notMatch(answer.text, /HTTP\/1\.1 [25]/)
  })

  it("is refused with 431 when its headers never end", async () => {
    const answer = await server.raw(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(64 * 1024)}\r\n\r\n`)
    assert.match(answer.text, /^HTTP\/1\.1 431 /)
    assert.isTrue(answer.closed)
  })
})

describe("check 56: a client that is slow on purpose", () => {
  /** Fifty clients that send a beginning, then byte after byte; what each is told before it is cut off. */
  const slowClients = (port: number, beginning: string, byte: string) =>
    Array.from({ length: 50 }, () => {
      const socket = connect(port, "127.0.0.1", () => socket.write(beginning))
      const dripping = setInterval(() => socket.write(byte), 500)
      socket.on("error", () => {})
      return new Promise<string>((resolve) => {
        let text = ""
        socket.on("data", (data) => {
          text += data.toString()
        })
        socket.on("close", () => {
          clearInterval(dripping)
          resolve(text)
        })
      })
    })

  // Ten seconds are the server's patience; everything else is served meanwhile.
  it("is cut off in the middle of its headers, and nobody else waits for it", { timeout: 40_000 }, async () => {
    const slow = slowClients(server.port, "GET /health/live HTTP/1.1\r\nHost: x\r\nX-", "x")
    assert.strictEqual((await fetch(`${server.url}/health/live`)).status, 200)
    for (const text of await Promise.all(slow)) assert.match(text, /^HTTP\/1\.1 408 /)
  })

  it("is cut off in the middle of its body, and nobody else waits for it", { timeout: 40_000 }, async () => {
    const brisk = await startListening({ listen: { requestMillis: 1_500 } })
    const post = "POST /api/v1/auth/login-json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    const slow = slowClients(brisk.port, `${post}Content-Length: 1000\r\n\r\n{`, " ")
    await brisk.signIn()
    for (const text of await Promise.all(slow)) assert.match(text, /^HTTP\/1\.1 408 /)
    await brisk.stop()
  })

  it("finds no place when all connections are taken, and one when they are gone", async () => {
    const few = await startListening({ listen: { maxConnections: 3 } })
    const open = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const socket = connect(few.port, "127.0.0.1")
        socket.on("error", () => {})
        await new Promise((resolve) => socket.once("connect", resolve))
        return socket
      })
    )
    const answer = await few.raw("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert.deepStrictEqual(answer, { text: "", closed: true })
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.strictEqual((await fetch(`${few.url}/health/live`)).status, 200)
    await few.stop()
  })
})

describe("check 57: a method that is not meant", () => {
  it.each(["TRACE", "PUT", "OPTIONS"])("is refused with the methods there are: %s", async (method) => {
    const plain = await startListening()
    const answer = await plain.raw(
      `${method} /api/v1/products HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
    )
    assert.match(answer.text, /^HTTP\/1\.1 405 /)
    assert.match(answer.text, /\r\nallow: GET, POST\r\n/i)
    await plain.stop()
  })

  it("is not to be had by a header or a parameter", async () => {
    const headers = { ...bearer(), "x-http-method-override": "DELETE", "x-http-method": "DELETE" }
    const reply = await fetch(`${server.url}/api/v1/categories`, { headers })
    assert.strictEqual(reply.status, 200)
    assert.strictEqual((await fetch(`${server.url}/api/v1/categories?_method=DELETE`, { headers })).status, 400)
  })
})

describe("check 58: the headers of every reply", () => {
  it("keep browsers from guessing, framing and keeping, errors of every kind included", async () => {
    const paths = ["/api/v1/users/me", "/api/v1/nothing", "/health/live", "/openapi.json", "/api/v1/products?limit=0"]
    for (const path of paths) {
      const reply = await fetch(server.url + path, { headers: bearer() })
      await reply.arrayBuffer()
      assert.strictEqual(reply.headers.get("x-content-type-options"), "nosniff", path)
      assert.strictEqual(reply.headers.get("cache-control"), "no-store", path)
      assert.strictEqual(reply.headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'")
      assert.strictEqual(reply.headers.get("referrer-policy"), "no-referrer", path)
      assert.match(reply.headers.get("content-type") ?? "", /^application\/(problem\+)?json/, path)
      assert.isNull(reply.headers.get("strict-transport-security"), path)
      assert.isNull(reply.headers.get("server"), path)
    }
  })

  it("tell browsers to stay with HTTPS where the server speaks it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "onhand-tls-"))
    const file = (name: string) => join(folder, name)
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file("key")]
    execFileSync("openssl", ["req", "-x509", "-days", "1", ...key, "-out", file("cert"), ...subject], {
      stdio: "ignore"
    })
    const cert = readFileSync(file("cert"), "utf8")
    const tls = { cert, key: readFileSync(file("key"), "utf8") }
    rmSync(folder, { recursive: true })
    const secure = await startListening({ listen: { tls }, settings: { https: true }, bootstrap: false })
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      get({ host: "127.0.0.1", port: secure.port, path: "/health/live", ca: cert }, (reply) => {
        reply.resume()
        resolve(reply.headers)
      }).on("error", reject)
    })
    assert.strictEqual(headers["strict-transport-security"], "max-age=31536000; includeSubDomains")
    // A client that does not ask for TLS gets nothing that it could take for an answer.
    assert.notMatch((await secure.raw("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")).text, /200/)
    await secure.stop()
  })

  it("say how a large body is compressed, and small ones and streams are not", async () => {
    const ask = (path: string, encoding: string) =>
      server.raw(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nAccept-Encoding: ${encoding}\r\n` +
          "Connection: close\r\n\r\n"
      )
    const plain = await ask("/openapi.json", "identity")
    const zipped = await ask("/openapi.json", "gzip")
    assert.match(zipped.text, /content-encoding: gzip/i)
    assert.match(zipped.text, /vary: accept-encoding/i)
    assert.isBelow(zipped.text.length, plain.text.length / 5)
    const body = zipped.text.slice(zipped.text.indexOf("\r\n\r\n") + 4)
    assert.strictEqual(JSON.parse(gunzipSync(Buffer.from(body, "latin1")).toString()).openapi, "3.1.0")
    assert.match((await ask("/openapi.json", "gzip, br")).text, /content-encoding: br/i)
    assert.notMatch((await ask("/health/live", "gzip, br")).text, /content-encoding/i)
    assert.notMatch((await ask("/api/v1/events", "gzip, br")).text, /content-encoding/i)
  })
})

describe("check 59: a page of another origin", () => {
  const preflight = (origin: string) =>
    fetch(`${server.url}/api/v1/products`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" }
    })

  it("may ask and read when it is listed, without credentials of the browser", async () => {
    const allowed = await preflight("https://shop.example.com")
    assert.strictEqual(allowed.status, 204)
    assert.strictEqual(allowed.headers.get("access-control-allow-origin"), "https://shop.example.com")
    assert.include(allowed.headers.get("access-control-allow-headers") ?? "", "idempotency-key")
    const read = await fetch(`${server.url}/api/v1/categories`, {
      headers: { ...bearer(), origin: "https://shop.example.com" }
    })
    assert.strictEqual(read.headers.get("access-control-allow-origin"), "https://shop.example.com")
    assert.include(read.headers.get("access-control-expose-headers") ?? "", "etag")
    assert.isNull(read.headers.get("access-control-allow-credentials"))
  })

  it.each(["https://evil.example", "null", "https://shop.example.com.evil.example", "http://shop.example.com"])(
    "is told nothing when it is not: %s",
    async (origin) => {
      assert.isNull((await preflight(origin)).headers.get("access-control-allow-origin"))
      const read = await fetch(`${server.url}/api/v1/categories`, { headers: { ...bearer(), origin } })
      assert.isNull(read.headers.get("access-control-allow-origin"))
      assert.match(read.headers.get("vary") ?? "", /origin/i)
    }
  )
})
