// The program as a newcomer meets it: help, version, mistakes.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { run, temporaryFolder, writeLines } from "./RunProgram.ts"

describe("the program", () => {
  it.effect("says which commands there are, and what exit codes mean", () =>
    Effect.gen(function* () {
      const { code, out } = yield* run(["--help"])
      assert.strictEqual(code, 0)
      for (const word of ["serve", "import", "verify", "Exit codes", "--completions"]) assert.include(out, word)
    })
  )

  it.effect("names the columns of the tables that it imports", () =>
    Effect.gen(function* () {
      const products = yield* run(["import", "products", "--help"])
      for (const column of ["sku", "barcodes", "currency", "decimals"]) assert.include(products.out, column)
      const stock = yield* run(["import", "stock", "--help"])
      for (const column of ["location", "quantity", "unit_cost"]) assert.include(stock.out, column)
    })
  )

  it.effect("prints its version", () =>
    Effect.gen(function* () {
      const { code, out } = yield* run(["--version"])
      assert.strictEqual(code, 0)
      assert.match(out, /\d+\.\d+\.\d+/)
    })
  )

  it.effect("ends with 2 when it was called wrongly", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run(["sell"])).code, 2)
      assert.strictEqual((yield* run(["verify", "--nonsense"])).code, 2)
      assert.strictEqual((yield* run(["import", "products", "no-such-file.csv"])).code, 2)
    })
  )

  it.effect("tells every mistake in the configuration at once, and quotes no secret", () =>
    Effect.gen(function* () {
      const { code, err } = yield* run(["serve", "--port", "70000"], {
        DATABASE_URL: "mysql://ann:hunter2@db/shop",
        HOST: "a b",
        ONHAND_SECRET: "short",
        ONHAND_FORMER_SECRET: "a secret that signed before, of enough bytes",
        ONHAND_FORMER_SECRET_UNTIL: "some day",
        ONHAND_ADMIN_EMAIL: "nobody",
        ONHAND_ADMIN_PASSWORD: "1234567",
        ONHAND_SAMPLE_SHOP: "perhaps",
        ONHAND_WORKERS: "many",
        ONHAND_ORIGINS: "https://shop.example.com, shop.example.com, https://a.example/path, *",
        ONHAND_TRUSTED_PROXIES: "10.0.0.0/8, everybody",
        ONHAND_TLS_CERT_FILE: "/nowhere/cert.pem",
        ONHAND_USER_REQUESTS_PER_MINUTE: "0",
        ONHAND_HTTPS: "maybe"
      })
      assert.strictEqual(code, 2)
      const mistaken = ["DATABASE_URL", "PORT", "HOST", "ONHAND_SECRET", "ONHAND_ADMIN_EMAIL", "ONHAND_ADMIN_PASSWORD"]
      const exposed = ["ORIGINS", "TRUSTED_PROXIES", "TLS_CERT_FILE", "USER_REQUESTS_PER_MINUTE", "HTTPS", "WORKERS"]
      const others = ["ONHAND_SAMPLE_SHOP", "ONHAND_FORMER_SECRET_UNTIL"]
      for (const name of [...mistaken, ...others, ...exposed.map((name) => `ONHAND_${name}`)])
        assert.include(err, `${name}:`)
      for (const secret of ["hunter2", "short", "1234567", "signed before"]) assert.notInclude(err, secret)
    })
  )

  it.effect("73: refuses a variable of its own name that is no setting, and says which there are", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const { code, err } = yield* run(["serve"], {
        ONHAND_DATA: folder,
        ONHAND_SECERT: "a secret with a typing error in its name",
        ONHAND_WORKERS: "2",
        UNRELATED: "x"
      })
      assert.strictEqual(code, 2)
      assert.include(err, "ONHAND_SECERT: there is no such setting")
      assert.include(err, "ONHAND_SECRET, ")
      assert.include(err, "ONHAND_WORKERS: the embedded database takes 1")
      assert.notInclude(err, "UNRELATED")
      assert.notInclude(err, "typing error")
    })
  )

  it.effect("takes a secret from a file, and refuses one that is given twice or missing", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = writeLines(folder, "url", ["mysql://db/shop"])
      assert.include((yield* run(["verify"], { DATABASE_URL_FILE: file })).err, "no URL of a PostgreSQL")
      const twice = yield* run(["verify"], { DATABASE_URL_FILE: file, DATABASE_URL: "postgres://db/shop" })
      assert.include(twice.err, "DATABASE_URL and DATABASE_URL_FILE are both set")
      const missing = yield* run(["verify"], { DATABASE_URL_FILE: `${folder}/none` })
      assert.strictEqual(missing.code, 2)
      assert.include(missing.err, "DATABASE_URL_FILE: cannot read")
    })
  )

  it.effect("ends with 3 when the database is not there, without its password", () =>
    Effect.gen(function* () {
      const { code, err } = yield* run(["verify", "--database-url", "postgres://ann:hunter2@127.0.0.1:1/shop"])
      assert.strictEqual(code, 3)
      assert.include(err, "127.0.0.1:1/shop cannot be opened")
      assert.notInclude(err, "hunter2")
    })
  )
})
