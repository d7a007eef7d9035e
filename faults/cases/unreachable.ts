import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { balance } from '../lab/balance.ts'
import { makeCertificate } from '../lab/certificates.ts'
import { cloudChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { autoPausesOf, errorsOf, rowsOf } from '../lab/observe.ts'
import type { RawGateway } from '../lab/RawGateway.ts'
import { accept, late } from '../lab/replies.ts'
import type { Site } from '../lab/Site.ts'

const SIZE = 60
/** Slow enough that the campaign is in its middle when the gateway goes. */
const ANSWER_MS = 200
const GIVES_UP_AFTER_MS = 60_000
const PROBE_EVERY_MS = 30_000
const SERVER_SOURCE = fileURLToPath(new URL('../../server/src', import.meta.url))

type Victim = { name: string; codes: RegExp; campaign: ObservedCampaign; gateway: RawGateway }

/**
 * A gateway that cannot be reached in the middle of a campaign: refused, no such host, and certificates that nobody
 * should believe, although the environment asks to. Nothing was sent, so nothing is burnt and nobody is unknown; after
 * a minute without success the channel counts as disconnected.
 */
export async function unreachable(lab: Lab): Promise<Numbers> {
  checkSource()
  const expired = await makeCertificate(lab.directory, 'expired', true)
  const selfSigned = await makeCertificate(lab.directory, 'self-signed', false)
  const good = await lab.rawGateway()
  good.reply = late(ANSWER_MS, accept)
  const { site } = await siteBefore(lab, good, {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    // Known as an authority, so that only its date speaks against it.
    NODE_EXTRA_CA_CERTS: expired.file,
  })
  const start = async (name: string, codes: RegExp, where: string, gateway = good): Promise<Victim> => {
    const channel = await cloudChannel(site, gateway.url)
    const campaign = await startCampaign(site, channel, gateway, SIZE)
    await campaign.untilAccepted(1, { limitMs: lab.limit(10_000) })
    const moved = { baseUrl: where, token: `of-another-origin-${name.replaceAll(/\W/g, '-')}` }
    if (where !== '') await site.api.patch(`/api/user/channels/${channel.id}`, moved)
    return { name, codes, campaign, gateway }
  }
  const closing = await lab.rawGateway()
  closing.reply = late(ANSWER_MS, accept)
  const refused = await start('refused', /^ECONNREFUSED$/, '', closing)
  await closing.shut()
  const [old, own] = [await lab.rawGateway(expired), await lab.rawGateway(selfSigned)]
  const victims = [
    refused,
    await start('no such host', /^ENOTFOUND$|^EAI_AGAIN$/, 'http://gateway.invalid'),
    await start('expired certificate', /^CERT_HAS_EXPIRED$/, old.url),
    await start('self-signed certificate', /SELF_SIGNED/, own.url),
  ]
  const numbers = await watch(lab, victims)
  check(old.readCount() + own.readCount() === 0, 'A request went to a gateway whose certificate is not to be believed.')
  await closing.reopen()
  return { ...numbers, ...(await finish(lab, site, refused)) }
}

/** All of them fail at once; a full run waits until they are given up. */
async function watch(lab: Lab, victims: Victim[]): Promise<Numbers> {
  const isLong = lab.rounds(1, 0) === 1
  if (isLong) {
    const limitMs = lab.limit(GIVES_UP_AFTER_MS + PROBE_EVERY_MS)
    for (const { campaign } of victims) await campaign.untilPaused('disconnected', limitMs)
  } else await sleep(3000)
  const numbers: Numbers = {}
  for (const victim of victims) Object.assign(numbers, await judge(victim, isLong))
  return numbers
}

async function judge({ name, codes, campaign }: Victim, isGivenUp: boolean): Promise<Numbers> {
  const rows = await rowsOf(campaign)
  const errors = (await errorsOf(campaign)).filter(({ number, code }) => number !== null && code !== 'ECONNRESET')
  const strange = errors.find(({ category, code }) => category !== 'SERVER_BUSY' || !codes.test(code))
  // What was on its way when the gateway went is ambiguous and no part of this.
  const cut = new Set(
    (await errorsOf(campaign)).filter(({ category }) => category === 'TIMEOUT').map(({ number }) => number),
  )
  if (strange !== undefined && !cut.has(strange.number)) check(false, `${name}: ${strange.category} ${strange.code}.`)
  check(errors.length > 0, `${name}: no failed attempt is in the error log.`)
  const burnt = rows.filter(({ number, status, attempts }) => status !== 'sent' && attempts > 0 && !cut.has(number))
  check(burnt.length === 0, `${name}: ${burnt.length} recipients lost an attempt to a request that never left.`)
  const lost = rows.filter(({ number, status }) => (status === 'unknown' || status === 'failed') && !cut.has(number))
  check(lost.length === 0, `${name}: ${lost.length} recipients are ${lost[0]?.status}.`)
  if (!isGivenUp) return { [`${name}: failed attempts`]: errors.length }
  const [pause] = await autoPausesOf(campaign)
  const after = (pause?.at.getTime() ?? 0) - (errors[0]?.at.getTime() ?? 0)
  check(after >= GIVES_UP_AFTER_MS - 1000, `${name}: given up after ${after} ms.`)
  return { [`${name}: failed attempts`]: errors.length, [`${name}: disconnected after, ms`]: after }
}

/** The one that comes back gets the rest. */
async function finish(lab: Lab, site: Site, { campaign, gateway }: Victim): Promise<Numbers> {
  gateway.reply = accept
  if ((await campaign.progress()).status === 'paused') await campaign.resume()
  await campaign.untilCompleted(lab.limit(2 * PROBE_EVERY_MS))
  const { accepted, unknown, repeatedRequests } = await balance(campaign)
  check(
    accepted + unknown === SIZE && repeatedRequests === 0,
    `${accepted} reached, ${unknown} unknown, ${repeatedRequests} repeated.`,
  )
  const health = await until(
    'an answer of the server',
    () => site.api.get<object>('/api/health/ready').catch(() => null),
    { limitMs: 5000 },
  )
  check(health !== null, 'The server is gone.')
  return { 'back again: reached': accepted, 'back again: cut off on the way, unknown': unknown }
}

/** Nobody may switch the check of certificates off. */
function checkSource(): void {
  const files = readdirSync(SERVER_SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const guilty = files.filter((name) =>
    /rejectUnauthorized:\s*false/.test(readFileSync(join(SERVER_SOURCE, name), 'utf8')),
  )
  check(guilty.length === 0, `Certificates are not checked in ${guilty.join(', ')}.`)
}
