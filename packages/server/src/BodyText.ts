/**
 * Body text: what the text of a request may be, before any schema looks at it. Two readers of one body must not see two
 * different things in it, so what JSON leaves to its reader (a field that is there twice, half a character) is refused.
 */
import { Result } from "effect"
import { faulty } from "./Faults.ts"

/** How deep objects and lists may lie in each other; the contract's own lie four deep. */
export const MAX_DEPTH = 32

/** The fields that one object may have. */
export const MAX_FIELDS = 1_000

/** A field's name in a message is cut after so many characters. */
const MAX_TOLD = 40

const QUOTE = 0x22
const BACKSLASH = 0x5c

const strict = new TextDecoder("utf-8", { fatal: true })

/** A name or value of JSON, without its escapes; undefined if it is no string at all, which the parser will say. */
const unescaped = (token: string): string | undefined => {
  try {
    return JSON.parse(token)
  } catch {
    return undefined
  }
}

const isSound = (text: string): boolean => text.isWellFormed() && !text.includes("\0")

const unsound = "Text without the character NUL and without half a surrogate pair is accepted"

/** The end of the string that begins at a quote: the place of its closing quote, or of the end of the text. */
const endOfString = (text: string, quote: number): number => {
  let end = text.indexOf('"', quote + 1)
  while (end !== -1) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}

const COLON = /\s*:/y

const isName = (text: string, after: number): boolean => {
  COLON.lastIndex = after
  return COLON.test(text)
}

/** What is wrong with a text of JSON, which the parser would let pass; null if nothing is. */
const wrongInJson = (text: string): string | null => {
  // The names of each object that is open; null for a list.
  const open: Array<Set<string> | null> = []
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) {
      const end = endOfString(text, at)
      const token = text.slice(at, end + 1)
      const value = token.includes("\\") ? unescaped(token) : token.slice(1, -1)
      if (value !== undefined && !isSound(value)) return unsound
      const names = open.at(-1)
      if (names && value !== undefined && isName(text, end + 1)) {
        if (names.has(value)) return `The field ${JSON.stringify(value.slice(0, MAX_TOLD))} is there twice`
        if (names.size === MAX_FIELDS) return `At most ${MAX_FIELDS} fields of one object are accepted`
        names.add(value)
      }
      at = end
    } else if (char === 0x7b || char === 0x5b) {
      if (open.length === MAX_DEPTH) return `At most ${MAX_DEPTH} levels of objects and lists are accepted`
      open.push(char === 0x7b ? new Set() : null)
    } else if (char === 0x7d || char === 0x5d) open.pop()
  }
  return null
}

/** The text of a body, if it is one that every reader reads alike. */
export const textOfBody = (bytes: ArrayBuffer | Uint8Array, isJson: boolean) => {
  let text: string
  try {
    text = strict.decode(bytes)
  } catch {
    return Result.fail(faulty("payload", "Text in UTF-8 is accepted"))
  }
  const wrong = isJson ? wrongInJson(text) : isSound(text) ? null : unsound
  return wrong === null ? Result.succeed(text) : Result.fail(faulty("payload", wrong))
}
