import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { clusterPlace } from './clusterPlace.ts'
import {
  ask,
  askUntilAnswered,
  cleanUp,
  newDirectory,
  onCleanUp,
  ownInChild,
  postmasterPid,
  start,
  usedDirectory,
} from './embeddedTestBench.ts'
import { limitLog, logSince, logSize } from './logFile.ts'
import { findPostgresPrograms } from './postgresPrograms.ts'
import { spawnPostmaster } from './postmasterProcess.ts'
import { isPostgresOn, isRunning, postgresProcessesOn, signal } from './processes.ts'

afterEach(cleanUp)

describe('a server that ends under a living owner', () => {
  test('kill -9 of the server: it is back at the same address with every row', async () => {
    const directory = await usedDirectory()
    const { connection } = await start(directory)
    await ask(connection, 'create table books as select 42 as balance')
    const former = postmasterPid(directory)
    process.kill(former, 'SIGKILL')
    expect(await askUntilAnswered(connection, 'select balance from books', 10_000)).toBe(42)
    expect(postmasterPid(directory)).not.toBe(former)
  })

  test('a server that is killed as soon as it is ready, more often than tries are made, is brought back each time', async () => {
    const directory = await usedDirectory()
    const { connection } = await start(directory)
    const pids = new Set<number>()
    while (pids.size < 7) {
      await askUntilAnswered(connection, 'select 1', 10_000)
      pids.add(postmasterPid(directory))
      signal(postmasterPid(directory), 'SIGKILL')
    }
    expect(await askUntilAnswered(connection, 'select 1', 10_000)).toBe(1)
  })

  test('kill -9 of the server while a child of it computes: the child is ended first', async () => {
    const directory = await usedDirectory()
    const { connection } = await start(directory)
    const computing = ask(connection, 'select count(*) from generate_series(1, 10_000_000_000)').catch(() => 'cut off')
    await expect
      .poll(() => ask(connection, `select count(*)::int from pg_stat_activity where query like '%10_000%'`))
      .toBe(2)
    process.kill(postmasterPid(directory), 'SIGKILL')
    expect(await askUntilAnswered(connection, 'select 1', 10_000)).toBe(1)
    expect(await computing).toBe('cut off')
  })

  test('kill -9 of one child: the server recovers by itself and is not replaced', async () => {
    const directory = await usedDirectory()
    const { connection } = await start(directory)
    const server = postmasterPid(directory)
    const victim = ask(connection, 'select pg_sleep(60)').catch(() => 'cut off')
    const findVictim = `select pid from pg_stat_activity where query like '%pg_sleep(60)' and pid <> pg_backend_pid()`
    await expect.poll(() => ask(connection, findVictim)).toBeTypeOf('number')
    process.kill(Number(await ask(connection, findVictim)), 'SIGKILL')
    expect(await victim).toBe('cut off')
    expect(await askUntilAnswered(connection, 'select 1', 10_000)).toBe(1)
    expect(postmasterPid(directory)).toBe(server)
  })

  test('a removed socket: the server is started again', async () => {
    const directory = await usedDirectory()
    const { connection } = await start(directory)
    rmSync(connection.host, { recursive: true })
    expect(await askUntilAnswered(connection, 'select 1', 15_000)).toBe(1)
  })

  test('a server that cannot start any more is given up with a sentence, and stopping still works', async () => {
    const directory = await usedDirectory()
    const postgres = await start(directory)
    const control = path.join(directory, 'postgres', 'global', 'pg_control')
    renameSync(control, `${control}.away`)
    process.kill(postmasterPid(directory), 'SIGKILL')
    const reason = await postgres.gaveUp
    expect(reason.message).toMatch(/did not start: .*could not open file .*pg_control/)
    await postgres.stop()
    renameSync(`${control}.away`, control)
    const next = await start(directory)
    expect(await ask(next.connection, 'select 1')).toBe(1)
  })

  test('stopping while the server is being restarted leaves nothing running', async () => {
    const directory = await usedDirectory()
    const postgres = await start(directory)
    process.kill(postmasterPid(directory), 'SIGKILL')
    await postgres.stop()
    expect(postgresProcessesOn(path.join(directory, 'postgres'))).toEqual([])
  })
})

