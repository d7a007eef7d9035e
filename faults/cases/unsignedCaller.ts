import { randomBytes, randomUUID } from 'node:crypto'
import type { Channel } from '#contract/channels.ts'
import { startCampaign } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import { leaksInDatabase, leaksInLines } from '../lab/findLeaks.ts'
import { bodyOf, inboxSize, partsOf, untilApplied, type CallOptions, type Hook, type HookCaller } from '../lab/hooks.ts'
import { countedRows, messageIdsOf } from '../lab/hookBooks.ts'
import { hookSite } from '../lab/hookSite.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { RawGateway } from '../lab/RawGateway.ts'
import { serverLines } from '../lab/serverLog.ts'
import type { Site } from '../lab/Site.ts'

const FORM = 'application/x-www-form-urlencoded'
const SIZE = 2
/** What a number on WuzAPI needs between two messages. */
const PACE_S = 5

/**
 * An old WuzAPI: forms with the event in `jsonData` and the number's token beside it, no signature. The address proves
 * it, and the token, where there is one, must fit; neither is found in a log or in a row afterwards.
 */
export async function unsignedCaller(lab: Lab): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  // Everything that can be logged is logged.
  const { site, caller } = await hookSite(lab, { LOG_LEVEL: 'trace' })
  const token = randomBytes(20).toString('hex')
  const otherToken = randomBytes(20).toString('hex')
  const hook = await wuzapiHook(site, gateway, token)
  const other = await wuzapiHook(site, gateway, otherToken)
  const campaign = await startCampaign(site, { id: hook.channelId }, gateway, SIZE, {
    delayMin: PACE_S,
    delayMax: PACE_S,
  })
  await campaign.untilCompleted(lab.limit(30_000))
  const ids = await messageIdsOf(campaign)
  const json = bodyOf(
    hook,
    ids.map((id) => ({ id, state: 'read' })),
  )
  const form = (more: Record<string, string>) => new URLSearchParams({ jsonData: json, ...more }).toString()

  const refusals: [string, number, string, CallOptions?][] = [
    ['a wrong token', 403, form({ token: `${token.slice(0, -1)}x` })],
    ['an empty token', 403, form({ token: '' })],
    ["another number's token", 403, form({ token: otherToken })],
    ['a wrong token in JSON', 403, JSON.stringify({ ...JSON.parse(json), token: otherToken })],
    ['a wrong address secret', 403, form({ token }), { secret: 'x'.repeat(hook.secret.length) }],
    ["another number's address secret", 403, form({ token }), { secret: other.secret }],
    ['an unknown instance', 404, form({ token }), { channelId: randomUUID() }],
    ['an instance that is no id', 404, form({ token }), { channelId: 'lab' }],
    ['a question instead of a report', 403, '', { method: 'GET' }],
  ]
  for (const [what, status, body, options] of refusals) await expectStatus(caller, hook, what, body, status, options)
  check((await inboxSize(site)) === 0, 'Something of a refused call was stored.')

  // The rows are looked at while they wait as well as when they are applied.
  const held = await holdInbox(site)
  await expectStatus(caller, hook, 'a form with the token', form({ token, userID: '1' }), 200)
  await expectStatus(caller, hook, 'a form without one', form({ userID: '1' }), 200)
  await expectStatus(caller, hook, 'JSON with the token', JSON.stringify({ ...JSON.parse(json), token }), 200, {
    type: 'application/json',
  })
  const secrets = { token, 'address secret': hook.secret, "other number's token": otherToken }
  const leaks = [...(await leaksInDatabase(site, Object.values(secrets)))]
  await held.letGo()
  await untilApplied(site, lab.limit(20_000))
  const rows = await countedRows(campaign)
  check(rows['read'] === SIZE, `The recipients are ${JSON.stringify(rows)}.`)
  leaks.push(...(await leaksInDatabase(site, Object.values(secrets))), ...leaksInLines(serverLines(site), secrets))
  check(leaks.length === 0, leaks.join(' '))
  return { 'calls refused': refusals.length, 'calls taken': 3, 'tokens found in rows and logs': 0 }
}

async function wuzapiHook(site: Site, gateway: RawGateway, token: string): Promise<Hook> {
  const body = { name: `old ${token.slice(0, 4)}`, gateway: 'wuzapi', baseUrl: gateway.url, token }
  const { id } = await site.api.post<Channel>('/api/user/channels', body)
  const url = await until('the address for webhooks', () => gateway.webhooks.get(token) ?? null, { limitMs: 20_000 })
  check(partsOf(url).channelId === id, 'The gateway was told the address of another channel.')
  return { shape: 'wuzapi', ...partsOf(url), key: '', token, phoneNumberId: '' }
}

/** Keeps the applier from its rows: they are there to be looked at. */
async function holdInbox(site: Site): Promise<{ letGo: () => Promise<void> }> {
  await site.change('alter table campaign_counts rename to campaign_counts_away')
  return { letGo: () => site.change('alter table campaign_counts_away rename to campaign_counts') }
}

async function expectStatus(
  caller: HookCaller,
  hook: Hook,
  what: string,
  body: string,
  status: number,
  options: CallOptions = {},
): Promise<void> {
  const answer = await caller.call(hook, body, { type: FORM, headers: {}, ...options })
  check(answer.status === status, `${what}: answered with ${answer.status} ${answer.text}, not ${status}.`)
}
