import { closeSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { Site } from '../lab/Site.ts'
import { SmallDisk } from '../lab/SmallDisk.ts'
import { uploadContacts } from '../lab/uploads.ts'

const DISK_MIB = 8
const REFUSED = new Set([507, 413])
const ROWS = 60_000

/**
 * The disk for uploads (rows of the database here), temporary files and the log is full: an upload is refused and leaves
 * nothing behind, and neither a log that cannot be written nor one that nobody reads stops the sending.
 */
export async function productDiskFull(lab: Lab): Promise<Numbers> {
  const disk = SmallDisk.mount(lab, 'full', DISK_MIB)
  const { site, log } = await siteOn(lab, disk)
  const server = await site.start('all', { LOG_LEVEL: 'debug', TMPDIR: join(disk.directory, 'temp') }, { stderr: log })
  closeSync(log)
  await moveUploadsTo(lab, site, disk)
  await site.setUp({ latencyMinMs: 20, latencyMaxMs: 60 })
  const campaign = await site.createCampaign(lab.rounds(4000, 1000))
  await campaign.untilAccepted(20, { limitMs: lab.limit(30_000) })
  disk.fill()
  const logSize = statSync(join(disk.directory, 'log')).size
  const { status } = await uploadContacts(site, ROWS, 1)
  check(REFUSED.has(status), `An upload on a full disk was answered with ${status}.`)
  const left = await leftBehind(site)
  // Node keeps compiled code there, which is no leftover.
  const temporary = readdirSync(join(disk.directory, 'temp')).filter((name) => name !== 'node-compile-cache').length
  check(temporary === 0, `${temporary} temporary files were left.`)
  await sleep(500)
  const logged = statSync(join(disk.directory, 'log')).size - logSize
  const sent = await sendsOn(lab, site)
  check(!server.hasEnded, 'The server ended with its log.')
  disk.free()
  const afterwards = (await uploadContacts(site, 1000, 2)).status
  check(afterwards === 202, `With space again an upload was answered with ${afterwards}.`)
  server.stopReading()
  const books = await balanceAtEnd(campaign, lab.limit(120_000))
  check(!server.hasEnded, 'The server ended with its reader.')
  const { code } = await server.stop()
  check(code === 0, `The server ended with ${code}.`)
  return {
    'an upload on the full disk is answered with': status,
    'rows and bytes of it left behind': left,
    'temporary files left behind': temporary,
    'bytes logged while the disk was full': logged,
    'messages sent meanwhile': sent,
    recipients: books.recipients,
    'repeated requests': books.repeatedRequests,
  }
}

async function siteOn(lab: Lab, disk: SmallDisk): Promise<{ site: Site; log: number }> {
  mkdirSync(join(disk.directory, 'temp'))
  mkdirSync(join(disk.directory, 'rows'), { mode: 0o700 })
  const site = await lab.externalSite({ LEASE_SECONDS: '6' })
  return { site, log: openSync(join(disk.directory, 'log'), 'a') }
}

async function moveUploadsTo(lab: Lab, site: Site, disk: SmallDisk): Promise<void> {
  const postgres = await lab.postgres()
  await postgres.run(`create tablespace uploads location '${join(disk.directory, 'rows')}'`)
  await site.change('alter table upload_chunks set tablespace uploads')
}

async function leftBehind(site: Site): Promise<number> {
  const [row] = await site.query<{ n: number }>(
    'select ((select count(*) from upload_chunks) + (select count(*) from contact_imports))::int as n',
  )
  check(row?.n === 0, `${row?.n} rows of the refused upload were left behind.`)
  return row.n
}

async function sendsOn(lab: Lab, site: Site): Promise<number> {
  const before = await site.gateway.readCount()
  const more = async () => {
    const now = await site.gateway.readCount()
    return now > before + 20 ? now - before : null
  }
  return until('messages while the log cannot be written', more, { limitMs: lab.limit(5000) })
}
