import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { signal } from '#server/db/embedded/processes.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { CannotRunHere, check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'

/** What is left is sent quickly; a server that finds its sandbox again tells it the pace of the set-up. */
const QUICK = { latencyMinMs: 0, latencyMaxMs: 2 }
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }

/**
 * At random moments of a campaign every process of the database is stopped and its directory copied, as a power cut
 * would leave it. Each copy must open with everything that was acknowledged, paused; and a commit is on disk before its
 * answer leaves.
 */
export async function crashImages(lab: Lab): Promise<Numbers> {
  const images = lab.rounds(20, 2)
  const site = lab.embeddedSite()
  const server = await site.start()
  await site.setUp({ latencyMinMs: 100, latencyMaxMs: 140 })
  await checkSettings(site)
  const campaign = await site.createCampaign(1500)
  await campaign.untilAccepted(20, { limitMs: lab.limit(30_000) })
  const flushed = await watchCommits(lab, site)
  const copies: { directory: string; sent: number }[] = []
  for (let image = 1; image <= images && (await campaign.lease()).status === 'running'; image++) {
    await sleep(lab.random.between(0, 300))
    copies.push(await takeImage(lab, site, campaign))
    lab.tell(`image ${image} of ${images}`)
  }
  check(copies.length === images, `Only ${copies.length} images were taken before the end.`)
  await site.gateway.behave(QUICK)
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  for (const copy of copies) await openImage(lab, site, campaign, copy)
  await server.stop()
  return {
    images,
    'opened and brought to the end': copies.length,
    recipients: books.recipients,
    'commits followed by the system call, each on disk before its answer': flushed,
  }
}

async function checkSettings(site: Site): Promise<void> {
  for (const [name, wanted] of Object.entries(DURABLE)) {
    const [row] = await site.query<{ value: string }>('select current_setting($1) as value', [name])
    check(row?.value === wanted, `${name} is ${row?.value}.`)
  }
}

async function takeImage(lab: Lab, site: Site, campaign: ObservedCampaign) {
  const home = mkdtempSync(join(lab.directory, 'image-'))
  const directory = join(home, 'data')
  mkdirSync(directory, { mode: 0o700 })
  const sent = (await campaign.rowsByStatus())['sent'] ?? 0
  const processes = site.databaseProcesses()
  for (const pid of processes) signal(pid, 'SIGSTOP')
  try {
    for (const name of ['postgres', 'secret.key'])
      cpSync(join(site.directory, name), join(directory, name), { recursive: true, preserveTimestamps: true })
  } finally {
    for (const pid of processes) signal(pid, 'SIGCONT')
  }
  return { directory, sent }
}

/** Starts a server on the copy, resumes and ends its campaign at the same gateway. */
async function openImage(
  lab: Lab,
  origin: Site,
  of: ObservedCampaign,
  copy: { directory: string; sent: number },
): Promise<void> {
  const site = lab.siteIn(copy.directory)
  cpSync(join(origin.directory, 'sandbox'), join(copy.directory, 'sandbox'), { recursive: true })
  const server = await site.start()
  site.api.actAs(origin.api)
  const campaign = new ObservedCampaign(site, of.id, of.phones)
  const { status, pauseReason } = await campaign.progress()
  check(status === 'paused' && pauseReason === 'restart', `In the copy the campaign is ${status} (${pauseReason}).`)
  const sent = (await campaign.rowsByStatus())['sent'] ?? 0
  check(sent >= copy.sent, `${copy.sent} were acknowledged as sent, the copy knows of ${sent}.`)
  await campaign.resume()
  await origin.gateway.behave(QUICK)
  await balanceAtEnd(campaign, lab.limit(60_000))
  await server.stop()
}

/** Follows the system calls of the database for a while: after a write to the log, a flush, and only then the answer. */
async function watchCommits(lab: Lab, site: Site): Promise<number> {
  if (spawnSync('strace', ['-V']).status !== 0) throw new CannotRunHere('strace is not installed.')
  const output = join(lab.directory, 'strace.out')
  const pids = site.databaseProcesses().flatMap((pid) => ['-p', String(pid)])
  const calls = 'trace=pwrite64,pwritev,pwritev2,fdatasync,fsync,sendto'
  const strace = spawn('strace', ['-f', '-y', '-s', '0', '-e', calls, '-o', output, ...pids], { stdio: 'ignore' })
  await sleep(1500)
  strace.kill('SIGINT')
  await new Promise((resolve) => strace.once('exit', resolve))
  const { commits, early } = readCommits(readFileSync(output, 'utf8'))
  check(early === 0, `${early} answers left before their log was flushed.`)
  check(commits > 0, 'strace saw no commit: nothing was proved.')
  return commits
}

/** Counts answers after a flushed write to the log, and those whose write was not flushed by the same process before. */
function readCommits(trace: string): { commits: number; early: number } {
  const state = new Map<string, 'written' | 'flushed'>()
  let commits = 0
  let early = 0
  for (const line of trace.split('\n')) {
    const [, pid = '', call = ''] = /^(\d+)\s+(?:<\.\.\. )?(\w+)/.exec(line) ?? []
    if (call.startsWith('pwrite') && line.includes('/pg_wal/')) state.set(pid, 'written')
    else if (/^f(data)?sync$/.test(call) && !line.includes('<unfinished')) {
      if (state.get(pid) === 'written') state.set(pid, 'flushed')
    } else if (call === 'sendto' && !line.includes('resumed')) {
      if (state.get(pid) === 'written') early += 1
      if (state.get(pid) === 'flushed') commits += 1
      state.delete(pid)
    }
  }
  return { commits, early }
}
