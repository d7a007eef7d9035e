import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'
import { makePrivate, type ClusterPlace } from './clusterPlace.ts'
import { program, programEnvironment, type PostgresPrograms } from './postgresPrograms.ts'
import { signal } from './processes.ts'

/** One running `postgres` server. It ends with this process, however this process ends. */
export type Postmaster = {
  pid: number | undefined
  /** Says how it ended, e.g. `SIGKILL` or `code 1`. Never rejects. */
  ended: Promise<string>
  hasEnded(): boolean
  /** Fast shutdown: closes connections, writes a checkpoint. Returns when it has ended. Calling it again is fine. */
  stop(): Promise<void>
}

/**
 * The shell leaves a watcher behind and becomes the server, so the child's pid is the server's. The watcher holds our
 * pipe: it closes when we end (also by kill -9), and then the watcher asks the server for a fast shutdown. A line on
 * the pipe means that the server has ended already and its pid may be somebody else's: then the watcher just leaves.
 * The extra subshell hands the watcher to init; as the server's own child it would confuse the server.
 */
const BECOME_SERVER = `
exec 3<&0 </dev/null
( ( read -r line <&3 || kill -INT $$ ) >/dev/null 2>&1 & )
exec "$@" 3<&-`

/** The same on Windows, where there is no such shell and no such signal. */
const WINDOWS_WATCHER = `
process.stdin.once('data', () => process.exit())
process.stdin.once('end', () => {
  require('node:child_process').spawnSync(process.argv[1], ['stop', '-D', process.argv[2], '-m', 'fast'])
})`

/** How long a fast shutdown may take before the server is ended without a checkpoint (the next start then recovers). */
const FAST_SHUTDOWN_MS = 10_000

/** PostgreSQL refuses to run as root: there it runs in a user namespace of its own, as a user that is root outside. */
export function asOrdinaryUser(): string[] {
  return process.getuid?.() === 0 ? ['unshare', '-U', '--map-user=1000', '--map-group=1000'] : []
}

/** Starts the server; it is not ready yet. Its output goes to the end of the log file. */
export function spawnPostmaster(place: ClusterPlace, programs: PostgresPrograms, settings: string[]): Postmaster {
  makePrivate(place.socketDirectory)
  const env = programEnvironment(programs, path.join(place.socketDirectory, 'lib'))
  const server = [program(programs, 'postgres'), '-D', place.cluster, ...settings]
  const log = openSync(place.logFile, 'a', 0o600)
  try {
    if (process.platform === 'win32') return watchWindowsServer(place, programs, server, env, log)
    // Detached: Ctrl-C must reach us and not the database, which we still need to stop in order.
    const stdio: ['pipe', number, number] = ['pipe', log, log]
    const command = ['-c', BECOME_SERVER, 'db', ...asOrdinaryUser(), ...server]
    const child = spawn('sh', command, { env, stdio, cwd: place.directory, detached: true })
    return watchServer(child, child, () => child.pid !== undefined && signal(child.pid, 'SIGINT'))
  } finally {
    closeSync(log)
  }
}

function watchServer(child: ChildProcess, watcher: ChildProcess, shutDown: () => void): Postmaster {
  let ending: string | null = null
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ending ??= how
      watcher.stdin?.end('\n')
      resolve(ending)
    }
    child.on('error', (error) => end(error.message))
    child.on('exit', (code, signalName) => end(signalName ?? `code ${code}`))
  })
  watcher.stdin?.on('error', () => {}) // the watcher may be gone already
  letProcessEnd(child, watcher)
  const stop = async () => {
    if (ending !== null) return
    child.ref()
    shutDown()
    const impatient = setTimeout(() => child.kill('SIGQUIT'), FAST_SHUTDOWN_MS)
    await ended
    clearTimeout(impatient)
  }
  return { pid: child.pid, ended, hasEnded: () => ending !== null, stop }
}

/** A database alone keeps no program running: it ends after it. */
function letProcessEnd(...children: ChildProcess[]): void {
  for (const child of children) {
    child.unref()
    const pipe = child.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null
    pipe?.unref?.()
  }
}

function watchWindowsServer(
  place: ClusterPlace,
  programs: PostgresPrograms,
  server: string[],
  env: Record<string, string>,
  log: number,
): Postmaster {
  const [command = '', ...options] = server
  const pgCtl = program(programs, 'pg_ctl')
  const common = { env, cwd: place.directory, windowsHide: true, detached: true }
  const child = spawn(command, options, { ...common, stdio: ['ignore', log, log] })
  const watcher = spawn(process.execPath, ['-e', WINDOWS_WATCHER, pgCtl, place.cluster], {
    ...common,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.on('error', () => child.kill())
  return watchServer(child, watcher, () => {
    spawnSync(pgCtl, ['stop', '-D', place.cluster, '-m', 'fast', '-W'], { env, windowsHide: true })
  })
}
