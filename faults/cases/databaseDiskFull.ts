import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { IN_FLIGHT } from '../lab/Site.ts'
import { SmallDisk } from '../lab/SmallDisk.ts'
import { balanceWhenSettled, untilPausedForStorage } from '../lab/storagePause.ts'

const DISK_MIB = 96
const TABLESPACE_MIB = 16
const WATCHED_MS = 2000

/** The database's disk fills up during a campaign: first data and log together, then only where the recipients are. */
export async function databaseDiskFull(lab: Lab): Promise<Numbers> {
  return { ...(await wholeDisk(lab)), ...(await tablespaceOnly(lab)) }
}

/** The database panics and stays down until there is space. Nothing is sent that is not claimed on disk. */
async function wholeDisk(lab: Lab): Promise<Numbers> {
  const disk = SmallDisk.mount(lab, 'small', DISK_MIB)
  const postgres = await lab.newPostgres(join(disk.directory, 'data'))
  const site = await lab.externalSite({ LEASE_SECONDS: '6' }, { postgres })
  const servers = [await site.start('api'), await site.start('worker')]
  await site.setUp({ latencyMinMs: 20, latencyMaxMs: 60 })
  const campaign = await site.createCampaign(lab.rounds(6000, 2500))
  await campaign.untilAccepted(50, { limitMs: lab.limit(30_000) })
  disk.fill()
  // Somebody else's work on the same server uses up what the log has in reserve.
  await postgres
    .run('create table others as select repeat(md5(n::text), 20) from generate_series(1, 200000) n')
    .catch(() => undefined)
  await Promise.race([postgres.gaveUp, untilSilent(lab, campaign)])
  await sleep(WATCHED_MS)
  await postgres.stop()
  disk.free()
  await postgres.start()
  const open = (await campaign.rowsByStatus())['pending'] ?? 0
  check(open > 0, 'Nobody was left when the disk was full: nothing was proved.')
  const unclaimed = await requestsWithoutClaim(campaign)
  check(unclaimed === 0, `${unclaimed} people were written to without a claim in the database.`)
  await goOn(lab, campaign)
  check(
    servers.every((server) => !server.hasEnded),
    'A process ended with the disk.',
  )
  const books = await balanceAtEnd(campaign, lab.limit(120_000))
  return {
    'whole disk: people not yet claimed when it was full': open,
    'whole disk: requests without a durable claim': unclaimed,
    'whole disk: recipients': books.recipients,
    'whole disk: repeated requests': books.repeatedRequests,
  }
}

/** Only the recipients' rows have no space: the campaign is paused for it, and goes on when there is some. */
async function tablespaceOnly(lab: Lab): Promise<Numbers> {
  const disk = SmallDisk.mount(lab, 'tablespace', TABLESPACE_MIB)
  const place = join(disk.directory, 'rows')
  mkdirSync(place, { mode: 0o700 })
  const postgres = await lab.postgres()
  await postgres.run(`create tablespace small location '${place}'`)
  const site = await lab.externalSite({ LEASE_SECONDS: '6' })
  await site.start('api')
  await site.start('worker')
  // The index as well: the pages of the rows have room for their next versions, an index grows with every claim.
  await site.change(`alter table campaign_contacts set tablespace small;
    alter index campaign_contacts_status_idx set tablespace small`)
  await site.setUp({ latencyMinMs: 20, latencyMaxMs: 60 })
  const campaign = await site.createCampaign(lab.rounds(6000, 3000))
  await campaign.untilAccepted(50, { limitMs: lab.limit(30_000) })
  disk.fill()
  const pausedMs = await untilPausedForStorage(lab, campaign)
  const read = await site.gateway.readCount()
  await sleep(WATCHED_MS)
  const late = (await site.gateway.readCount()) - read
  check(late === 0, `${late} requests came after the pause.`)
  disk.free()
  await balanceWhenSettled(lab, campaign)
  await campaign.resume()
  const books = await balanceAtEnd(campaign, lab.limit(120_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated.`)
  return {
    'tablespace only: paused (storage) after ms': pausedMs,
    'tablespace only: requests after the pause': late,
    'tablespace only: recipients': books.recipients,
    'tablespace only: repeated requests': books.repeatedRequests,
  }
}

/** Once nothing can be written, at most what was claimed and under way still leaves. */
async function untilSilent(lab: Lab, campaign: ObservedCampaign): Promise<void> {
  let before = -1
  const isSilent = async () => {
    const now = await campaign.site.gateway.readCount()
    const same = now === before
    before = now
    return same ? true : null
  }
  await until('the end of the requests', isSilent, { limitMs: lab.limit(30_000), everyMs: 1500 })
}

/** People whom the gateway knows and whose rows say that nobody ever claimed them. */
async function requestsWithoutClaim(campaign: ObservedCampaign): Promise<number> {
  const rows = await campaign.site.query<{ phone: string }>(
    `select phone from campaign_contacts where campaign_id = $1 and status = 'pending' and rendered_at is null`,
    [campaign.id],
  )
  const untouched = new Set(rows.map(({ phone }) => phone.slice(1)))
  return (await campaign.ledger()).filter(({ kind, number }) => kind === 'read' && untouched.has(number)).length
}

/** It is running again, or paused for storage and waits for a person. */
async function goOn(lab: Lab, campaign: ObservedCampaign): Promise<void> {
  const read = await campaign.site.gateway.readCount()
  const isThere = async () => {
    const { status, pauseReason } = await campaign.progress().catch(() => ({ status: '', pauseReason: null }))
    if (status === 'paused') check(pauseReason === 'storage', `The campaign is paused for ${pauseReason}.`)
    if (status === 'paused') return 'resume' as const
    if (status === 'completed' || (await campaign.site.gateway.readCount()) > read + IN_FLIGHT)
      return 'goes on' as const
    return null
  }
  const found = await until('the campaign to go on or to wait for a person', isThere, {
    limitMs: lab.limit(20_000),
    everyMs: 200,
  })
  if (found === 'resume') await campaign.resume()
}
