/**
 * What the thread of the embedded database and the thread that uses it say to each other. Sessions are
 * numbered by the thread that opens them.
 */

/** What the thread is started with: to serve a database, or only to make one and stop. */
export interface ThreadTask {
  readonly _tag: "Serve" | "Initialise"
  readonly folder: string
}

export type ToDatabase =
  | { readonly _tag: "Open"; readonly session: number }
  | { readonly _tag: "Bytes"; readonly session: number; readonly bytes: Uint8Array }
  | { readonly _tag: "End"; readonly session: number }
  | { readonly _tag: "Syncs" }
  | { readonly _tag: "Close" }

export type FromDatabase =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Failed"; readonly reason: string }
  | { readonly _tag: "Lost" }
  | { readonly _tag: "Bytes"; readonly session: number; readonly bytes: Uint8Array }
  | { readonly _tag: "End"; readonly session: number }
  | { readonly _tag: "Syncs"; readonly count: number }
