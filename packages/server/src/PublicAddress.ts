/**
 * Public addresses: which addresses of the internet a server may be sent to by somebody else's wish. Everything that is
 * special by the registries of IANA is not: this machine, private networks, links, clouds' metadata, tunnels.
 */
import { lookup } from "node:dns/promises"
import { BlockList, isIP } from "node:net"

// https://www.iana.org/assignments/iana-ipv4-special-registry and its sister for IPv6.
const SPECIAL_4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4"
]
const SPECIAL_6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"]

const special = new BlockList()
for (const [family, ranges] of [
  ["ipv4", SPECIAL_4],
  ["ipv6", SPECIAL_6]
] as const) {
  for (const range of ranges) {
    const [network = "", prefix] = range.split("/")
    special.addSubnet(network, Number(prefix), family)
  }
}

// All of IPv6 that is given out to anybody: what is mapped, translated, local or multicast lies outside.
const given = new BlockList()
given.addSubnet("2000::", 3, "ipv6")

/** Whether an address, as `lookup` writes it, is one of the public internet. */
export const isPublicAddress = (address: string): boolean => {
  const family = isIP(address)
  if (family === 4) return !special.check(address, "ipv4")
  return family === 6 && given.check(address, "ipv6") && !special.check(address, "ipv6")
}

/** An address that a name stands for. */
export interface Address {
  readonly address: string
  readonly family: number
}

/** Finds the addresses that a name stands for. */
export type Resolve = (name: string) => Promise<ReadonlyArray<Address>>

/** By the system's own resolver. */
export const resolveBySystem: Resolve = (name) => lookup(name, { all: true, verbatim: true })

/** A name, or an address, that does not lead to the public internet. */
export class PrivateAddress extends Error {
  override readonly name = "PrivateAddress"
  constructor(host: string) {
    super(`${host} is not on the public internet; only what is may be sent to`)
  }
}

/** A URL's host without the brackets of IPv6; the URL has made every spelling of an address the one of digits. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "")

/**
 * The addresses of a host, if all of them are public. It is to be asked for each connection and its answer to be
 * connected to: a name that is looked up again may stand for something else.
 */
export const publicAddresses = async (host: string, resolve: Resolve): Promise<ReadonlyArray<Address>> => {
  const family = isIP(host)
  const found = family === 0 ? await resolve(host) : [{ address: host, family }]
  if (found.length === 0 || !found.every(({ address }) => isPublicAddress(address))) throw new PrivateAddress(host)
  return found
}
