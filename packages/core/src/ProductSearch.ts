/**
 * Product searches: which products a text finds, in which order, and which look like it where nothing has it. Stores
 * find them their own way and agree on these words.
 */
import type { Product } from "./Product.ts"
import type { ProductFilter, ProductSort } from "./Queries.ts"

/** The most products that are told where nothing has the text, all on one page. */
export const MAX_ALIKE = 20

/** How alike the words of a text must be to those of a product: the share of the trigrams that they have in common. */
export const LEAST_LIKENESS = 0.45

/** A search in the case in which texts are compared; undefined where nothing is searched for. */
export const searchOf = ({ search }: ProductFilter): string | undefined => search?.trim().toLowerCase() || undefined

/** The order of a list of products: the best first of a search, and by name otherwise. */
export const productOrder = (filter: ProductFilter): ProductSort =>
  filter.sort === undefined || filter.sort === "relevance"
    ? searchOf(filter) === undefined
      ? "name_asc"
      : "relevance"
    : filter.sort

/** Everything of a product that is searched. */
export const searchedText = ({ name, sku, barcodes, category, description }: Product): string =>
  [name, sku, ...barcodes, category, description].join(" ").toLowerCase()

/**
 * How well a product that has the text fits it, the best being 0: it is its SKU or barcode, its name begins with it,
 * its name has it, or another field does.
 */
export const searchRank = ({ name, sku, barcodes }: Product, search: string): number => {
  const text = search.trim().toLowerCase()
  if (sku.toLowerCase() === text || barcodes.includes(search.trim())) return 0
  const place = name.toLowerCase().indexOf(text)
  return place === 0 ? 1 : place > 0 ? 2 : 3
}

/** Whether a text may be a word that was mistyped. A number that nothing has is no misspelling of another one. */
export const mayBeMistyped = (search: string): boolean => /\p{L}{4}/u.test(search)

const trigramsOf = (word: string): ReadonlySet<string> => {
  const padded = `  ${word} `
  return new Set(Array.from({ length: padded.length - 2 }, (_, index) => padded.slice(index, index + 3)))
}

const wordsOf = (text: string): ReadonlyArray<string> => text.match(/[\p{L}\p{N}]+/gu) ?? []

/** How alike a text's words are to the nearest words of another: 1 where each is there, 0 where nothing of them is. */
export const likeness = (search: string, text: string): number => {
  const words = wordsOf(text).map(trigramsOf)
  const wanted = wordsOf(search).map(trigramsOf)
  if (wanted.length === 0) return 0
  const nearest = wanted.map((trigrams) =>
    Math.max(
      0,
      ...words.map((word) => {
        const common = [...trigrams].filter((one) => word.has(one)).length
        return common / (trigrams.size + word.size - common)
      })
    )
  )
  return nearest.reduce((sum, one) => sum + one, 0) / nearest.length
}
