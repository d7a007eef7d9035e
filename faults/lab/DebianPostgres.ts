import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, chownSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRunHere, check } from './check.ts'
import { freePort } from './freePort.ts'
import type { DatabaseMaker, Lab } from './Lab.ts'

const PROGRAMS = '/usr/lib/postgresql/15/bin'
const SETTINGS = ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200']

/**
 * Starts a PostgreSQL 15 as Debian packages it, on the loopback; it is stopped with the lab. Throws CannotRunHere where
 * it is not installed.
 */
export async function startDebianPostgres(lab: Lab): Promise<DatabaseMaker> {
  if (!existsSync(join(PROGRAMS, 'postgres')))
    throw new CannotRunHere('PostgreSQL 15 is not installed: install the package postgresql-15.')
  // Not in the lab's folder, which only its owner may enter: root runs it as somebody else.
  const home = mkdtempSync('/tmp/revoada-pg15-')
  const data = join(home, 'data')
  mkdirSync(data, { mode: 0o700 })
  const [user = 0, group = 0] = process.getuid?.() === 0 ? idsOf('postgres') : []
  if (user > 0) for (const folder of [home, data]) chownSync(folder, user, group)
  lab.atEnd(() => {
    run(home, user, ['pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop'])
    rmSync(home, { recursive: true, force: true })
  })
  const port = await freePort()
  const start = ['-p', String(port), '-k', home, ...SETTINGS].join(' ')
  for (const command of [
    ['initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    ['pg_ctl', '-D', data, '-l', join(home, 'log'), '-w', '-t', '60', '-o', start, 'start'],
  ]) {
    const { status, stderr } = run(home, user, command)
    if (status !== 0) throw new CannotRunHere(`PostgreSQL 15 does not start here: ${stderr.trim().slice(-200)}.`)
  }
  const urlOf = (name: string, at = port) => `postgres://postgres@127.0.0.1:${at}/${name}`
  return {
    urlOf,
    createDatabase: async (name) => {
      const { status } = run(home, user, ['createdb', '-h', home, '-p', String(port), '-U', 'postgres', name])
      check(status === 0, `The database ${name} could not be made.`)
      return urlOf(name)
    },
  }
}

/** As whoever keeps a database backed up by PostgreSQL's own means: pg_dump into an empty one. */
export function cloneByDump(from: string, to: string): void {
  const dump = spawnSync(join(PROGRAMS, 'pg_dump'), ['--dbname', from], { maxBuffer: 1024 * 1024 * 1024 })
  check(dump.status === 0, `pg_dump ended with ${dump.status}: ${dump.stderr.toString().slice(-300)}`)
  const load = spawnSync(join(PROGRAMS, 'psql'), ['-q', '-v', 'ON_ERROR_STOP=1', '--dbname', to], {
    input: dump.stdout,
  })
  check(load.status === 0, `psql ended with ${load.status}: ${load.stderr.toString().slice(-300)}`)
}

function run(cwd: string, user: number, [name = '', ...rest]: string[]): { status: number | null; stderr: string } {
  const command = [join(PROGRAMS, name), ...rest]
  const [program = '', ...options] = user > 0 ? ['runuser', '-u', 'postgres', '--', ...command] : command
  // Its server inherits what it gets: a pipe would stay open as long as it runs.
  const { status, stderr } = spawnSync(program, options, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', name === 'initdb' ? 'pipe' : 'ignore'],
  })
  return { status, stderr: stderr ?? '' }
}

function idsOf(name: string): number[] {
  return ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout))
}
