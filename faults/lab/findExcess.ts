import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from './ServerProcess.ts'
import type { Site } from './Site.ts'

/** Beside its pool a process has one connection for leases and one that it may open while another one closes. */
const OWN_CONNECTIONS = 2
const DEFAULT_POOL = 10
/** Files that come and go, connections of requests under way, and those that the lab itself keeps open. */
const FILES_MARGIN = 5 + 64
/** The database notices within this that a killed process is gone. */
const NOTICE_MS = 3000

const firstFiles = new WeakMap<ServerProcess, number>()

/** Connections and open files beyond what the living servers of a site may have, one sentence each. */
export async function findExcess(site: Site): Promise<string[]> {
  const pool = Number(site.settings['DATABASE_POOL'] ?? DEFAULT_POOL)
  const files = site.living.flatMap((server) => excessFiles(server, pool))
  return [...files, ...(await excessConnections(site, site.living.length * (pool + OWN_CONNECTIONS)))]
}

async function excessConnections(site: Site, allowed: number): Promise<string[]> {
  // What a bad line has swallowed stays open at its other end for as long as the kernel hopes.
  if (site.settings['DATABASE_URL']?.includes('@127.0.0.1') === true) return []
  const deadline = performance.now() + NOTICE_MS
  for (;;) {
    const open = await countConnections(site)
    if (open <= allowed) return []
    if (performance.now() > deadline) return [`${open} connections are open to the database; ${allowed} are the most.`]
    await sleep(200)
  }
}

async function countConnections(site: Site): Promise<number> {
  const [row] = await site.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
  )
  return row?.n ?? 0
}

/** Compared with the first time that this process was looked at. */
function excessFiles(server: ServerProcess, pool: number): string[] {
  const directory = `/proc/${server.pid}/fd`
  if (!existsSync(directory)) return []
  const now = readdirSync(directory).length
  const first = firstFiles.get(server) ?? now
  firstFiles.set(server, first)
  const allowed = first + pool + FILES_MARGIN
  return now <= allowed ? [] : [`A server has ${now} files open; it had ${first} at first.`]
}
