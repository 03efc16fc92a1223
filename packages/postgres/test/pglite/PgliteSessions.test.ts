// Sessions that share one backend, spoken to in the wire protocol itself.
import assert from "node:assert"
import { afterAll, beforeAll, describe, it } from "vitest"
import { openEmptyDatabase } from "../../src/pglite/EmptyDatabase.ts"
import type { PgliteBackend } from "../../src/pglite/PgliteBackend.ts"
import { PgliteSessions, type PgliteSessionsOptions } from "../../src/pglite/PgliteSessions.ts"
import {
  concat,
  cstring,
  FrameReader,
  FrameType,
  frame,
  int32,
  PacketCode,
  queryFrame
} from "../../src/pglite/WireFrames.ts"

const startup = (() => {
  const body = concat([int32(196608), cstring("user"), cstring("postgres"), new Uint8Array(1)])
  return concat([int32(body.length + 4), body])
})()

const cancelPacket = (id: number, secret: number) =>
  concat([int32(16), int32(PacketCode.cancel), int32(id), int32(secret)])

/** Parse under a name, bind, execute, sync. */
const prepared = (name: string, sql: string) =>
  concat([frame(FrameType.parse, cstring(name), cstring(sql), new Uint8Array(2)), execution(name)])

const execution = (name: string) =>
  concat([
    frame(FrameType.bind, cstring(""), cstring(name), new Uint8Array(6)),
    frame(0x45, cstring(""), int32(0)),
    frame(FrameType.sync)
  ])

/** A client that collects what it is told, as `<type byte>` or `E <SQLSTATE>`, `D <text>`, `Z <status>`. */
class Client {
  readonly heard: Array<string> = []
  closed = false
  readonly session
  readonly #reader = new FrameReader()
  #changed: () => void = () => {}

  constructor(sessions: PgliteSessions) {
    this.session = sessions.open({
      send: (bytes) => {
        this.#reader.push(bytes)
        for (let next = this.#reader.next(true); next !== undefined; next = this.#reader.next(true)) {
          this.heard.push(describeFrame(next))
        }
        this.#changed()
      },
      close: () => {
        this.closed = true
        this.#changed()
      }
    })
  }

  /** Sends, and gives what was heard until the backend is ready for `units` more units or the session ends. */
  async ask(bytes: Uint8Array, units = 1): Promise<ReadonlyArray<string>> {
    this.heard.length = 0
    this.session.receive(bytes)
    while (!this.closed && this.heard.filter((said) => said.startsWith("Z")).length < units) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
    return [...this.heard]
  }
}

const describeFrame = (bytes: Uint8Array): string => {
  const type = String.fromCharCode(bytes[0]!)
  const body = Buffer.from(bytes.subarray(5))
  if (type === "Z") return `Z ${body.toString("latin1")}`
  if (type === "D") return `D ${body.subarray(6).toString("utf8")}`
  if (type === "E") return `E ${/C([0-9A-Z]{5})\0/.exec(body.toString("latin1"))![1]}`
  return type
}

