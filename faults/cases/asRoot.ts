import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { balanceAtEnd } from '../lab/balance.ts'
import { CannotRunHere, check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

/** A user namespace in which root may not make another one, as hardened systems forbid it everywhere. */
const FORBID = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'

/** Started as root: it works under a home that is closed to others, and says what to do where root may not help itself. */
export async function asRoot(lab: Lab): Promise<Numbers> {
  if (process.getuid?.() !== 0) throw new CannotRunHere('Only root can try what happens to root.')
  return { ...(await inClosedHome(lab)), ...(await withoutNamespaces(lab)) }
}

async function inClosedHome(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  check((statSync(dirname(site.directory)).mode & 0o777) === 0o700, 'The home of the site is open to others.')
  await site.start()
  await site.setUp()
  const books = await balanceAtEnd(await site.createCampaign(200), lab.limit(30_000))
  return { 'data under a home of 0700: people reached': books.accepted }
}

async function withoutNamespaces(lab: Lab): Promise<Numbers> {
  const forbidden = spawnSync('unshare', ['-Ur', 'sh', '-c', FORBID, 'sh', 'unshare', '-U', 'true'], {
    encoding: 'utf8',
  })
  if (!/unshare/.test(forbidden.stderr)) throw new CannotRunHere('User namespaces cannot be forbidden here.')
  const directory = join(lab.directory, 'forbidden')
  mkdirSync(directory)
  chmodSync(directory, 0o700)
  const server = lab.siteIn(directory).spawn('all', {}, { wrapper: ['unshare', '-Ur', 'sh', '-c', FORBID, 'sh'] })
  const { code } = await server.ended
  await new Promise((resolve) => setTimeout(resolve, 50))
  check(code === 1, `Without user namespaces the server ended with ${code}: ${server.lastWords}`)
  check(/start Revoada as an ordinary user/.test(server.lastWords), `It does not say what to do: ${server.lastWords}`)
  return { 'user namespaces forbidden': 'one sentence' }
}
