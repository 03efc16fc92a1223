/**
 * What the sample shop sells: a small grocery with a warehouse behind it. Barcodes begin with 2, the range that GS1
 * leaves to shops for their own use, so that none is a real product's.
 */

import type { Array } from "effect"

export interface SampleProduct {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly description: string
  /** Its barcode; several when packagings differ. */
  readonly barcodes: ReadonlyArray<string>
  /** For one unit, as a decimal in {@link CURRENCY}. */
  readonly price: string
  /** What one unit cost, as a decimal. */
  readonly cost: string
  readonly unit: { readonly name: string; readonly decimals: number }
  /** Opening stock as decimals of the unit. */
  readonly stock: { readonly shop: string; readonly warehouse: string }
  /** The shop is low at this quantity or below. */
  readonly low: string
}

export const CURRENCY = "USD"

const piece = { name: "piece", decimals: 0 }
const kilogram = { name: "kg", decimals: 3 }
const litre = { name: "l", decimals: 2 }

const row = (
  id: string,
  name: string,
  category: string,
  description: string,
  barcodes: ReadonlyArray<string>,
  [price, cost]: readonly [price: string, cost: string],
  unit: SampleProduct["unit"],
  [shop, warehouse, low]: readonly [shop: string, warehouse: string, low: string]
): SampleProduct => ({
  id,
  name,
  category,
  description,
  barcodes,
  price,
  cost,
  unit,
  stock: { shop, warehouse },
  low
})

/** A dozen products; the oat milk begins below its threshold, so that there is something to restock. */
export const sampleProducts: Array.NonEmptyReadonlyArray<SampleProduct> = [
  row(
    "coffee-house",
    "House blend coffee beans",
    "Coffee and tea",
    "Medium roast, sold by weight",
    ["2000000000015"],
    ["24.00", "11.35"],
    kilogram,
    ["12.5", "60", "4"]
  ),
  row(
    "coffee-decaf",
    "Decaf coffee beans",
    "Coffee and tea",
    "Washed with water, sold by weight",
    ["2000000000022"],
    ["27.50", "13.1"],
    kilogram,
    ["6.25", "20", "2"]
  ),
  row(
    "tea-earl-grey",
    "Earl Grey tea, 20 bags",
    "Coffee and tea",
    "Black tea with bergamot",
    ["2000000000039"],
    ["4.80", "1.95"],
    piece,
    ["36", "120", "12"]
  ),
  row(
    "olive-oil",
    "Extra virgin olive oil",
    "Pantry",
    "From the tap into your own bottle",
    ["2000000000046"],
    ["14.90", "7.2"],
    litre,
    ["18.5", "50", "5"]
  ),
  row(
    "spaghetti-500",
    "Spaghetti 500 g",
    "Pantry",
    "Durum wheat",
    ["2000000000053", "2000000000060"],
    ["2.10", "0.85"],
    piece,
    ["80", "400", "24"]
  ),
  row(
    "rice-basmati",
    "Basmati rice",
    "Pantry",
    "Long grain, sold by weight",
    ["2000000000077"],
    ["3.60", "1.48"],
    kilogram,
    ["40", "150", "10"]
  ),
  row("oat-milk-1l", "Oat milk 1 l", "Chilled", "Barista edition", ["2000000000084"], ["2.95", "1.4"], piece, [
    "3",
    "0",
    "8"
  ]),
  row(
    "butter-250",
    "Salted butter 250 g",
    "Chilled",
    "From grass-fed cows",
    ["2000000000091"],
    ["3.75", "2.05"],
    piece,
    ["22", "48", "10"]
  ),
  row(
    "bread-sourdough",
    "Sourdough loaf 750 g",
    "Bakery",
    "Baked this morning",
    ["2000000000107"],
    ["6.20", "2.6"],
    piece,
    ["14", "0", "4"]
  ),
  row(
    "apples-gala",
    "Gala apples",
    "Fruit and vegetables",
    "Sold by weight",
    ["2000000000114"],
    ["3.20", "1.3"],
    kilogram,
    ["25.4", "80", "6"]
  ),
  row("mug-blue", "Blue mug", "Kitchen", "Stoneware, holds 350 ml", ["2000000000121"], ["9.50", "3.8"], piece, [
    "20",
    "60",
    "6"
  ]),
  row(
    "gift-card-25",
    "Gift card 25",
    "Gifts",
    "Good for everything in the shop",
    ["2000000000138"],
    ["25.00", "25"],
    piece,
    ["50", "0", "10"]
  )
]