describe("sessions on one backend", () => {
  let backend: PgliteBackend
  beforeAll(async () => {
    backend = await openEmptyDatabase()
  })
  afterAll(() => backend.close())

  const connected = async (options: PgliteSessionsOptions = {}, clients = 2) => {
    const sessions = new PgliteSessions(backend, options)
    const opened = Array.from({ length: clients }, () => new Client(sessions))
    for (const client of opened) await client.ask(startup)
    return [sessions, ...opened] as unknown as [PgliteSessions, Client, Client, ...Array<Client>]
  }

  it("understands frames that arrive byte by byte", async () => {
    const [sessions, client] = await connected()
    const bytes = concat([queryFrame("select 'one'"), prepared("named", "select 'two'")])
    for (const byte of bytes.subarray(0, -1)) client.session.receive(new Uint8Array([byte]))
    const heard = await client.ask(bytes.subarray(-1), 2)
    assert.ok(heard.includes("D one") && heard.includes("D two"))
    await sessions.close()
  })

  it("keeps equal statement names of two sessions apart, and forgets them with their session", async () => {
    const [sessions, first, second] = await connected()
    await first.ask(prepared("same", "select 'first'"))
    await second.ask(prepared("same", "select 'second'"))
    assert.ok((await first.ask(execution("same"))).includes("D first"))
    assert.ok((await second.ask(execution("same"))).includes("D second"))
    first.session.close()
    const count = await second.ask(queryFrame("select count(*) from pg_prepared_statements"))
    assert.ok(count.includes("D 1"))
    await sessions.close()
  })

  it("makes others wait while a session is in a transaction", async () => {
    const [sessions, first, second] = await connected()
    assert.deepStrictEqual(await first.ask(queryFrame("begin")), ["C", "Z T"])
    const waiting = second.ask(queryFrame("select 'waited'"))
    assert.ok((await first.ask(queryFrame("select 'mine'"))).includes("D mine"))
    assert.deepStrictEqual(second.heard, [])
    await first.ask(queryFrame("commit"))
    assert.ok((await waiting).includes("D waited"))
    await sessions.close()
  })

  it("rolls back the transaction of a session that leaves", async () => {
    const [sessions, first, second] = await connected()
    await first.ask(queryFrame("begin; create table left_behind (id int)"))
    first.session.close()
    assert.ok((await second.ask(queryFrame("select * from left_behind"))).includes("E 42P01"))
    await sessions.close()
  })

  it("fails a unit that waits too long with 55P03 and lets its session go on", async () => {
    const [sessions, first, second] = await connected({ maxWaitMillis: 20 })
    await first.ask(queryFrame("begin"))
    assert.deepStrictEqual(await second.ask(queryFrame("select 1")), ["E 55P03", "Z I"])
    await first.ask(queryFrame("commit"))
    assert.ok((await second.ask(queryFrame("select 'after'"))).includes("D after"))
    await sessions.close()
  })

  it("refuses at once with 53300 what does not fit into the queue", async () => {
    const [sessions, first, second, third] = await connected({ maxWaitingUnits: 1 }, 3)
    await first.ask(queryFrame("begin"))
    const waiting = second.ask(queryFrame("select 'waited'"))
    assert.deepStrictEqual(await third!.ask(queryFrame("select 1")), ["E 53300", "Z I"])
    await first.ask(queryFrame("commit"))
    assert.ok((await waiting).includes("D waited"))
    assert.ok((await third!.ask(queryFrame("select 'later'"))).includes("D later"))
    await sessions.close()
  })

  it("ends a session that fills the queue with its own pipeline", async () => {
    const [sessions, first, second] = await connected({ maxWaitingUnits: 2 })
    await first.ask(queryFrame("begin"))
    const pipeline = concat(["one", "two", "three"].map((word) => queryFrame(`select '${word}'`)))
    assert.deepStrictEqual(await second.ask(pipeline, 3), ["E 53300"])
    assert.ok(second.closed)
    assert.deepStrictEqual(await first.ask(queryFrame("commit")), ["C", "Z I"])
    await sessions.close()
  })

  it("takes a waiting unit back on a cancel request that knows the secret", async () => {
    const [sessions, first, second] = await connected()
    await first.ask(queryFrame("begin"))
    const waiting = second.ask(queryFrame("select 1"))
    new Client(sessions).session.receive(cancelPacket(second.session.id, second.session.secret ^ 1))
    assert.deepStrictEqual(second.heard, [])
    new Client(sessions).session.receive(cancelPacket(second.session.id, second.session.secret))
    assert.deepStrictEqual(await waiting, ["E 57014", "Z I"])
    await first.ask(queryFrame("commit"))
    await sessions.close()
  })

  it("ends a session that sends what is no protocol", async () => {
    const [sessions, first] = await connected()
    assert.deepStrictEqual(await first.ask(new Uint8Array([0x51, 0, 0, 0, 1])), ["E 08P01"])
    assert.ok(first.closed)
    await sessions.close()
  })

  // Last: it uses the backend up. Endless recursion overruns the stack of this thread, which stops PostgreSQL.
  it("ends every session with 57P02 when the backend is lost", async () => {
    const lost: Array<string> = []
    const [sessions, first, second] = await connected({ onLost: (reason) => lost.push(reason) })
    await first.ask(
      queryFrame("create function deep(n int) returns int language plpgsql as 'begin return deep(n + 1); end'")
    )
    await first.ask(queryFrame("begin"))
    const waiting = second.ask(queryFrame("select 1"))
    assert.ok((await first.ask(queryFrame("select deep(1)"))).includes("E 57P02"))
    assert.deepStrictEqual(await waiting, ["E 57P02"])
    assert.strictEqual(lost.length, 1)
    const late = new Client(sessions)
    assert.deepStrictEqual(await late.ask(startup), ["E 57P02"])
  })
})
