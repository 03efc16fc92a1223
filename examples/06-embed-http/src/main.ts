// A customer's till asks the API over HTTP, the host's own code asks the same inventory in memory, under either server.
import { Effect } from "effect"
import { honoHost, listen, nodeHost } from "./Hosts.ts"
import { admin, startOnhand } from "./Onhand.ts"

for (const host of [honoHost, nodeHost]) {
  const onhand = await startOnhand()
  const server = host(onhand.handler)
  const url = await listen(server)
  console.log(await (await fetch(url)).text())

  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body)
    }
    return (await fetch(`${url}/api/v1/${path}`, init)).json()
  }
  const { access_token: token } = (await post("auth/login-json", admin)) as { readonly access_token: string }
  const authorization = `Bearer ${token}`
  await post("locations", { id: "corner", name: "Corner shop" }, { authorization })
  await post("products", { id: "mug", sku: "MUG", name: "Mug" }, { authorization })
  const lines = [{ kind: "purchase", product: "mug", location: "corner", quantity: 5 }]
  await post("stock-movements", { lines }, { authorization, "idempotency-key": "delivery-1" })

  const { items } = await Effect.runPromise(onhand.inventory.read.levels({}, { _tag: "Cursor", limit: 10 }))
  console.log(`In stock, as the host's own code sees it: ${items.map(({ onHand }) => onHand).join()}`)
  server.closeAllConnections()
  server.close()
  await onhand.stop()
}
