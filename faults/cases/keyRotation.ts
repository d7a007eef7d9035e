import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from '#contract/channels.ts'
import { masterOf } from '#server/lib/Sealer.ts'
import { arm } from '../lab/armed.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { addSealedChannels, rotate, valuesUnderOldKeys } from '../lab/rotation.ts'
import { logged } from '../lab/serverLog.ts'
import type { Site } from '../lab/Site.ts'

const CHANNELS = '/api/user/channels'
const REFUSED_START = 'SECRET_KEY is not the one this database was used with; start with the right key.'

const newKey = () => randomBytes(32).toString('base64url')

/**
 * SECRET_KEY is changed while a campaign is sent and people use the API; the change is killed again and again. No request
 * is refused, nothing is left under the old key, and the old key opens nothing any more.
 */
export async function keyRotation(lab: Lab): Promise<Numbers> {
  const external = await onExternal(lab)
  return { ...external, ...(await onEmbedded(lab)) }
}

async function onExternal(lab: Lab): Promise<Numbers> {
  const site = await lab.externalSite()
  const oldKey = site.settings['SECRET_KEY'] ?? ''
  await site.start('api')
  await site.start('worker')
  await site.start('worker')
  await site.setUp({ delivered: 1, latencyMinMs: 20, latencyMaxMs: 60 })
  const rows = lab.rounds(10_000, 500)
  const tokens = await addSealedChannels(site, oldKey, rows)
  const user = await startUser(site, [...tokens.keys()])
  const campaign = await site.createCampaign(lab.rounds(6000, 300))
  await campaign.untilAccepted(20, { limitMs: lab.limit(30_000) })
  const { kills, changes, key } = await rotateUnderFire(lab, site, lab.rounds(8, 1))
  await balanceAtEnd(campaign, lab.limit(120_000))
  await untilDelivered(lab, campaign)
  const calls = await user.stop()
  const left = await valuesUnderOldKeys(site)
  check(left === 0, `${left} values are still under an old key.`)
  await checkStarts(lab, site, oldKey, key)
  const rejected = logged(site, 'request refused').length
  check(rejected === 0, `${rejected} requests were refused.`)
  return {
    'rows with sealed values': rows,
    'kills of a change': kills,
    'changes that ended': changes,
    'API calls meanwhile': calls,
    'values left under the old key': left,
  }
}

type Fire = { kills: number; changes: number; key: string }

/**
 * Kills the change at random moments and in both of its transactions, each time with another key to come; then lets one
 * end, and asks for the same once more, which changes nothing. Returns the key that counts.
 */
async function rotateUnderFire(lab: Lab, site: Site, rounds: number): Promise<Fire> {
  const fire: Fire = { kills: 0, changes: 0, key: site.settings['SECRET_KEY'] ?? '' }
  const points = [1, 2].map((nth) => arm(site, { at: 'before_commit', do: 'kill', nth }).settings)
  for (const settings of [...points, ...Array.from({ length: rounds }, () => null)]) {
    const key = newKey()
    const rotation = rotate(site, { SECRET_KEY: fire.key, NEW_SECRET_KEY: key, ...settings })
    if (settings === null) setTimeout(() => rotation.kill(), lab.random.between(200, lab.limit(4000)))
    const { code, text } = await rotation.ended
    check(code === 0 || code === null, `A change ended with ${code}: ${text}`)
    if (code === null) {
      fire.kills += 1
      await forgetLease(site)
    }
    // A kill may come when all is done but the words that say so.
    if (code === 0 || (await isMaster(site, key))) Object.assign(fire, { key, changes: fire.changes + 1 })
  }
  const last = { SECRET_KEY: fire.key, NEW_SECRET_KEY: newKey() }
  for (const time of ['first', 'second']) {
    const { code, text } = await rotate(site, last).ended
    check(code === 0, `The ${time} change that was not killed ended with ${code}: ${text}`)
  }
  return { ...fire, key: last.NEW_SECRET_KEY, changes: fire.changes + 1 }
}

async function isMaster(site: Site, key: string): Promise<boolean> {
  const [fact] = await site.query<{ value: string }>(`select value from instance_facts where name = 'master_key_id'`)
  return fact?.value === masterOf(key).id
}

/** A run that was killed holds its turn for some seconds more, which the next one would spend waiting. */
async function forgetLease(site: Site): Promise<void> {
  await site.change(`delete from instance_facts where name = 'key_change'`)
}

