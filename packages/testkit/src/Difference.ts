/**
 * What is wrong with a list, for a message: an author who reads two long lists side by side sees nothing.
 */

/** The most entries that are named. */
const MAX_NAMED = 8

const named = (what: string, entries: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (entries.length === 0) return []
  const more = entries.length > MAX_NAMED ? ` and ${entries.length - MAX_NAMED} more` : ""
  return [`${what}: ${entries.slice(0, MAX_NAMED).join(", ")}${more}`]
}

/** How a list differs from what it should be: what it lacks, repeats, has too much, or where its order goes wrong. */
export const difference = (received: ReadonlyArray<string>, expected: ReadonlyArray<string>): string => {
  const [got, wanted] = [new Set(received), new Set(expected)]
  const repeated = received.filter((entry, index) => received.indexOf(entry) !== index)
  const told = [
    ...named(
      "missing",
      [...wanted].filter((entry) => !got.has(entry))
    ),
    ...named("more than once", [...new Set(repeated)]),
    ...named(
      "not of this list",
      [...got].filter((entry) => !wanted.has(entry))
    )
  ]
  const place = expected.findIndex((entry, index) => received[index] !== entry)
  const order =
    told.length > 0 || place === -1
      ? []
      : [`out of order from entry ${place + 1} on: ${received[place]} instead of ${expected[place]}`]
  return [`${received.length} entries instead of ${expected.length}`, ...told, ...order].join("; ")
}
