/**
 * The home page: where somebody who opens the server in a browser finds out what it is and what to do next.
 */
import { Effect } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5;
  --paper: #fbfaf7; --card: #fff; --mark: #b4541a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e6df; --soft: #a3a9b3; --line: #333a44;
    --paper: #14171c; --card: #1b1f26; --mark: #f0a26b }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.55 ui-sans-serif, system-ui, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 3.5rem 1.25rem 4rem }
h1 { font-size: 2.4rem; letter-spacing: -.03em; margin: 0 }
h1 i { font-style: normal; color: var(--mark) }
p.lead { font-size: 1.15rem; color: var(--soft); margin: .4rem 0 2rem }
nav { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: .75rem;
  margin-bottom: 2.75rem }
nav a { display: block; padding: .9rem 1rem; color: inherit; text-decoration: none;
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem }
nav a:hover, nav a:focus-visible { border-color: var(--mark) }
nav b { display: block }
nav span { color: var(--soft); font-size: .92rem }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem;
  overflow-x: auto; font: .86rem/1.6 ui-monospace, monospace; margin: .5rem 0 }
code { font-family: ui-monospace, monospace; font-size: .92em }
`

const COMMANDS = `ONHAND=http://localhost:3000
EMAIL=admin@onhand.local
PASSWORD='what the first start printed'

TOKEN=$(curl -s $ONHAND/api/v1/auth/login \\
  --data-urlencode "username=$EMAIL" \\
  --data-urlencode "password=$PASSWORD" |
  sed -E 's/.*"access_token":"([^"]+)".*/\\1/')

curl -s "$ONHAND/api/v1/products?limit=3" -H "Authorization: Bearer $TOKEN"
curl -s "$ONHAND/api/v1/inventory?limit=3" -H "Authorization: Bearer $TOKEN"
curl -N "$ONHAND/api/v1/events" -H "Authorization: Bearer $TOKEN"`

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;")

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Onhand</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Onhand<i>.</i></h1>
<p class="lead">Stock that never oversells. This server is running.</p>
<nav>
<a href="/docs"><b>Documentation</b><span>Every endpoint, to read and to try</span></a>
<a href="/openapi.json"><b>OpenAPI</b><span>The contract, for tools and generators</span></a>
<a href="/health/ready"><b>Health</b><span>Is it ready to serve?</span></a>
<a href="#start"><b>Quick start</b><span>Sign in, and look around</span></a>
</nav>
<h2 id="start">Quick start</h2>
<p>Put this page's address into <code>ONHAND</code>, and the address and the password that were printed when the server
started for the first time into <code>EMAIL</code> and <code>PASSWORD</code>. Then sign in, read the catalogue and the
stock, and follow what happens.</p>
<pre>${escaped(COMMANDS)}</pre>
</main>
</body>
</html>
`

const page = HttpServerResponse.html(PAGE).pipe(
  HttpServerResponse.setHeaders({
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-cache"
  })
)

/** `/`. */
export const layerHome = HttpRouter.add("GET", "/", Effect.succeed(page))
