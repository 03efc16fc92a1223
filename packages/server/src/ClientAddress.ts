/**
 * Client address: who asks, as far as the proxies before the server are trusted to tell. What a client wrote itself is
 * never believed: the list is read from its end, for as long as it was a trusted proxy that wrote there.
 */
import { Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"

const parsed = (text: string): NetAddress.IpAddress | undefined => {
  const ip = NetAddress.ipFromString(text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text)
  if (Result.isSuccess(ip)) return NetAddress.toCanonical(ip.success)
  const withPort = NetAddress.inetAddressFromString(text)
  return Result.isSuccess(withPort) ? NetAddress.toCanonical(withPort.success.address) : undefined
}

/** The address of the client behind a peer that sent this X-Forwarded-For, as the long way's middleware finds it. */
export const clientAddress = (trustedProxies: ReadonlyArray<string>) => {
  const networks = trustedProxies.map((network) => IpNetwork.fromStringUnsafe(network))
  const isTrusted = (address: NetAddress.IpAddress) => networks.some((network) => IpNetwork.contains(network, address))
  return (peer: string | undefined, forwarded: string | undefined): string | null => {
    if (peer === undefined || forwarded === undefined || networks.length === 0) return peer ?? null
    const proxy = parsed(peer)
    if (proxy === undefined || !isTrusted(proxy)) return peer
    const addresses = forwarded.split(",").map((address) => address.trim())
    for (const [index, text] of [...addresses.entries()].reverse()) {
      const address = parsed(text)
      if (address === undefined) return peer
      if (index === 0 || !isTrusted(address)) return NetAddress.formatIp(address)
    }
    return peer
  }
}
