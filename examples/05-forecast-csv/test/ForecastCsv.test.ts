// The program's orders follow from its own output, and are what the vendor accepts.
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url))

describe("orders from two tables", () => {
  const printed = execFileSync(process.execPath, ["--conditions=onhand-source", program], { encoding: "utf8" })

  it("expect each product to sell about as it did", () => {
    // Eight products, with what they sold in the last four weeks of the table.
    const expected = printed.match(/^.+: \d+ in four weeks, four times in five \d+ to \d+$/gm) ?? []
    assert.strictEqual(expected.length, 8)
    const bananas = /^Bananas: (\d+) in four weeks, four times in five (\d+) to (\d+)$/m.exec(printed)
    const [mean, lower, upper] = [1, 2, 3].map((group) => Number(bananas?.[group]))
    assert.isTrue((lower ?? 0) <= 57 && 57 <= (upper ?? 0), "the 57 sold in December")
    assert.closeTo(mean ?? 0, 65, 8)
  })

  it("come in packs, from the minimum on, and say why", () => {
    const order = /order (\d+) from Produce Market:\n((?: {2}- .+\n)+)/.exec(printed)
    assert.strictEqual(Number(order?.[1]) % 40, 0)
    const reasons = order?.[2] ?? ""
    for (const part of ["52 weeks of demand are known", "95 % certainty", "On hand 22, on order 0, promised 2"]) {
      assert.include(reasons, part)
    }
  })

  it("are none where there is enough", () => {
    assert.match(printed, /^Hot dog buns: .+\n(?! {2}order)/m)
  })
})
