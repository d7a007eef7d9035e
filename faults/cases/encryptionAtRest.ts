import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Channel } from '#contract/channels.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { cloudChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import { leaksInDatabase } from '../lab/findLeaks.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { RawGateway } from '../lab/RawGateway.ts'
import { accept, late } from '../lab/replies.ts'
import { addSealedChannels } from '../lab/rotation.ts'
import type { Site } from '../lab/Site.ts'
import { keyRotation } from './keyRotation.ts'

const CHANNELS = '/api/user/channels'
const REFUSALS = {
  key: 'SECRET_KEY is not the one this database was used with; start with the right key.',
  ring: 'The key ring of this database (table secret_keys) is damaged; restore the database from a backup.',
}

/** What lies in the database is searched, damaged, swapped and opened with another key; then the key is changed. */
export async function encryptionAtRest(lab: Lab): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  gateway.reply = late(20, accept)
  const { site, server } = await siteBefore(lab, gateway)
  const sealed = await addSealedChannels(site, keyOf(site), lab.rounds(1000, 50))
  const searched = await searchAtRest(site, [...sealed.values()])
  const damages = await damageWhileSending(lab, site, gateway)
  await server.stop()
  await refuseStarts(site)
  await refuseEmpty(lab)
  return { ...searched, ...damages, ...(await keyRotation(lab)) }
}

function keyOf(site: Site): string {
  return readFileSync(join(site.directory, 'secret.key'), 'utf8').trim()
}

/** Rows as a dump shows them, and every byte of the data directory, the write-ahead log included. */
async function searchAtRest(site: Site, tokens: string[]): Promise<Numbers> {
  const typed = await cloudChannel(site, 'http://127.0.0.1:9', {
    token: `typed-${tokens[0]}`,
    appSecret: `app-${tokens[1]}`,
  })
  await site.api.patch(`${CHANNELS}/${typed.id}`, { token: `typed-again-${tokens[2]}` })
  const shown = [...tokens, `typed-${tokens[0]}`, keyOf(site)]
  const asBytes = shown.map((text) => Buffer.from(text).toString('hex'))
  const rows = await leaksInDatabase(site, [...shown, ...asBytes])
  check(rows.length === 0, rows.join(' '))
  await site.change('checkpoint')
  const list = join(site.directory, 'searched')
  writeFileSync(list, shown.join('\n'))
  const found = await filesWith(list, site.directory)
  const wrong = found.filter((file) => file !== list && file !== join(site.directory, 'secret.key'))
  check(wrong.length === 0, `Secrets stand in plain in ${wrong.join(', ')}.`)
  check(found.includes(list) && found.includes(join(site.directory, 'secret.key')), 'The search finds nothing at all.')
  return { 'secrets searched in rows and files': shown.length, 'secrets found in plain': 0 }
}

function filesWith(list: string, directory: string): Promise<string[]> {
  return new Promise((resolve) => {
    execFile('grep', ['-rlaF', '-f', list, directory], { maxBuffer: 1e8 }, (_error, out) =>
      resolve(out.split('\n').filter(Boolean)),
    )
  })
}

/** Every bit that is flipped, and every ciphertext in another's row, stops the campaign; nothing leaves with garbage. */
async function damageWhileSending(lab: Lab, site: Site, gateway: RawGateway): Promise<Numbers> {
  const rounds = lab.rounds(8, 2)
  for (let round = 0; round < rounds; round++) {
    lab.tell(`damage ${round + 1} of ${rounds}`)
    const [a, b] = [await cloudChannel(site, gateway.url), await cloudChannel(site, gateway.url)]
    const bit = Math.floor(lab.random.between(0, 8 * 60))
    await damaged(lab, site, gateway, a, (id) =>
      site.change(`update channels set token_ciphertext =
        set_bit(token_ciphertext, ${bit}, 1 - get_bit(token_ciphertext, ${bit})) where id = '${id}'`),
    )
    await damaged(lab, site, gateway, b, (id) =>
      site.change(`with o as (select token_ciphertext from channels where id = '${a.id}')
        update channels set token_ciphertext = o.token_ciphertext from o where id = '${id}'`),
    )
  }
  return { 'bits flipped while sending': rounds, 'ciphertexts swapped while sending': rounds }
}

async function damaged(
  lab: Lab,
  site: Site,
  gateway: RawGateway,
  channel: Channel,
  damage: (id: string) => Promise<void>,
): Promise<void> {
  const campaign = await startCampaign(site, channel, gateway, 400)
  await campaign.untilAccepted(20, { limitMs: lab.limit(20_000) })
  const known = new Set(gateway.exchanges.map(({ token }) => token))
  await damage(channel.id)
  await campaign.untilPaused('unauthorized', lab.limit(15_000))
  const strange = gateway.exchanges.filter(({ token }) => !known.has(token))
  check(strange.length === 0, `${strange.length} requests left with a token that nobody ever typed.`)
  const { status } = await site.api.get<{ status: string }>(`${CHANNELS}/${channel.id}/status`)
  check(status === 'unauthorized', `The channel is ${status}.`)
  await repair(lab, site, campaign, channel)
}

/** A token that is saved anew puts everything right. */
async function repair(lab: Lab, site: Site, campaign: ObservedCampaign, channel: Channel): Promise<void> {
  await site.api.patch(`${CHANNELS}/${channel.id}`, { token: `mended-${randomBytes(12).toString('hex')}` })
  await campaign.resume()
  await balanceAtEnd(campaign, lab.limit(60_000))
}

/** Another key and a damaged ring are refused in one sentence. */
async function refuseStarts(site: Site): Promise<void> {
  const file = join(site.directory, 'secret.key')
  const right = readFileSync(file, 'utf8')
  writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`)
  await refusal(site, REFUSALS.key)
  writeFileSync(file, right)
  const server = await site.start()
  await site.change(`update secret_keys set sealed = set_bit(sealed, 200, 1 - get_bit(sealed, 200))`)
  await server.stop()
  await refusal(site, REFUSALS.ring)
}

/** Also where nothing is sealed yet. */
async function refuseEmpty(lab: Lab): Promise<void> {
  const site = lab.embeddedSite()
  await (await site.start()).stop()
  writeFileSync(join(site.directory, 'secret.key'), `${randomBytes(32).toString('base64url')}\n`)
  await refusal(site, REFUSALS.key)
}

async function refusal(site: Site, sentence: string): Promise<void> {
  const server = site.spawn()
  const { code } = await server.ended
  check(code === 1 && server.lastWords.includes(sentence), `The start ended with ${code}: ${server.lastWords}`)
}
