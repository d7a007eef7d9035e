import { request } from 'node:http'
import { check } from '../lab/check.ts'
import { createUser } from '../lab/channels.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { ReverseProxy } from '../lab/ReverseProxy.ts'
import type { Site } from '../lab/Site.ts'

/** Where callers stand: all of 127/8 is this machine. */
const DIRECT = '127.0.0.21'
const CLIENTS = ['127.0.0.31', '127.0.0.32'] as const
const TRUSTED_PROXY = '127.0.0.41'
const STRANGE_PROXY = '127.0.0.42'
/** Refusals asked for after the limit is reached. */
const BEYOND = 3

/** What a caller may claim about itself, another one in every request. */
const CLAIMS: Record<string, (n: number) => Record<string, string | string[]>> = {
  nothing: () => ({}),
  'X-Forwarded-For': (n) => ({ 'X-Forwarded-For': `203.0.113.${n}` }),
  'X-Forwarded-For, a list': (n) => ({ 'X-Forwarded-For': `203.0.113.${n}, 198.51.100.${n}, ${TRUSTED_PROXY}` }),
  'X-Forwarded-For, repeated': (n) => ({ 'X-Forwarded-For': [`203.0.113.${n}`, `198.51.100.${n}`] }),
  'x-forwarded-for': (n) => ({ 'x-forwarded-for': `203.0.113.${n}` }),
  'X-FORWARDED-FOR, IPv6': (n) => ({ 'X-FORWARDED-FOR': `2001:db8:${n}::1` }),
  'X-Forwarded-For, with a port': (n) => ({ 'X-Forwarded-For': `203.0.113.${n}:${4000 + n}` }),
  'X-Forwarded-For, no address': (n) => ({ 'X-Forwarded-For': `unknown, x${n}, ,` }),
  Forwarded: (n) => ({ Forwarded: `for=203.0.113.${n};proto=https, for="[2001:db8::${n}]"` }),
  'X-Real-IP': (n) => ({ 'X-Real-IP': `203.0.113.${n}` }),
  'CF-Connecting-IP': (n) => ({ 'CF-Connecting-IP': `203.0.113.${n}`, 'CF-Connecting-IPv6': `2001:db8::${n}` }),
  'True-Client-IP': (n) => ({ 'True-Client-IP': `203.0.113.${n}`, 'X-Client-IP': `203.0.113.${n}` }),
  'all of them': (n) => ({
    'X-Forwarded-For': `203.0.113.${n}`,
    Forwarded: `for=203.0.113.${n}`,
    'X-Real-IP': `203.0.113.${n}`,
    'CF-Connecting-IP': `203.0.113.${n}`,
    'X-Cluster-Client-IP': `203.0.113.${n}`,
  }),
}

type Way = { name: string; from: string; addresses: (n: number) => string }

/** Limits count in both processes together, and whatever a caller says of itself changes nothing. */
export async function forwardedAddresses(lab: Lab): Promise<Numbers> {
  const limit = lab.rounds(10, 3)
  const site = await lab.externalSite({
    TRUSTED_PROXIES: `${TRUSTED_PROXY}/32`,
    CAMPAIGN_CREATE_LIMIT: String(limit),
    SIGN_IN_LIMIT: String(limit),
  })
  const addresses = [await startApi(site), await startApi(site)]
  await createUser(site)
  const [trusted, strange] = [
    await proxiesTo(lab, TRUSTED_PROXY, addresses),
    await proxiesTo(lab, STRANGE_PROXY, addresses),
  ]
  const ways: Way[] = [
    { name: 'directly', from: DIRECT, addresses: (n) => addresses[n % 2] ?? '' },
    { name: 'through a trusted proxy', from: CLIENTS[0], addresses: (n) => trusted[n % 2]?.url ?? '' },
    { name: 'through a proxy that is not trusted', from: CLIENTS[0], addresses: (n) => strange[n % 2]?.url ?? '' },
  ]
  const claims = Object.entries(CLAIMS).filter((_, n) => n % lab.rounds(1, 4) === 0)
  let asked = 0
  for (const way of ways) {
    for (const [claim, claimed] of claims) {
      lab.tell(`${way.name}: ${claim}`)
      for (const act of [create(site), signIn]) {
        await site.change('delete from rate_limits')
        asked += await reachLimit(limit, `${act.name} ${way.name} with ${claim}`, (n) => act.ask(way, n, claimed(n)))
      }
    }
  }
  return {
    'API processes': 2,
    ways: ways.length,
    claims: claims.length,
    limit,
    requests: asked,
    ...(await apart(site, limit, ways)),
  }
}

async function startApi(site: Site): Promise<string> {
  await site.start('api')
  return site.api.address
}

function proxiesTo(lab: Lab, from: string, addresses: string[]): Promise<ReverseProxy[]> {
  return Promise.all(
    addresses.map(async (address) => {
      const proxy = await ReverseProxy.open(from)
      lab.atEnd(() => proxy.close())
      proxy.target = address
      return proxy
    }),
  )
}

/** What is refused for its content counts as well, so nothing need be created. */
function create(site: Site) {
  return {
    name: 'creation',
    ask: (way: Way, n: number, claimed: Record<string, string | string[]>) =>
      post(way, n, '/api/user/bulk-campaigns', {}, { ...claimed, ...site.api.headers() }),
  }
}

/** Each at another account, so that only the address is counted. */
const signIn = {
  name: 'sign-in',
  ask: (way: Way, n: number, claimed: Record<string, string | string[]>) => {
    const email = `nobody${n}-${Math.random().toString(36).slice(2)}@revoada.local`
    return post(way, n, '/api/auth/sign-in', { email, password: 'not the password' }, claimed)
  },
}

/** The limit and no more gets through; returns how many requests that took. */
async function reachLimit(limit: number, what: string, ask: (n: number) => Promise<number>): Promise<number> {
  for (let n = 1; n <= limit + BEYOND; n++) {
    const status = await ask(n)
    const isRefused = status === 429
    check(isRefused === n > limit, `${what}: request ${n} at a limit of ${limit} was answered ${status}.`)
  }
  return limit + BEYOND
}

/** Behind a trusted proxy each client has a count of its own; behind another one all share that of the proxy. */
async function apart(site: Site, limit: number, [, trusted, strange]: Way[]): Promise<Numbers> {
  if (trusted === undefined || strange === undefined) return {}
  const second = (way: Way): Way => ({ ...way, from: CLIENTS[1] })
  const forged = (n: number) => ({ 'X-Forwarded-For': `${CLIENTS[1]}, 203.0.113.${n}` })
  await site.change('delete from rate_limits')
  await reachLimit(limit, 'sign-in of the first client', (n) => signIn.ask(trusted, n, forged(n)))
  await reachLimit(limit, 'sign-in of the second client', (n) => signIn.ask(second(trusted), n, {}))
  await site.change('delete from rate_limits')
  await reachLimit(limit, 'sign-in through the strange proxy', (n) => signIn.ask(strange, n, {}))
  const other = await signIn.ask(second(strange), 1, {})
  check(other === 429, `Another client of a proxy that is not trusted was answered ${other}: its header was believed.`)
  return { 'counts behind the trusted proxy': 2, 'behind the other': 1 }
}

function post(
  way: Way,
  n: number,
  path: string,
  body: object,
  headers: Record<string, string | string[]>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, way.addresses(n)), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      localAddress: way.from,
      agent: false,
      timeout: 20_000,
    })
    outgoing.on('response', (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
    })
    outgoing.on('error', reject)
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${path} was not answered in time.`)))
    outgoing.end(JSON.stringify(body))
  })
}
