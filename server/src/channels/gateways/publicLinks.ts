import { checkResolvedAddress, resolveHost, type HostAddress, type Resolve } from '#server/lib/outboundAddress.ts'
import { GatewayError } from './Gateway.ts'
import { verdict } from './gatewayFailures.ts'

/** A campaign names one host a million times. Beyond this a name is looked up anew: it may mean another machine by now. */
const REMEMBER_MS = 5000
const MAX_REMEMBERED = 1000

/** The link as the gateway is to fetch it. Rejects with `GatewayError` when it leads to a private network. */
export type CheckLink = (link: string) => Promise<string>

/** Holds every link of every message against what its host means at that moment. */
export function linkChecker(resolve: Resolve = resolveHost): CheckLink {
  const remembered = rememberAddresses(resolve)
  return async (link) => {
    const checked = await checkResolvedAddress(link, remembered)
    if ('url' in checked) return checked.url.href
    const refused = verdict('API_ERROR', 'LINK_NOT_PUBLIC', { permanent: true })
    throw new GatewayError({ ...refused, notBefore: null, message: checked.refusal })
  }
}

function rememberAddresses(resolve: Resolve): Resolve {
  const known = new Map<string, { addresses: Promise<HostAddress[]>; until: number }>()
  return (host) => {
    const entry = known.get(host)
    if (entry !== undefined && performance.now() < entry.until) return entry.addresses
    const addresses = resolve(host)
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(host, { addresses, until: performance.now() + REMEMBER_MS })
    return addresses
  }
}
