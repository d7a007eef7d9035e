import { setTimeout as sleep } from 'node:timers/promises'
import { signal } from '#server/db/embedded/processes.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, median, most, until } from '../lab/check.ts'
import { campaignFromFile } from '../lab/importPeople.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import { IN_FLIGHT, type Site } from '../lab/Site.ts'

const BACK_MS = 10_000
/** So long the killed database stays a zombie that nobody has reaped: its parent is stopped. */
const UNREAPED_MS = 300

/**
 * `kill -9` inside the embedded database while the server lives (its main process, one connection, the main process
 * with a parent that cannot reap it), and of both together. It is back within ten seconds with everything settled.
 */
export async function databaseKilled(lab: Lab): Promise<Numbers> {
  const rounds = lab.rounds(20, 1)
  const site = lab.embeddedSite()
  let server = await site.start()
  await site.setUp({ latencyMinMs: 100, latencyMaxMs: 140 })
  const campaign = await campaignFromFile(lab, site, lab.rounds(30_000, 1500))
  const backMs: Record<string, number[]> = {
    postmaster: [],
    'one connection': [],
    'postmaster, unreaped': [],
    both: [],
  }
  const kinds = Object.keys(backMs)
  for (let round = 0; round < rounds * kinds.length; round++) {
    const kind = kinds[round % kinds.length] ?? ''
    await campaign.untilAccepted(1, { limitMs: lab.limit(30_000) })
    await sleep(lab.random.between(0, 400))
    const sent = await sentRows(campaign)
    const killedAt = Date.now()
    server = await kill(site, server, kind, campaign)
    const now = await untilMoreAreSent(lab, campaign, sent)
    backMs[kind]?.push(Date.now() - killedAt)
    check(now >= sent, `${sent} people were called sent before the kill of ${kind}, ${now} after it.`)
    lab.tell(`kill ${round + 1} of ${rounds * kinds.length}`)
  }
  await site.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 2 })
  const books = await balanceAtEnd(campaign, lab.limit(120_000))
  return {
    'kills of each kind': rounds,
    ...Object.fromEntries(
      kinds.map((kind) => [
        `${kind}: sending again, median/most ms`,
        `${median(backMs[kind] ?? [])}/${most(backMs[kind] ?? [])}`,
      ]),
    ),
    recipients: books.recipients,
    'repeated requests': books.repeatedRequests,
  }
}

/** Returns the server that runs afterwards. */
async function kill(
  site: Site,
  server: ServerProcess,
  kind: string,
  campaign: ObservedCampaign,
): Promise<ServerProcess> {
  const [postmaster = 0, ...children] = databaseOf(site)
  if (kind === 'both') {
    server.signal('SIGKILL')
    signal(postmaster, 'SIGKILL')
    await server.ended
    const next = await site.start()
    await campaign.resume()
    return next
  }
  if (kind === 'one connection') {
    const [backend] = await site.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'revoada-main' order by random() limit 1`,
    )
    signal(outerPid(children, backend?.pid ?? 0), 'SIGKILL')
  } else if (kind === 'postmaster') {
    signal(postmaster, 'SIGKILL')
  } else {
    server.signal('SIGSTOP')
    signal(postmaster, 'SIGKILL')
    await sleep(UNREAPED_MS)
    server.signal('SIGCONT')
  }
  await until('the server to live on', () => (server.hasEnded ? null : true), { limitMs: 100 })
  return server
}

/** The processes of the site's database, its main one first. */
function databaseOf(site: Site): number[] {
  return [site.postmaster(), ...site.databaseProcesses().filter((pid) => pid !== site.postmaster())]
}

/** The pid as PostgreSQL says it; it has no pid namespace of its own. */
function outerPid(children: number[], pid: number): number {
  check(children.includes(pid), `No process ${pid} belongs to the database.`)
  return pid
}

/** Returns once the database has written down more than what was under way at the kill. */
async function untilMoreAreSent(lab: Lab, campaign: ObservedCampaign, before: number): Promise<number> {
  const more = async () => {
    const now = await sentRows(campaign).catch(() => 0)
    return now > before + IN_FLIGHT ? now : null
  }
  return until('the database to write on', more, { limitMs: lab.limit(BACK_MS), everyMs: 50 })
}

async function sentRows(campaign: ObservedCampaign): Promise<number> {
  return (await campaign.rowsByStatus())['sent'] ?? 0
}
