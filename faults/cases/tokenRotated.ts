import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Channel } from '#contract/channels.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { cloudChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { rowsOf } from '../lab/observe.ts'
import type { RawGateway } from '../lab/RawGateway.ts'
import { accept, late, metaError, wuzapiError } from '../lab/replies.ts'
import type { Site } from '../lab/Site.ts'

/** The gateway's pause on WuzAPI is 5 s at least, so few people there. */
const SIZES = { cloud: 100, wuzapi: 4 }
const REVOKED_AFTER = { cloud: 40, wuzapi: 2 }

type Line = { campaign: ObservedCampaign; channel: Channel; token: string }

/** The token is revoked in the middle; with a new one saved, resume goes on with it. Neither is ever logged. */
export async function tokenRotated(lab: Lab): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  const { site, server } = await siteBefore(lab, gateway, { LOG_LEVEL: 'trace' })
  const revoked = new Set<string>()
  const counts = new Map<string, number>()
  gateway.statusOf = (token) => (revoked.has(token) ? 401 : { connected: true, loggedIn: true })
  gateway.reply = late(10, (send) => {
    const count = (counts.get(send.token) ?? 0) + 1
    counts.set(send.token, count)
    if (send.token.startsWith('old') && count > REVOKED_AFTER[send.shape]) revoked.add(send.token)
    if (!revoked.has(send.token)) return accept(send)
    return send.shape === 'cloud' ? metaError(190, 401)(send) : wuzapiError('unauthorized', 401)(send)
  })
  const lines = { cloud: await startCloud(site, gateway), wuzapi: await startWuzapi(site, gateway) }
  const numbers: Numbers = {}
  for (const [name, line] of Object.entries(lines)) {
    numbers[`${name}: sent with the old token`] = await rotate(lab, site, gateway, line)
  }
  const log = readFileSync(join(site.directory, 'servers.log'), 'utf8')
  const tokens = [...new Set(gateway.exchanges.map(({ token }) => token))]
  const leaked = tokens.filter((token) => log.includes(token))
  check(leaked.length === 0, `${leaked.length} of ${tokens.length} tokens are in the log.`)
  check(!server.hasEnded, 'The server has ended.')
  return { ...numbers, 'log lines searched': log.split('\n').length, 'tokens in the log': leaked.length }
}

async function startCloud(site: Site, gateway: RawGateway): Promise<Line> {
  const token = newToken('old')
  const channel = await cloudChannel(site, gateway.url, { token })
  return { campaign: await startCampaign(site, channel, gateway, SIZES.cloud), channel, token }
}

async function startWuzapi(site: Site, gateway: RawGateway): Promise<Line> {
  const token = newToken('old')
  const body = { name: 'wuzapi', gateway: 'wuzapi', baseUrl: gateway.url, token }
  const channel = await site.api.post<Channel>('/api/user/channels', body)
  const campaign = await startCampaign(site, channel, gateway, SIZES.wuzapi, { delayMin: 5, delayMax: 5 })
  return { campaign, channel, token }
}

/** Returns how many were reached before; the rest must be with the new token alone. */
async function rotate(lab: Lab, site: Site, gateway: RawGateway, { campaign, channel, token }: Line): Promise<number> {
  await campaign.untilPaused('unauthorized', lab.limit(30_000))
  const before = (await rowsOf(campaign)).filter(({ status }) => status === 'sent').length
  const fresh = newToken('new')
  await site.api.patch(`/api/user/channels/${channel.id}`, { token: fresh })
  const since = performance.now()
  await campaign.resume()
  await balanceAtEnd(campaign, lab.limit(60_000))
  const late = gateway.exchanges.filter((exchange) => exchange.token === token && exchange.readAt > since)
  check(late.length === 0, `${late.length} requests came with the old token after the new one was saved.`)
  check(
    gateway.exchanges.some((exchange) => exchange.token === fresh),
    'Nothing came with the new token.',
  )
  return before
}

function newToken(prefix: string): string {
  return `${prefix}-${randomBytes(16).toString('hex')}`
}
