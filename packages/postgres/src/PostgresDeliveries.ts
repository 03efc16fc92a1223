/**
 * Deliveries kept in the database. Whatever a consumer keeps is one statement that first looks whether the lease is
 * still its own, so that of two processes one writes.
 */
import {
  Deliveries,
  type DeliveriesShape,
  Delivery,
  type DeliveryFilter,
  LeaseLost,
  MOST_OF_A_TARGET,
  SENT_KEPT_MILLIS,
  UnknownDelivery
} from "@onhand/core"
import { Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { allOf, type ListQuery, listPage, oneOf, rowsOf, text } from "./ListQuery.ts"
import { jsonOf, parameters } from "./LoadSlice.ts"

const decodeDelivery = Schema.decodeUnknownSync(Delivery)
const Kept = Schema.Struct({
  cursor: Schema.NullOr(Schema.Record(Schema.Int, Schema.Struct({ seq: Schema.Int, line: Schema.Int }))),
  notes: Schema.Record(Schema.String, Schema.Json)
})
const decodeKept = Schema.decodeUnknownSync(Kept)

const deliveryJson = jsonOf({
  id: "d.id",
  consumer: "d.consumer",
  target: "d.target",
  body: "d.body",
  state: "d.state",
  attempts: "d.attempts",
  dueAt: "d.due_at",
  error: "d.error",
  createdAt: "d.created_at",
  updatedAt: "d.updated_at"
})

/** How long from now, given in milliseconds as a parameter. */
const from = (millis: string) => `now() + ${millis}::float8 * interval '1 millisecond'`

// The row stays locked until the statement's end, so a lease that is one's own here is so until all of it is written.
const mine = `SELECT FROM onhand.consumers
  WHERE name = $1::text AND owner = $2::text AND leased_until > now() FOR UPDATE`

const deliveryList = ({ consumer, target, state }: DeliveryFilter): ListQuery<Delivery> => {
  const { values, add } = parameters()
  const conditions = [
    `d.consumer = ${add(consumer)}::text`,
    ...(target === undefined ? [] : [`d.target = ${add(target)}::text`]),
    ...(state === undefined ? [] : [`d.state = ${add(state)}::text`])
  ]
  return {
    name: "deliveries",
    json: deliveryJson,
    from: "onhand.deliveries d",
    conditions,
    values,
    keys: [{ column: "d.created_at", type: "micros" }, text("d.id")],
    descending: true,
    decode: decodeDelivery
  }
}

/** The deliveries that are kept in a client's database. */
export const postgresDeliveries = (sql: SqlClient): DeliveriesShape => {
  const whileOwned = (consumer: string, statement: string, values: ReadonlyArray<unknown>) =>
    Effect.flatMap(rowsOf(sql, statement, values), ([row]) =>
      Number(row?.[0] ?? 0) > 0 ? Effect.void : Effect.fail(new LeaseLost({ consumer }))
    )
  return {
    take: (consumer, owner, leaseMillis) =>
      Effect.map(
        oneOf(
          sql,
          `WITH taken AS (
             INSERT INTO onhand.consumers AS c (name, owner, leased_until)
             VALUES ($1::text, $2::text, ${from("$3")})
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until
             WHERE c.owner = excluded.owner OR c.leased_until <= now()
             RETURNING c.cursor)
           SELECT ${jsonOf({
             cursor: "cursor",
             notes: `coalesce((SELECT json_object_agg(n.key, n.data) FROM onhand.consumer_notes n
               WHERE n.consumer = $1::text), '{}'::json)`
           })} FROM taken`,
          [consumer, owner, leaseMillis],
          decodeKept
        ),
        (kept) =>
          kept === undefined
            ? Option.none()
            : Option.some({ cursor: kept.cursor, notes: new Map(Object.entries(kept.notes)) })
      ),
    renew: (consumer, owner, leaseMillis) =>
      whileOwned(
        consumer,
        `WITH mine AS (${mine}), renewed AS (
           UPDATE onhand.consumers SET leased_until = ${from("$3")}
           WHERE name = $1::text AND EXISTS (SELECT FROM mine))
         SELECT count(*)::int FROM mine`,
        [consumer, owner, leaseMillis]
      ),
    release: (consumer, owner) =>
      Effect.asVoid(
        rowsOf(sql, `UPDATE onhand.consumers SET leased_until = now() WHERE name = $1::text AND owner = $2::text`, [
          consumer,
          owner
        ])
      ),
    keep: (consumer, owner, { cursor, notes = new Map(), deliveries = [] }) =>
      whileOwned(
        consumer,
        `WITH mine AS (${mine}), moved AS (
           UPDATE onhand.consumers SET cursor = coalesce($3::jsonb, cursor)
           WHERE name = $1::text AND EXISTS (SELECT FROM mine)), said AS (
           INSERT INTO onhand.consumer_notes (consumer, key, data)
           SELECT $1::text, key, data FROM json_to_recordset($4::json) AS n(key text, data jsonb)
           WHERE EXISTS (SELECT FROM mine)
           ON CONFLICT (consumer, key) DO UPDATE SET data = excluded.data), forgotten AS (
           DELETE FROM onhand.consumer_notes WHERE consumer = $1::text AND EXISTS (SELECT FROM mine)
             AND key IN (SELECT json_array_elements_text($5::json))), made AS (
           INSERT INTO onhand.deliveries
             (id, consumer, target, body, state, attempts, due_at, created_at, updated_at)
           SELECT id, $1::text, target, coalesce(body, 'null'::jsonb), 'pending', 0, now(), now(), now()
           FROM json_to_recordset($6::json) AS d(id text, target text, body jsonb)
           WHERE EXISTS (SELECT FROM mine)
           ON CONFLICT (id) DO NOTHING)
         SELECT count(*)::int FROM mine`,
        [
          consumer,
          owner,
          cursor === undefined ? null : JSON.stringify(cursor),
          JSON.stringify([...notes].flatMap(([key, data]) => (data === null ? [] : [{ key, data }]))),
          JSON.stringify([...notes].flatMap(([key, data]) => (data === null ? [key] : []))),
          JSON.stringify(deliveries)
        ]
      ),
    begin: (consumer, owner, limit, delays) =>
      Effect.gen(function* () {
        const begun = yield* allOf(
          sql,
          `WITH RECURSIVE mine AS (${mine}), targets AS (
             (SELECT target FROM onhand.deliveries WHERE consumer = $1::text AND state = 'pending'
               ORDER BY target LIMIT 1)
             UNION ALL
             SELECT (SELECT d.target FROM onhand.deliveries d WHERE d.consumer = $1::text AND d.state = 'pending'
               AND d.target > t.target ORDER BY d.target LIMIT 1) FROM targets t WHERE t.target IS NOT NULL),
           due AS (
             SELECT d.id, d.due_at FROM targets t CROSS JOIN LATERAL (
               SELECT p.id, p.due_at FROM onhand.deliveries p
               WHERE p.consumer = $1::text AND p.target = t.target AND p.state = 'pending' AND p.due_at <= now()
               ORDER BY p.due_at LIMIT ${MOST_OF_A_TARGET}) d
             WHERE EXISTS (SELECT FROM mine) ORDER BY d.due_at, d.id LIMIT $3::int),
           begun AS (
             UPDATE onhand.deliveries d SET attempts = d.attempts + 1, updated_at = now(),
               due_at = ${from("($4::float8[])[least(d.attempts + 1, cardinality($4::float8[]))]")}
             FROM due WHERE d.id = due.id RETURNING d.*, due.due_at AS was_due)
           SELECT ${deliveryJson} FROM begun d ORDER BY d.was_due, d.id`,
          [consumer, owner, limit, `{${delays.join(",")}}`],
          decodeDelivery
        )
        // With nothing to do it is worth a look whether somebody else is doing it.
        if (begun.length === 0)
          yield* whileOwned(consumer, `WITH mine AS (${mine}) SELECT count(*)::int FROM mine`, [consumer, owner])
        return begun
      }),
    end: (id, state, error) =>
      Effect.asVoid(
        rowsOf(
          sql,
          `UPDATE onhand.deliveries SET state = $2::text, error = $3::text, updated_at = now() WHERE id = $1::text`,
          [id, state, error]
        )
      ),
    untried: (ids) =>
      Effect.asVoid(
        rowsOf(
          sql,
          `UPDATE onhand.deliveries SET attempts = attempts - 1, due_at = now()
           WHERE id IN (SELECT json_array_elements_text($1::json))`,
          [JSON.stringify(ids)]
        )
      ),
    list: (filter, page) => listPage(sql, deliveryList(filter), page),
    replay: (consumer, target, id) =>
      Effect.filterOrFail(
        oneOf(
          sql,
          `UPDATE onhand.deliveries d SET state = 'pending', attempts = 0, due_at = now(), updated_at = now()
           WHERE d.id = $3::text AND d.consumer = $1::text AND d.target = $2::text RETURNING ${deliveryJson}`,
          [consumer, target, id],
          decodeDelivery
        ),
        (delivery) => delivery !== undefined,
        () => new UnknownDelivery({ delivery: id })
      ),
    tidy: (consumer) =>
      Effect.asVoid(
        rowsOf(
          sql,
          `DELETE FROM onhand.deliveries WHERE consumer = $1::text AND state = 'sent'
             AND updated_at < now() - ${SENT_KEPT_MILLIS} * interval '1 millisecond'`,
          [consumer]
        )
      )
  }
}

/** Keeps deliveries in the database of the store. */
export const layerDeliveries: Layer.Layer<Deliveries, never, SqlClient> = Layer.effect(
  Deliveries,
  Effect.map(SqlClient, postgresDeliveries)
)
