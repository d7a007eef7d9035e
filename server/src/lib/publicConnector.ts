import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { bareHost, isPublicIp, resolveHost, type HostAddress, type Resolve } from './outboundAddress.ts'

/** Somebody's address led to this machine or to a private network. */
export class AddressNotPublic extends Error {
  override readonly name = 'AddressNotPublic'
  readonly code = 'ADDRESS_NOT_PUBLIC'
}

/**
 * For `new Agent({ connect: publicConnector({ timeoutMs }) })`, wherever we fetch an address that a user named: connects
 * to public addresses only, and to none but those it has looked at. The name is resolved once, so that it cannot
 * mean another machine a moment later.
 */
export function publicConnector(options: { timeoutMs: number; resolve?: Resolve }): buildConnector.connector {
  const lookup = publicLookup(options.resolve ?? resolveHost)
  const connect = buildConnector({ timeout: options.timeoutMs, rejectUnauthorized: true, allowH2: false, lookup })
  return (where, done) => {
    const host = bareHost(where.hostname)
    // Nobody looks up what is an address already.
    if (isIP(host) === 0 || isPublicIp(host)) connect(where, done)
    else done(new AddressNotPublic(), null)
  }
}

/** One private address among several refuses all: the order in which they are tried is not ours. */
function publicLookup(resolve: Resolve): LookupFunction {
  return (host, options, answer) => {
    void resolvePublic(resolve, host).then(
      ([first, ...others]) => {
        if (options.all === true) answer(null, [first, ...others])
        else answer(null, first.address, first.family)
      },
      (error: Error) => answer(error, ''),
    )
  }
}

async function resolvePublic(resolve: Resolve, host: string): Promise<[HostAddress, ...HostAddress[]]> {
  const [first, ...others] = await resolve(host)
  if (first === undefined || ![first, ...others].every(({ address }) => isPublicIp(address)))
    throw new AddressNotPublic()
  return [first, ...others]
}
