// The catalogue of the big ledger: its products, their SKUs, and its locations, as rows of the store.

export const PRODUCTS = 100_000
export const LOCATIONS = 50

/** Fills `products`, `names` and `locations`; `big.products` and `big.locations` then give their ids by number. */
export const catalogue = (micros: number, products: number): ReadonlyArray<string> => {
  const millis = Math.floor(micros / 1000)
  return [
    `CREATE UNLOGGED TABLE big.locations AS
     SELECT place, big.uuid(${millis} - 1000 + place, place) AS id FROM generate_series(0, ${LOCATIONS - 1}) place`,
    // How well a product sells has nothing to do with its place in the order of ids.
    `CREATE UNLOGGED TABLE big.products AS
     SELECT rank, big.uuid(${millis} + (rank * 7919::bigint) % ${products}, rank) AS id
     FROM generate_series(1, ${products}) rank`,
    `INSERT INTO onhand.locations (id, version, data)
     SELECT id, 1, jsonb_build_object('id', id, 'name', 'Shop ' || lpad(place::text, 2, '0'), 'address', '',
       'timeZone', 'UTC', 'status', 'active', 'version', 1, 'createdAt', big.iso(big.at(${micros})))
     FROM big.locations`,
    `INSERT INTO onhand.products (id, version, data)
     SELECT id, 1, jsonb_build_object('id', id, 'sku', 'SKU-' || rank, 'barcodes', '[]'::jsonb, 'packs', '[]'::jsonb,
       'name', 'Product ' || rank, 'description', 'An article of the catalogue with the number ' || rank,
       'category', 'category ' || rank % 200, 'metadata', '{}'::jsonb,
       'price', jsonb_build_object('amount', 950, 'currency', 'USD'),
       'unit', jsonb_build_object('name', 'piece', 'decimals', 0), 'lotTracked', false, 'status', 'active',
       'version', 1,
       'createdAt', big.iso(big.at(${micros} + rank * 1000)), 'updatedAt', big.iso(big.at(${micros} + rank * 1000)))
     FROM big.products ORDER BY id`,
    `INSERT INTO onhand.names (id, version, data)
     SELECT 'sku:SKU-' || rank, 1, jsonb_build_object('id', 'sku:SKU-' || rank, 'version', 1, 'target', id)
     FROM big.products`
  ]
}
