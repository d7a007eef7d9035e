import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findSandbox } from '#server/channels/sandboxProcess.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import { cloneByDump, startDebianPostgres } from '../lab/DebianPostgres.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS, TAKEOVER_GRACE_MS } from '../lab/leases.ts'
import { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'

const SCRIPTS = fileURLToPath(new URL('../../scripts/', import.meta.url))
const SIZE = 400
/** The campaign must not be over before the copy has been taken. */
const SLOW = { latencyMinMs: 2000, latencyMaxMs: 3000 }
const QUICK = { latencyMinMs: 2, latencyMaxMs: 20 }
/** Many looks of a worker at what is to be taken. */
const SILENCE_MS = 2000

/**
 * A copy is taken of an installation in the middle of a campaign, by our backup, by our copy to an external PostgreSQL,
 * and by pg_dump, and started beside the first. It sends nothing, also when it is asked to, until a person arms it; then
 * whoever is open goes out, under the same ids.
 */
export async function restoredCopy(lab: Lab): Promise<Numbers> {
  return { ...(await byBackup(lab)), ...(await byCopy(lab)), ...(await byDump(lab)) }
}

async function byBackup(lab: Lab): Promise<Numbers> {
  const from = lab.embeddedSite()
  const campaign = await sendHalf(lab, from)
  const to = lab.embeddedSite()
  const file = join(lab.directory, 'site.backup')
  runScript('backup.ts', [file], from.settings)
  copyFileSync(join(from.directory, 'secret.key'), join(to.directory, 'secret.key'))
  runScript('restore.ts', [file], to.settings)
  return goOn(lab, 'backup', campaign, to)
}

async function byCopy(lab: Lab): Promise<Numbers> {
  const from = lab.embeddedSite()
  const campaign = await sendHalf(lab, from)
  const to = await lab.externalSite({ SECRET_KEY: readFileSync(join(from.directory, 'secret.key'), 'utf8').trim() })
  runScript('copyToPostgres.ts', [], { ...from.settings, TARGET_DATABASE_URL: to.settings['DATABASE_URL'] ?? '' })
  return goOn(lab, 'copy to PostgreSQL', campaign, to)
}

async function byDump(lab: Lab): Promise<Numbers> {
  const postgres = await startDebianPostgres(lab)
  const from = await lab.externalSite({}, { postgres })
  const campaign = await sendHalf(lab, from)
  const to = await lab.externalSite({ SECRET_KEY: from.settings['SECRET_KEY'] ?? '' }, { postgres })
  cloneByDump(from.settings['DATABASE_URL'] ?? '', to.settings['DATABASE_URL'] ?? '')
  return goOn(lab, 'pg_dump', campaign, to)
}

async function sendHalf(lab: Lab, site: Site): Promise<ObservedCampaign> {
  await site.start()
  await site.setUp(SLOW)
  const campaign = await site.createCampaign(SIZE)
  await campaign.untilAccepted(30, { limitMs: lab.limit(20_000) })
  return campaign
}

async function goOn(lab: Lab, how: string, campaign: ObservedCampaign, to: Site): Promise<Numbers> {
  const { site: from } = campaign
  // So that every request from now on would be one of the copy.
  await campaign.pause()
  const readBefore = await from.gateway.readCount()
  const sandbox = await findSandbox({ directory: join(from.directory, 'sandbox') })
  check(sandbox !== null, 'The sandbox of the first installation is gone.')
  to.api.actAs(from.api)
  await to.start('all', { SANDBOX_URL: sandbox.url, SANDBOX_TOKEN: sandbox.adminToken })
  const copied = new ObservedCampaign(to, campaign.id, campaign.phones, from.gateway)
  await copied.untilPausedByRestart(lab.limit(LEASE_MS + TAKEOVER_GRACE_MS))
  const answer = await to.api.send('POST', `/api/user/bulk-campaigns/${campaign.id}/resume`)
  const refusal = await answer.text()
  check(refusal.includes('INSTALLATION_NOT_ARMED'), `Resumed in a copy that is not armed: ${answer.status} ${refusal}.`)
  await sleep(SILENCE_MS)
  const early = (await from.gateway.readCount()) - readBefore
  check(early === 0, `The copy (${how}) has sent ${early} times before anybody armed it.`)
  for (const server of from.living) await server.stop()
  runScript('arm.ts', [], to.settings)
  await from.gateway.behave(QUICK)
  await copied.resume()
  const { recipients, accepted } = await balanceAtEnd(copied, lab.limit(60_000))
  return { [`${how}: requests before it was armed`]: early, [`${how}: reached of ${recipients}`]: accepted }
}

/** A command of ours, with the settings of a site. */
function runScript(name: string, args: string[], settings: Record<string, string>): void {
  const run = spawnSync(process.execPath, [join(SCRIPTS, name), ...args], {
    env: settings,
    encoding: 'utf8',
    timeout: 120_000,
  })
  check(run.status === 0, `${name} ended with ${run.status}: ${run.stderr.slice(-300)}`)
}
