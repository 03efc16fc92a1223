/**
 * What the text of a statement tells about its session: which channel it listens to, and whether the embedded
 * database has to refuse it.
 *
 * All sessions share one backend, so a `SET` of one session would silently hold in every other. It is refused;
 * `SET LOCAL` and `set_config(name, value, true)` end with their transaction and are fine. `COPY` to and from
 * the client is refused because its data comes in frames of its own, and PGlite exits when it misses them.
 */

/** `channel` is undefined for `UNLISTEN *`. */
export type StatementTrait =
  | { readonly _tag: "Listen"; readonly channel: string }
  | { readonly _tag: "Unlisten"; readonly channel: string | undefined }
  | { readonly _tag: "Refused"; readonly refusal: string }

const leadingComments = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/
const listening = /^(un)?listen\s+(?:"((?:[^"]|"")+)"|(\*)|([a-z_\u0080-\uffff][\w$\u0080-\uffff]*))/i
const sessionSetting = /^(?:set\s+(?!local\b|transaction\b|constraints\b)|discard\b)/i
const sessionSettingAmongOthers = /;\s*(?:set\s+(?!local\b|transaction\b|constraints\b)|discard\b)/i
const copyThroughClient = /^copy\b[\s\S]*\b(?:from\s+stdin|to\s+stdout)\b/i
const configuringCall = /\bset_config\s*\(/gi
const localConfiguringCall = /\bset_config\s*\((?:[^()]|\([^()]*\))*,\s*true\s*\)/gi

/** A statement that fails with a reason, so that an open transaction is aborted as by any other error. */
const refusal = (message: string, hint: string): string =>
  `do $$ begin raise exception using errcode = '0A000', message = '${message}', hint = '${hint}'; end $$`

const refusedSetting: StatementTrait = {
  _tag: "Refused",
  refusal: refusal(
    "the embedded database shares one backend between sessions and keeps no session setting",
    "use SET LOCAL, or set_config(name, value, true), inside the transaction that needs it"
  )
}

const refusedCopy: StatementTrait = {
  _tag: "Refused",
  refusal: refusal("the embedded database copies nothing from or to its client", "use INSERT ... SELECT from unnest")
}

/**
 * The trait of a statement, or undefined for the vast majority that leave their session as it was. A simple
 * query, unlike a parsed statement, may hold `several` statements.
 */
export const traitOf = (sql: string, several: boolean): StatementTrait | undefined => {
  const statement = sql.slice(leadingComments.exec(sql)![0].length)
  const listen = listening.exec(statement)
  if (listen !== null) {
    const channel = listen[2]?.replaceAll('""', '"') ?? listen[4]?.toLowerCase()
    if (listen[1] !== undefined) return { _tag: "Unlisten", channel }
    return channel === undefined ? undefined : { _tag: "Listen", channel }
  }
  const configuring = statement.match(configuringCall)?.length ?? 0
  const configuringLocally = configuring === 0 ? 0 : (statement.match(localConfiguringCall)?.length ?? 0)
  const setting =
    sessionSetting.test(statement) ||
    (several && sessionSettingAmongOthers.test(statement)) ||
    configuring > configuringLocally
  if (setting) return refusedSetting
  return copyThroughClient.test(statement) ? refusedCopy : undefined
}
