import { lookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** An address as it may be fetched, in the one spelling that every reader takes alike; or why not, as a sentence. */
export type CheckedAddress = { url: URL } | { refusal: string }

export type HostAddress = { address: string; family: number }
/** Every address of a host name. Rejects when there is none. */
export type Resolve = (host: string) => Promise<HostAddress[]>

const NOT_HTTP = 'Write an address that begins with http:// or https://.'
const NOT_PUBLIC = 'Only addresses on the public internet can be used here.'

/**
 * Whether `text` is an http(s) address without a user name. A user name is how `https://bank.example@evil.example`
 * looks like another host than it names.
 */
export function checkHttpAddress(text: string): CheckedAddress {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return { refusal: NOT_HTTP }
  if (url.username !== '' || url.password !== '') return { refusal: 'An address with a user name cannot be used here.' }
  return { url }
}

/**
 * The same, and the host is not one of this machine or of a private network, as far as the address itself says. All
 * spellings of an IP address (`127.1`, `0x7f000001`, full-width digits) are one to the URL parser.
 */
export function checkPublicAddress(text: string): CheckedAddress {
  const checked = checkHttpAddress(text)
  if ('refusal' in checked) return checked
  const host = bareHost(checked.url.hostname)
  const isPublic = isIP(host) === 0 ? isPublicName(host) : isPublicIp(host)
  return isPublic ? checked : { refusal: NOT_PUBLIC }
}

/**
 * The same, and no address that the host name has now is a private one. A name that has no address is let through:
 * nothing is reached under it. What will really be connected to is decided by `publicConnector`, where we connect.
 */
export async function checkResolvedAddress(text: string, resolve: Resolve = resolveHost): Promise<CheckedAddress> {
  const checked = checkPublicAddress(text)
  if ('refusal' in checked) return checked
  const host = bareHost(checked.url.hostname)
  if (isIP(host) !== 0) return checked
  const addresses = await resolve(host).catch(() => [])
  return addresses.every(({ address }) => isPublicIp(address)) ? checked : { refusal: NOT_PUBLIC }
}

const RESOLVE_DEADLINE_MS = 3000

/** Asks as every program on this machine does, and waits 3 s at most. */
export async function resolveHost(host: string): Promise<HostAddress[]> {
  const given = new AbortController()
  const late = sleep(RESOLVE_DEADLINE_MS, null, { signal: given.signal, ref: false }).catch(() => null)
  const addresses = await Promise.race([lookup(host, { all: true }), late]).finally(() => given.abort())
  if (addresses === null) throw new Error('No address of the host came in time.')
  return addresses
}

/** Without the brackets of IPv6 and the dot that may end a name. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$|\.$/g, '')
}

/** Names that mean this machine or this network wherever they are asked for; one word alone does too. */
const LOCAL_NAME = /^(?:[^.]*|.*\.(?:localhost|local|internal|home\.arpa|lan))$/

function isPublicName(host: string): boolean {
  return !LOCAL_NAME.test(host)
}

/** IANA's special-purpose registries (RFC 6890), the addresses for groups, and the one that Azure's machines ask. */
const SPECIAL_IPV4 = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
  192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
  168.63.129.16/32`
/** All that is handed out on the internet; within it what tunnels to IPv4 or is for protocols and documents. */
const GLOBAL_IPV6 = '2000::/3'
const SPECIAL_IPV6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20'

const special = blockListOf(`${SPECIAL_IPV4} ${SPECIAL_IPV6}`)
const globalIpv6 = blockListOf(GLOBAL_IPV6)

/** Whether an IP address is one of the public internet. IPv4 dressed up as IPv6 is not. */
export function isPublicIp(address: string): boolean {
  // An address that needs an interface named beside it is one of this network.
  if (address.includes('%')) return false
  if (isIPv6(address)) return globalIpv6.check(address, 'ipv6') && !special.check(address, 'ipv6')
  return !special.check(address, 'ipv4')
}

function blockListOf(networks: string): BlockList {
  const list = new BlockList()
  for (const network of networks.split(/\s+/)) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}