describe('what a former server left behind', () => {
  test('a pid that belongs to another program now is no obstacle', async () => {
    const directory = await usedDirectory()
    const other = spawnForTest('sleep', ['60'])
    leavePidFile(directory, other.pid)
    const { connection } = await start(directory)
    expect(await ask(connection, 'select 1')).toBe(1)
    expect(isRunning(other.pid ?? 0)).toBe(true)
  })

  test('a dead process that nobody has reaped yet is no obstacle', async () => {
    const directory = await usedDirectory()
    const lazyParent = spawnForTest('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'])
    const zombie = await new Promise<number>((resolve) =>
      lazyParent.stdout?.on('data', (text) => resolve(Number(text))),
    )
    await expect.poll(() => readFileSync(`/proc/${zombie}/stat`, 'utf8')).toContain(') Z ')
    leavePidFile(directory, zombie)
    const { connection } = await start(directory)
    expect(await ask(connection, 'select 1')).toBe(1)
  })

  test('a server that lost both its owner and its watcher is ended and replaced', async () => {
    const directory = await usedDirectory()
    const owner = ownInChild(directory)
    const { connection } = await owner.answer
    if (!connection) throw new Error('the child did not start')
    const orphan = postmasterPid(directory)
    for (const pid of watchersOf(orphan)) signal(pid, 'SIGKILL')
    await owner.kill()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(isPostgresOn(orphan, path.join(directory, 'postgres'))).toBe(true)
    const next = await start(directory)
    expect(isRunning(orphan)).toBe(false)
    expect(await ask(next.connection, 'select 1')).toBe(1)
  })

  test('a server that somebody else started is left alone', async () => {
    const directory = await usedDirectory()
    const place = clusterPlace(directory)
    const settings = ['-c', 'listen_addresses=', '-c', `unix_socket_directories=${place.socketDirectory}`]
    const foreign = spawnPostmaster(place, findPostgresPrograms(), settings)
    onCleanUp(() => foreign.stop())
    await expect.poll(() => existsSync(path.join(place.cluster, 'postmaster.pid')), { timeout: 5000 }).toBe(true)
    await expect(start(directory)).rejects.toMatchObject({
      problem: 'foreignPostmaster',
      message: expect.stringContaining(`pid ${foreign.pid}`),
    })
    expect(foreign.hasEnded()).toBe(false)
  })
})

describe('the log of the server', () => {
  test('a large log is moved aside, a small one is not', () => {
    const file = path.join(newDirectory(), 'postgres.log')
    writeFileSync(file, 'x'.repeat(100))
    limitLog(file, 100)
    expect(logSize(file)).toBe(100)
    limitLog(file, 99)
    expect([logSize(file), logSize(`${file}.1`)]).toEqual([0, 100])
  })

  test('what was written since is the end of the file', () => {
    const file = path.join(newDirectory(), 'postgres.log')
    writeFileSync(file, 'before, after')
    expect(logSince(file, 'before, '.length)).toBe('after')
    expect(logSince(file, 1000)).toBe('')
  })

  test('it is readable by nobody else', async () => {
    const directory = await usedDirectory()
    await start(directory)
    expect(statSync(path.join(directory, 'postgres.log')).mode & 0o777).toBe(0o600)
  })
})

function leavePidFile(directory: string, pid: number | undefined): void {
  const cluster = path.join(directory, 'postgres')
  const lines = [
    pid,
    cluster,
    1_700_000_000,
    5432,
    clusterPlace(directory).socketDirectory,
    '',
    '  1234567    999999',
    'ready',
  ]
  writeFileSync(path.join(cluster, 'postmaster.pid'), `${lines.join('\n')}\n`, { mode: 0o600 })
}

function spawnForTest(command: string, options: string[]): ChildProcess {
  const child = spawn(command, options, { stdio: ['ignore', 'pipe', 'ignore'] })
  onCleanUp(() => void child.kill('SIGKILL'))
  return child
}

/** The shells that would stop this server: they still carry the command line they were forked with. */
function watchersOf(postmaster: number): number[] {
  const sessionOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]
  const session = sessionOf(postmaster)
  return processIds().filter((pid) => pid !== postmaster && nameOf(pid) === 'sh' && sessionOf(pid) === session)
}

function processIds(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
