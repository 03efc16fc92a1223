// The raw readers of the SQLite store: its rows as they lie in the file, past everything that the store answers.
import { DatabaseSync } from "node:sqlite"
import {
  Balance,
  Cart,
  Claim,
  ClaimEvent,
  CommandRecord,
  Count,
  Event,
  Movement,
  Notification,
  Order,
  PurchaseOrder,
  Threshold,
  Transfer
} from "@onhand/core"
import { RawReaders } from "@onhand/testkit"
import { Effect, Layer, Schema } from "effect"

const snapshotOf = (database: DatabaseSync) => {
  const all = <A>(table: string, schema: Schema.Codec<A, unknown>) =>
    database
      .prepare(`SELECT data FROM ${table}`)
      .all()
      .map(({ data }) => Schema.decodeUnknownSync(Schema.fromJsonString(schema))(data))
  const seq = Number(database.prepare("SELECT seq FROM head").get()?.["seq"])
  return {
    heads: seq === 0 ? new Map<number, number>() : new Map([[0, seq]]),
    movements: all("movements", Movement),
    claimEvents: all("claimEvents", ClaimEvent),
    claims: all("claims", Claim),
    balances: all("balances", Balance),
    commands: all("commands", CommandRecord),
    events: all("events", Event),
    carts: all("carts", Cart),
    counts: all("counts", Count),
    orders: all("orders", Order),
    thresholds: all("thresholds", Threshold),
    transfers: all("transfers", Transfer),
    purchaseOrders: all("purchaseOrders", PurchaseOrder),
    notifications: all("notifications", Notification)
  }
}

/** Each balance has one more than the ledger says, and each open claim claims one more. */
const tamperWith = (file: string) => {
  const database = new DatabaseSync(file)
  const more = (field: string) => `data = json_set(data, '$.${field}', data ->> '${field}' + 1)`
  database.exec(`UPDATE balances SET ${more("sellable")};
    UPDATE claims SET ${more("quantity")} WHERE data ->> 'quantity' > 0`)
  database.close()
}

/** Readers of a store's file, over a connection of their own. */
export const layerReaders = (file: string) =>
  Layer.effect(
    RawReaders,
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new DatabaseSync(file, { readOnly: true })),
        (database) => Effect.sync(() => database.close())
      ),
      (database) => ({ snapshot: Effect.sync(() => snapshotOf(database)), tamper: Effect.sync(() => tamperWith(file)) })
    )
  )
