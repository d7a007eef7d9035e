import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Log } from '#server/lib/logger.ts'
import type { ClusterPlace } from './clusterPlace.ts'
import { EmbeddedPostgresError } from './EmbeddedPostgresError.ts'
import { commandLine, isPostgresOn, postgresProcessesOn, signal, waitUntil } from './processes.ts'

/** What a server needs to notice that its owner died and to end: measured 0.2 s, more with much to write. */
const NOTICE_MS = 1000
const SHUTDOWN_MS = 10_000
const KILLED_MS = 2000

/** A pid that no system gives out (Linux stops at 4,194,304), so PostgreSQL finds it dead. */
const NO_PID = 2_147_483_647

/**
 * Makes way for a new server on the cluster after a former one was left behind: waits for one that is still stopping,
 * ends one that lost its owner and its watcher, and disarms a pid file that names a dead process. The caller owns the
 * directory, so a living server of ours has no owner. Throws `foreignPostmaster` for a server that is not ours.
 */
export async function clearFormerPostmaster({ cluster, socketDirectory }: ClusterPlace, log: Log): Promise<void> {
  const pidFile = path.join(cluster, 'postmaster.pid')
  if (existsSync(pidFile)) {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    if (isPostgresOn(pid, cluster)) await endPostmaster(pid, cluster, log)
    await endOrphans(cluster)
    disarm(pidFile)
  }
  // The socket's lock file names a pid as well, and guards nothing: the folder is this cluster's alone.
  for (const name of ['.s.PGSQL.5432', '.s.PGSQL.5432.lock']) rmSync(path.join(socketDirectory, name), { force: true })
}

async function endPostmaster(pid: number, cluster: string, log: Log): Promise<void> {
  const isGone = () => !isPostgresOn(pid, cluster)
  // Started by somebody else, by hand: it may be in the middle of a repair.
  if (process.platform !== 'win32' && !commandLine(pid).includes('cluster_name=revoada') && !isGone()) {
    throw new EmbeddedPostgresError(
      'foreignPostmaster',
      `A PostgreSQL that Revoada did not start (pid ${pid}) is running on ${cluster}: stop it first.`,
    )
  }
  log.info({ postmaster: pid }, 'waiting for the former database server to end')
  if (await waitUntil(isGone, NOTICE_MS)) return
  signal(pid, 'SIGINT')
  if (await waitUntil(isGone, SHUTDOWN_MS)) return
  signal(pid, 'SIGQUIT')
  if (await waitUntil(isGone, KILLED_MS)) return
  throw new EmbeddedPostgresError(
    'foreignPostmaster',
    `The former database server (pid ${pid}) on ${cluster} does not end: end it first.`,
  )
}

/** Children of a killed server end by themselves when they next look; one that computes may take long. They can save nothing. */
async function endOrphans(cluster: string): Promise<void> {
  const isAlone = () => postgresProcessesOn(cluster).length === 0
  if (isAlone()) return
  for (const pid of postgresProcessesOn(cluster)) signal(pid, 'SIGQUIT')
  if (await waitUntil(isAlone, 500)) return
  for (const pid of postgresProcessesOn(cluster)) signal(pid, 'SIGKILL')
  await waitUntil(isAlone, KILLED_MS)
}

/**
 * PostgreSQL takes a pid file for valid when any process has that pid: a zombie, or another program. Only the pid is
 * overwritten: deleting the file would also switch off PostgreSQL's own check that nobody uses the shared memory.
 */
function disarm(pidFile: string): void {
  if (!existsSync(pidFile)) return
  const [, ...rest] = readFileSync(pidFile, 'utf8').split('\n')
  writeFileSync(pidFile, [NO_PID, ...rest].join('\n'))
}
