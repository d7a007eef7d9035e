import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CreatedCampaign } from '#contract/campaigns.ts'
import type { ApiClient } from '../lab/ApiClient.ts'
import { sandboxChannel } from '../lab/channels.ts'
import { check, most, until } from '../lab/check.ts'
import { EventReader } from '../lab/EventReader.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'
import { createTenants } from '../lab/tenants.ts'

const CAMPAIGNS = '/api/user/bulk-campaigns'
const AT_ONCE = 50
const FORGOTTEN_MS = 60_000
const SHUT_MS = 5000
const ENDED_MS = 3000
const MORE_FILES = 5

/** Streams are opened and cut a thousand times, read by nobody, open at the shutdown, of others, and outlive their sign-in. */
export async function eventStreams(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  const server = await site.start()
  const [owner, other] = (await createTenants(site, 2)) as [ApiClient, ApiClient]
  const campaign = await draft(site, owner)
  const foreign = await refused(site, owner, await draft(site, other))
  const opened = lab.rounds(1000, 100)
  const files = await openAndLeave(lab, site, server, { url: urlOf(site, campaign), api: owner, count: opened })
  const endings = await outliveSignIns(lab, site, owner, campaign)
  const shutMs = await shutWithReaders(lab, site, server, { url: urlOf(site, campaign), api: owner })
  return {
    'streams opened and left, half by a reset': opened,
    'files more than before, a minute later at most': files,
    'ms until a stream ended with its sign-in, at most': endings,
    "another tenant's campaign: status": foreign,
    'ms from SIGTERM to the end of 100 streams': shutMs,
  }
}

function urlOf(site: Site, campaignId: string): string {
  return `${site.api.address}${CAMPAIGNS}/${campaignId}/events`
}

async function draft(site: Site, api: ApiClient): Promise<string> {
  site.api.actAs(api)
  const channel = await sandboxChannel(site)
  const { campaignId } = await api.post<CreatedCampaign>(CAMPAIGNS, {
    name: 'watched',
    channelId: channel.id,
    messages: [{ type: 'text', content: 'Oi' }],
    recipients: { contacts: [{ phone: '+5511960000001' }] },
    delayMin: 0,
    delayMax: 0,
  })
  return campaignId
}

/** Somebody else's campaign is answered like one that is not there. */
async function refused(site: Site, api: ApiClient, campaignId: string): Promise<number> {
  const missing = '6f1c2a3b-0000-4000-8000-1234567890ab'
  const answers = await Promise.all(
    [campaignId, missing].map(async (id) => {
      const reader = await EventReader.open(urlOf(site, id), api.headers())
      await reader.ended
      return `${reader.status} ${reader.text}`
    }),
  )
  check(answers[0] === answers[1], `Another's campaign is told apart from a missing one: ${answers.join(' | ')}`)
  check(answers[0]?.startsWith('404 ') === true, `Another's campaign was answered ${answers[0]}.`)
  return 404
}

async function openAndLeave(
  lab: Lab,
  site: Site,
  server: ServerProcess,
  { url, api, count }: { url: string; api: ApiClient; count: number },
): Promise<number> {
  const stalled = await Promise.all(Array.from({ length: 10 }, () => EventReader.open(url, api.headers())))
  for (const reader of stalled) reader.stall()
  const before = filesOf(server)
  for (let done = 0; done < count; done += AT_ONCE) {
    lab.tell(`stream ${done} of ${count}`)
    const readers = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - done) }, () => EventReader.open(url, api.headers())),
    )
    for (const reader of readers) check(reader.status === 200, `A stream was answered ${reader.status}.`)
    // Some before anything is told, some in the middle of it.
    await Promise.all(readers.slice(0, AT_ONCE / 2).map((reader) => reader.first()))
    for (const [index, reader] of readers.entries()) reader.leave(index % 2 === 0 ? 'end' : 'reset')
  }
  const isBack = () => (filesOf(server) <= before + MORE_FILES ? filesOf(server) - before : null)
  const more = await until('the files of the streams closed', isBack, { limitMs: FORGOTTEN_MS })
  for (const reader of stalled) reader.leave('reset')
  check((await api.send('GET', '/api/me')).status === 200, 'The API does not answer any more.')
  check(site.living.length === 1, 'The server has ended.')
  return Math.max(0, more)
}

/** How long a stream goes on at most after its right is gone, each way that it can go. */
async function outliveSignIns(lab: Lab, site: Site, owner: ApiClient, campaignId: string): Promise<number> {
  const url = urlOf(site, campaignId)
  const times: number[] = []
  const watch = async (headers: Record<string, string>, end: () => Promise<unknown>) => {
    const reader = await EventReader.open(url, headers)
    await reader.first()
    await sleep(1200)
    const from = performance.now()
    await end()
    const endedAt = await Promise.race([reader.ended, sleep(lab.limit(ENDED_MS) + 1000).then(() => Infinity)])
    times.push(endedAt - from)
  }
  const bearer = async () => {
    const { id, key } = await owner.post<{ id: string; key: string }>('/api/user/api-keys', { name: 'streams' })
    return { id, headers: { authorization: `Bearer ${key}` } }
  }
  const revoked = await bearer()
  await watch(revoked.headers, () => owner.send('DELETE', `/api/user/api-keys/${revoked.id}`))
  const disabled = await bearer()
  await watch(disabled.headers, () => site.change('update users set disabled_at = clock_timestamp()'))
  await site.change('update users set disabled_at = null')
  await watch(owner.headers(), () => site.change(`update sessions set expires_at = clock_timestamp()`))
  await site.change(`update sessions set expires_at = clock_timestamp() + interval '1 day'`)
  await watch(owner.headers(), () => site.change(`update sessions set used_at = '2020-01-01'`))
  await site.change('update sessions set used_at = clock_timestamp()')
  check(most(times) <= lab.limit(ENDED_MS), `A stream went on for ${most(times)} ms after its right was gone.`)
  return most(times)
}

async function shutWithReaders(
  lab: Lab,
  site: Site,
  server: ServerProcess,
  { url, api }: { url: string; api: ApiClient },
): Promise<number> {
  const readers = await Promise.all(Array.from({ length: 100 }, () => EventReader.open(url, api.headers())))
  await Promise.all(readers.map((reader) => reader.first()))
  for (const reader of readers.slice(0, 20)) reader.stall()
  const from = performance.now()
  server.signal('SIGTERM')
  const ends = await Promise.all(readers.slice(20).map((reader) => reader.ended))
  const { code } = await server.ended
  const took = Math.max(...ends) - from
  check(took <= lab.limit(SHUT_MS), `The streams were open for ${Math.round(took)} ms after SIGTERM.`)
  check(code === 0, `The server ended with ${code}.`)
  check(site.living.length === 0, 'A server is left.')
  return Math.round(took)
}

function filesOf(server: ServerProcess): number {
  return readdirSync(`/proc/${server.pid}/fd`).length
}
