import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RECIPIENT_STATUSES } from '#contract/states.ts'
import { check, until } from '../lab/check.ts'
import { phonesOf, untilImportEnds, uploadPeople } from '../lab/importPeople.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { update } from '../lab/rawUpdate.ts'
import { replayAudit, type AuditRow } from '../lab/replayAudit.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

/** The second as `npm start` has it. */
const HEAP = { NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=8' }
const MAX_RSS_MB = 200
const MAX_IMPORT_RSS_MB = 300
const BATCH = 100
const FILE_ROWS = 250_000

/**
 * A million recipients through one worker whose heap has 128 MB, from their expansion to the end: its memory stays flat, and the database never hands it more than a batch of rows at once, by the database's own count.
 */
export async function smallHeap(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(1_000_000, 20_000)
  const postgres = await lab.newPostgres(join(lab.directory, 'watched'))
  await postgres.configure('shared_preload_libraries', 'pg_stat_statements')
  await postgres.restart('fast', lab.limit(20_000))
  const site = await lab.externalSite({ LEASE_SECONDS: '30' }, { postgres })
  await site.start('api')
  await site.setUp({ maxInFlight: 64, latencyMinMs: 0, latencyMaxMs: 0 })
  const importer = await site.start('worker', HEAP)
  await watchStatements(site)
  const importIds = await importAll(lab, site, size)
  const importMb = peakMb(importer)
  check(importMb <= MAX_IMPORT_RSS_MB, `The import took ${importMb} MB; ${MAX_IMPORT_RSS_MB} are allowed.`)
  await importer.stop()
  const worker = await site.start('worker', HEAP)
  const startedAt = performance.now()
  const campaign = await campaignTo(site, importIds)
  await untilSent(lab, campaign, size)
  const seconds = (performance.now() - startedAt) / 1000
  const peak = peakMb(worker)
  check(peak <= MAX_RSS_MB, `The worker reached ${peak} MB; ${MAX_RSS_MB} are allowed.`)
  const widest = await widestStatement(site)
  check(widest.rows <= BATCH, `A statement returned ${widest.rows} rows a call: ${widest.query}`)
  await checkBooks(site, campaign, size)
  return {
    recipients: size,
    'most RSS of the import, MB': importMb,
    'most RSS from expansion to completion, MB': peak,
    'most rows a call of any statement': Math.round(widest.rows),
    'from creation to completion, s': Math.round(seconds),
    'messages a second': Math.round(size / seconds),
  }
}

/** In several files: the lab's client gives a request up after 20 s. */
async function importAll(lab: Lab, site: Site, size: number): Promise<string[]> {
  const phones = phonesOf(size)
  const ids: string[] = []
  for (let at = 0; at < size; at += FILE_ROWS) {
    const part = phones.slice(at, at + FILE_ROWS)
    const id = await uploadPeople(site, part)
    const { accepted } = await untilImportEnds(site, id, lab.limit(120_000))
    check(accepted === part.length, `The import took ${accepted} of ${part.length} people.`)
    ids.push(id)
    lab.tell(`${at + part.length} imported`)
  }
  return ids
}

async function campaignTo(site: Site, importIds: string[]): Promise<ObservedCampaign> {
  const { id } = await site.createCampaign(0, { recipients: { importIds } })
  return new ObservedCampaign(site, id, [])
}

function untilSent(lab: Lab, campaign: ObservedCampaign, size: number): Promise<true> {
  const look = async () => {
    const { status, stats } = await campaign.progress()
    check(status !== 'paused' && status !== 'failed', `The campaign is ${status}.`)
    lab.tell(`${stats.sent} of ${size} sent`)
    return status === 'completed' ? true : null
  }
  return until('the campaign to complete', look, { limitMs: lab.limit(900_000), everyMs: 500 })
}

/** The most memory that a process has had in its life. */
function peakMb({ pid }: ServerProcess): number {
  const [, kb] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
}

async function watchStatements(site: Site): Promise<void> {
  await update(site, 'create extension pg_stat_statements')
  await update(site, 'select pg_stat_statements_reset()')
}

/** Of the product's own statements that return rows of its tables, the one with the most per call on average. */
async function widestStatement(site: Site): Promise<{ query: string; rows: number }> {
  const [widest] = await site.query<{ query: string; rows: number }>(
    `select s.query, (s.rows::double precision / s.calls) as rows from pg_stat_statements s
    join pg_database d on d.oid = s.dbid and d.datname = current_database()
    where s.query ~* '^\\s*(select|with)' and s.query !~ 'pg_catalog' order by 2 desc limit 1`,
  )
  check(widest !== undefined, 'The database counted no statement.')
  return widest
}

/** The oracle in the database and the gateway's own sums: a million rows are not compared one by one here. */
async function checkBooks(site: Site, campaign: ObservedCampaign, size: number): Promise<void> {
  const rows = await campaign.rowsByStatus()
  check(rows['sent'] === size && Object.keys(rows).length === 1, `The rows are ${JSON.stringify(rows)}.`)
  const [counts] = await site.query<Record<string, number>>('select * from campaign_counts where campaign_id = $1', [
    campaign.id,
  ])
  const drifted = RECIPIENT_STATUSES.filter((status) => (counts?.[status] ?? 0) !== (rows[status] ?? 0))
  check(drifted.length === 0, `The counters of ${drifted.join(', ')} differ from the rows.`)
  const ledger = await site.gateway.summary()
  const reached = `${ledger.recipients} people under ${ledger.distinctAccepted} ids, ${ledger.duplicates} twice`
  const isExact = ledger.recipients === size && ledger.distinctAccepted === size && ledger.duplicates === 0
  check(isExact, `The gateway accepted messages to ${reached}; ${size} people were chosen.`)
  const audit = await site.query<AuditRow>(
    'select action, details from campaign_audit_logs where campaign_id = $1 order by id',
    [campaign.id],
  )
  const problems = replayAudit(audit, 'completed')
  check(problems.length === 0, problems.join(' '))
}
