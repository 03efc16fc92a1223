/**
 * The thread of the embedded database. PGlite computes without ever giving way, so in the thread that
 * serves requests one long statement would stop them all.
 */
import { parentPort, workerData } from "node:worker_threads"
import { syncTree } from "./DurableNodeFs.ts"
import { openFolderBackend, type PgliteBackend } from "./PgliteBackend.ts"
import { PgliteSessions } from "./PgliteSessions.ts"
import type { FromDatabase, ThreadTask, ToDatabase } from "./ThreadMessages.ts"
import type { VirtualSession } from "./VirtualSession.ts"

const port = parentPort!

const tell = (message: FromDatabase): void => port.postMessage(message)

const tellBytes = (session: number, bytes: Uint8Array): void => {
  const message: FromDatabase = { _tag: "Bytes", session, bytes }
  // The buffer is given away rather than copied, unless the bytes are only a part of it.
  const whole = bytes.byteLength === bytes.buffer.byteLength
  port.postMessage(message, whole ? [bytes.buffer as ArrayBuffer] : [])
}

const serve = (backend: PgliteBackend): void => {
  const byNumber = new Map<number, VirtualSession>()
  const sessions = new PgliteSessions(backend, {
    // The backend's memory is in an unknown state: nothing of it may run again, not even an orderly close. So the
    // thread ends as soon as its sessions have been told.
    onLost: () => {
      tell({ _tag: "Lost" })
      queueMicrotask(() => process.exit(1))
    }
  })
  const open = (session: number): void => {
    const peer = {
      send: (bytes: Uint8Array) => tellBytes(session, bytes),
      close: () => {
        byNumber.delete(session)
        tell({ _tag: "End", session })
      }
    }
    byNumber.set(session, sessions.open(peer))
  }
  port.on("message", async (message: ToDatabase) => {
    switch (message._tag) {
      case "Bytes":
        return byNumber.get(message.session)?.receive(message.bytes)
      case "Open":
        return open(message.session)
      case "End":
        return byNumber.get(message.session)?.close()
      case "Syncs":
        return tell({ _tag: "Syncs", count: backend.syncs() })
      case "Close": {
        await sessions.close()
        await backend.close()
        process.exit(0)
      }
    }
  })
}

const task: ThreadTask = workerData
try {
  const backend = await openFolderBackend(task.folder)
  if (task._tag === "Serve") serve(backend)
  else {
    await backend.close()
    syncTree(task.folder)
  }
  tell({ _tag: "Ready" })
  if (task._tag === "Initialise") process.exit(0)
} catch (cause) {
  tell({ _tag: "Failed", reason: cause instanceof Error ? cause.message : String(cause) })
  process.exit(1)
}