/** A person at work all the time: every kind of call that opens, seals or looks up a secret. */
async function startUser(site: Site, channels: string[]) {
  const mine = { name: 'mine', gateway: 'wuzapi', baseUrl: 'http://127.0.0.1:9', token: `mine-${newKey()}` }
  const create = () =>
    site.api.send('POST', CHANNELS, JSON.stringify(mine), { 'idempotency-key': 'made-before-the-change' })
  const made = await (await create()).text()
  const id = (JSON.parse(made) as Channel).id
  const steps: [string, number, () => Promise<Response>][] = [
    ['a repeated creation', 201, create],
    ['the status of the sending channel', 200, () => site.api.send('GET', `${CHANNELS}/${site.channelId}/status`)],
    ['a token that is in use', 409, () => site.api.send('POST', CHANNELS, JSON.stringify(mine))],
    [
      'a new token',
      200,
      () => site.api.send('PATCH', `${CHANNELS}/${anyOf(channels)}`, JSON.stringify({ token: newKey() })),
    ],
    ['the status of a channel', 200, () => site.api.send('GET', `${CHANNELS}/${id}/status`)],
  ]
  let calls = 0
  let stopped = false
  const loop = (async () => {
    for (; !stopped; await sleep(20)) {
      for (const [what, expected, call] of steps) {
        const answer = await call()
        const text = await answer.text()
        calls += 1
        check(answer.status === expected, `During the change ${what} was answered ${answer.status}: ${text}`)
        if (expected === 201) check(text === made, 'A repeated creation was answered otherwise.')
        check(!text.includes('unauthorized'), `During the change ${what} found a token unreadable: ${text}`)
      }
    }
  })()
  loop.catch(() => undefined)
  return {
    stop: async () => {
      stopped = true
      await loop
      return calls
    },
  }
}

function anyOf<T>(items: T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)]
}

/** Webhooks still come to the addresses that were registered before, signed with the keys of before. */
async function untilDelivered(lab: Lab, campaign: ObservedCampaign): Promise<void> {
  const isDelivered = async () => ((await campaign.progress()).stats.sent === 0 ? true : null)
  await until('every receipt', isDelivered, { limitMs: lab.limit(30_000), everyMs: 200 })
}

/** The running processes go on; a new one needs the new key. */
async function checkStarts(lab: Lab, site: Site, oldKey: string, key: string): Promise<void> {
  const refused = site.spawn('worker', { SECRET_KEY: oldKey })
  await refused.ended
  check(refused.lastWords.includes(REFUSED_START), `The old key was answered: ${refused.lastWords}`)
  const after = await site.createCampaign(50)
  await balanceAtEnd(after, lab.limit(60_000))
  await Promise.all(site.living.map((server) => server.stop()))
  await site.start('all', { SECRET_KEY: key })
  const last = await site.createCampaign(50)
  await balanceAtEnd(last, lab.limit(60_000))
}

/** The same where the key is a file: beside a running product, beside one that stands still, and cut short in between. */
async function onEmbedded(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  const file = join(site.directory, 'secret.key')
  const server = await site.start()
  await site.setUp()
  const campaign = await site.createCampaign(lab.rounds(1000, 100))
  const before = readFileSync(file, 'utf8')
  const cut = rotate(site)
  await sleep(lab.random.between(300, 1500))
  cut.kill()
  await cut.ended
  const { code, text } = await rotate(site).ended
  check(code === 0, `The change beside the running product ended with ${code}: ${text}`)
  const changed = readFileSync(file, 'utf8')
  check(changed !== before && !text.includes(changed.trim()), 'The key file was not replaced, or the key was shown.')
  check((statSync(file).mode & 0o777) === 0o600, 'The key file can be read by others.')
  await balanceAtEnd(campaign, lab.limit(60_000))
  await server.stop()
  const still = await rotate(site).ended
  check(still.code === 0, `The change of a product that stands still ended with ${still.code}: ${still.text}`)
  // The power went after the database was changed and before the file was.
  renameSync(file, `${file}.next`)
  writeFileSync(file, changed, { mode: 0o600 })
  await site.start()
  check(readFileSync(file, 'utf8') !== changed, 'The start did not end the change.')
  await balanceAtEnd(await site.createCampaign(30), lab.limit(60_000))
  return { 'values under old keys, embedded': await valuesUnderOldKeys(site) }
}
