/**
 * Recounting: what the two ledgers make of balances, in SQL, beside what is kept of them.
 */

const conditions = {
  sellable: "sellable",
  qualityControl: "quality_control",
  damaged: "damaged",
  quarantine: "quarantine"
}

/** What a condition holds according to the movements: all that came less all that left. */
const fold = Object.entries(conditions)
  .map(
    ([place, column]) => `sum(CASE WHEN to_place = '${place}' THEN quantity WHEN from_place = '${place}' THEN -quantity
      ELSE 0 END)::bigint AS ${column}`
  )
  .join(",\n")

/** The numbers of a balance: core's name, what is stored, and what is recomputed. */
export const recountedFields: ReadonlyArray<readonly [field: string, stored: string, recomputed: string]> = [
  ...Object.entries(conditions).map(([field, column]) => [field, `b.${column}`, `m.${column}`] as const),
  ["held", "b.held", "c.held"],
  ["committed", "b.committed", "c.committed"],
  ["version", "b.version", "m.version"],
  ["claimVersion", "b.claim_version", "c.claim_version"]
]

/** Where the rows come from: whole tables, or what they have of some keys. */
export interface LedgerText {
  readonly balances: string
  readonly movements: string
  readonly claimEvents: string
  /** It may use `told`, the claims that have events there. */
  readonly claims: string
}

/** All of it. */
export const wholeLedger: LedgerText = {
  balances: "onhand.balances",
  movements: "onhand.movements",
  claimEvents: "onhand.claim_events",
  claims: "onhand.claims"
}

/** What a claim has open, as a hold or as a commitment, by the sums of its events. */
const openOfClaim = {
  held: "CASE WHEN is_committed THEN 0 ELSE held_open END",
  committed: `CASE WHEN NOT is_committed THEN 0 WHEN was_held THEN held_open
        ELSE held_open + committed_quantity END`
}

const sumsOfClaims = (claimEvents: string) => `
    SELECT claim, product, location, lot, count(*) AS events,
      sum(CASE kind WHEN 'held' THEN quantity WHEN 'committed' THEN 0 WHEN 'extended' THEN 0 ELSE -quantity END)
        AS held_open,
      bool_or(kind = 'committed') AS is_committed,
      bool_or(kind = 'held') AS was_held,
      max(quantity) FILTER (WHERE kind = 'committed') AS committed_quantity,
      max(expires_at) AS last_expiry
    FROM ${claimEvents} GROUP BY claim, product, location, lot`

const millis = (instant: string) => `(extract(epoch FROM ${instant}) * 1000)::bigint`

/**
 * A SELECT of the claims that are not what their events make them, by the numbers of each: claim, key, field, stored
 * and recomputed. An extension never shortens a hold, so that the last expiry is the latest.
 */
export const claimsDiffering = ({ claimEvents, claims }: LedgerText, end = ""): string => `
  WITH told AS (${sumsOfClaims(claimEvents)}
  ), recomputed AS (
    SELECT claim AS id, product, location, lot, (${openOfClaim.held})::bigint AS held,
      (${openOfClaim.committed})::bigint AS committed,
      CASE WHEN (${openOfClaim.held}) > 0 THEN ${millis("last_expiry")} ELSE 0 END AS expires
    FROM told
  ), kept AS (
    SELECT id, product, location, lot, CASE state WHEN 'held' THEN quantity ELSE 0 END AS held,
      CASE state WHEN 'committed' THEN quantity ELSE 0 END AS committed,
      CASE state WHEN 'held' THEN ${millis("expires_at")} ELSE 0 END AS expires
    FROM ${claims} c
  )
  SELECT id AS claim, product, location, lot, f.field, f.stored, f.recomputed
  FROM kept k FULL JOIN recomputed r USING (id, product, location, lot)
  CROSS JOIN LATERAL (VALUES ('held', k.held, r.held), ('committed', k.committed, r.committed),
    ('expiresAt', k.expires, r.expires)) AS f(field, stored, recomputed)
  WHERE coalesce(f.stored, 0) <> coalesce(f.recomputed, 0)
  ${end}`

/**
 * The claims of keys that differ, as JSON, by key: each as it is kept, and its events. One that is kept elsewhere than
 * its events say is of their key.
 */
export const claimsRecounted = (ledger: LedgerText, claimJson: string, eventJson: string): string => `
  SELECT product, location, lot, json_agg(json_build_object(
    'stored', (SELECT ${claimJson}::json FROM onhand.claims c WHERE c.id = d.claim),
    'events', coalesce((SELECT json_agg(${eventJson}::json ORDER BY e.shard, e.seq, e.line)
      FROM onhand.claim_events e WHERE e.claim = d.claim), '[]'::json))) AS claims
  FROM (SELECT DISTINCT claim, product, location, lot FROM (${claimsDiffering(ledger)}) numbers) d
  WHERE (d.product, d.location, d.lot) IN (SELECT e.product, e.location, e.lot FROM onhand.claim_events e
      WHERE e.claim = d.claim)
    OR NOT EXISTS (SELECT FROM onhand.claim_events e WHERE e.claim = d.claim)
  GROUP BY product, location, lot`

/**
 * A SELECT of stored and recomputed numbers over `b`, `m` and `c`, joined by key. The claims are themselves recomputed
 * from their events: what a claim has open is what its events left of it.
 */
export const recounted = ({ balances, movements, claimEvents }: LedgerText, columns: string, end = ""): string => `
  WITH moved AS (
    SELECT product, location, lot, count(*) AS version, ${fold}
    FROM ${movements} GROUP BY product, location, lot
  ), open AS (${sumsOfClaims(claimEvents)}
  ), claimed AS (
    SELECT product, location, lot, sum(events)::bigint AS claim_version,
      sum(${openOfClaim.held})::bigint AS held,
      sum(${openOfClaim.committed})::bigint AS committed
    FROM open GROUP BY product, location, lot
  )
  SELECT ${columns}
  FROM ${balances} b
  FULL JOIN moved m USING (product, location, lot)
  FULL JOIN claimed c USING (product, location, lot)
  ${end}`

/** The rows of keys, which are given as arrays, each through the index that has them. */
export const ofKeys = (products: string, locations: string, lots: string): LedgerText => {
  const keys = `unnest(${products}::text[], ${locations}::text[], ${lots}::text[]) AS k(product, location, lot)`
  const same = (table: string) =>
    `${table}.product = k.product AND ${table}.location = k.location AND ${table}.lot = k.lot`
  return {
    balances: `(SELECT s.* FROM ${keys} JOIN onhand.balances s ON ${same("s")})`,
    movements: `(SELECT e.* FROM ${keys} JOIN onhand.movements e ON ${same("e")}) of_keys`,
    claimEvents: `(SELECT e.* FROM ${keys} CROSS JOIN onhand.heads h
      JOIN onhand.claim_events e ON e.shard = h.shard AND ${same("e")}) of_keys`,
    // A closed claim without events claims nothing, as it should.
    claims: `(SELECT s.* FROM onhand.claims s WHERE s.id IN (SELECT claim FROM told)
      UNION SELECT s.* FROM ${keys} JOIN onhand.claims s ON ${same("s")} AND s.state IN ('held', 'committed'))`
  }
}
