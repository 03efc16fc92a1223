/**
 * What a server says when it is ready: where it is, how to sign in, and three commands that work as they are printed.
 */
import { Option, Redacted } from "effect"
import { sampleProducts } from "./SampleCatalogue.ts"
import { SAMPLE_SHOP } from "./SampleShop.ts"

/** The administrator: there before, or made for this first start, with a password that was made up or configured. */
export type SignIn =
  | { readonly _tag: "Known" }
  | {
      readonly _tag: "New"
      readonly email: string
      readonly password: Option.Option<Redacted.Redacted<string>>
    }

const PASSWORD_OF_YOURS = "<your password>"
const VARIABLE = "$ONHAND_ADMIN_PASSWORD"

/** How to sign in. A made password is in it and nowhere else: it is told this once. */
export const signInText = (signIn: SignIn): string => {
  if (signIn._tag === "Known") return "Sign in with the account that you have; there is an administrator already."
  return Option.match(signIn.password, {
    onNone: () => `Sign in as ${signIn.email} with the password in ONHAND_ADMIN_PASSWORD.`,
    onSome: (password) =>
      `Sign in as ${signIn.email} with the password ${Redacted.value(password)}\n` +
      "It was made at random for this first start and is not shown again: keep it."
  })
}

// In single quotes a shell takes everything as it is; a variable has to stand in double quotes to be looked up.
const credentials = (signIn: SignIn): string => {
  if (signIn._tag === "Known") return `-d 'username=<your address>' --data-urlencode 'password=${PASSWORD_OF_YOURS}'`
  const username = `--data-urlencode 'username=${signIn.email}'`
  return Option.match(signIn.password, {
    onNone: () => `${username} --data-urlencode "password=${VARIABLE}"`,
    onSome: (password) => `${username} --data-urlencode 'password=${Redacted.value(password)}'`
  })
}

// JSON ends without a line break; the next prompt should not stand right behind it.
const CURL = "curl -sw '\\n'"
const authorized = `-H "Authorization: Bearer $TOKEN"`

const sale = (url: string): string => {
  const line = { kind: "sale", product: sampleProducts[0].id, location: SAMPLE_SHOP, quantity: 0.25 }
  const body = JSON.stringify({ lines: [line] })
  const headers = `${authorized} -H 'Content-Type: application/json' -H 'Idempotency-Key: my-first-sale'`
  return `${CURL} ${url}/api/v1/stock-movements ${headers} -d '${body}'`
}

/** Three commands: sign in, look, and sell something of the sample shop, or see what ran low in a shop of one's own. */
export const nextCommands = (options: {
  readonly url: string
  readonly signIn: SignIn
  readonly sampleShop: boolean
}): readonly [string, string, string] => {
  const { url, signIn, sampleShop } = options
  return [
    `TOKEN=$(curl -s ${url}/api/v1/auth/login ${credentials(signIn)} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `${CURL} "${url}/api/v1/products?${sampleShop ? "search=coffee" : "sort_by=stock_desc"}" ${authorized}`,
    sampleShop ? sale(url) : `${CURL} ${url}/api/v1/inventory/restock-alerts ${authorized}`
  ]
}

/** What is printed when the server is ready. A script waits for its first line: `ready: <url>`. */
export const readyText = (options: {
  readonly url: string
  readonly signIn: SignIn
  readonly sampleShop: boolean
}): string =>
  [
    `ready: ${options.url}`,
    "",
    `Documentation: ${options.url}/docs`,
    "Try next:",
    ...nextCommands(options).map((command) => `  ${command}`),
    ""
  ].join("\n")
