import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  ask,
  cleanUp,
  newDirectory,
  onCleanUp,
  ownInChild,
  postmasterPid,
  start,
  usedDirectory,
} from './embeddedTestBench.ts'
import { isPostgresOn, isRunning, postgresProcessesOn } from './processes.ts'
import { attachEmbeddedPostgres } from './startEmbeddedPostgres.ts'

afterEach(cleanUp)

describe('starting and stopping', () => {
  test('a missing directory becomes a database that answers on a private socket and on no port', async () => {
    const directory = path.join(newDirectory(), 'not', 'there yet')
    const { connection } = await start(directory)
    expect(await ask(connection, 'select current_database()')).toBe('revoada')
    expect(await ask(connection, 'select current_user')).toBe('revoada')
    expect(await ask(connection, `select current_setting('listen_addresses')`)).toBe('')
    expect(await ask(connection, `select upper('ação') = 'AÇÃO'`)).toBe(true)
    expect(connection.host.length).toBeLessThan(80)
  })

  test('stopping ends every process, frees the directory, and may be repeated', async () => {
    const directory = await usedDirectory()
    const postgres = await start(directory)
    await Promise.all([postgres.stop(), postgres.stop()])
    await postgres.stop()
    expect(postgresProcessesOn(path.join(directory, 'postgres'))).toEqual([])
    expect(existsSync(path.join(directory, 'postgres', 'postmaster.pid'))).toBe(false)
    expect(existsSync(postgres.connection.host)).toBe(false)
    await expect(ask(postgres.connection, 'select 1')).rejects.toThrow()
  })

  test('stopping does not wait for a client that stays connected in a transaction', async () => {
    const postgres = await start(await usedDirectory())
    const hanging = ask(postgres.connection, 'select pg_sleep(60)').catch((error: Error) => error)
    await ask(postgres.connection, 'select 1')
    const before = performance.now()
    await postgres.stop()
    expect(performance.now() - before).toBeLessThan(3000)
    expect(await hanging).toBeInstanceOf(Error)
  })

  test('what was written is there after a restart', async () => {
    const directory = await usedDirectory()
    const first = await start(directory)
    await ask(first.connection, 'create table books as select 42 as balance')
    await first.stop()
    const second = await start(directory)
    expect(await ask(second.connection, 'select balance from books')).toBe(42)
    expect(second.connection).toEqual(first.connection)
  })

  test('a database is durable unless it is called a throw-away one', async () => {
    const safe = await start(await usedDirectory(), { durable: undefined, maxConnections: 23 })
    for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      expect(await ask(safe.connection, `select current_setting('${name}')`)).toBe('on')
    }
    expect(await ask(safe.connection, `select current_setting('max_connections')`)).toBe('23')
    const throwAway = await start(await usedDirectory())
    expect(await ask(throwAway.connection, `select current_setting('fsync')`)).toBe('off')
  })

  test('a path of 200 characters with spaces and accents works', async () => {
    const parent = newDirectory()
    const name = 'pasta de dados, coração "ação" '.repeat(10).slice(0, 200 - parent.length - 1)
    const directory = path.join(parent, name)
    expect(directory.length).toBe(200)
    const { connection } = await start(directory)
    expect(await ask(connection, 'select 1')).toBe(1)
    expect(await attachEmbeddedPostgres({ directory })).toEqual(connection)
  })

  test('the log of the server holds no values of refused statements', async () => {
    const directory = await usedDirectory()
    const { connection } = await start(directory)
    await ask(connection, 'create table secrets (token text primary key)')
    await ask(connection, `insert into secrets values ('s3cr3t-value')`)
    await expect(ask(connection, `insert into secrets values ('s3cr3t-value')`)).rejects.toThrow(/duplicate/)
    const text = readFileSync(path.join(directory, 'postgres.log'), 'utf8')
    expect(text).toContain('duplicate key')
    expect(text).not.toContain('s3cr3t-value')
  })
})

describe('one owner', () => {
  test('a second opener is refused within 2 s with the pid of the owner, who is unharmed', async () => {
    const directory = await usedDirectory()
    const { connection } = await start(directory)
    const answer = await ownInChild(directory).answer
    expect(answer.problem).toBe('directoryInUse')
    expect(answer.message).toContain(`pid ${process.pid}`)
    expect(answer.ms).toBeLessThan(2000)
    expect(await ask(connection, 'select 1')).toBe(1)
  })

  test('the same process cannot own a directory twice', async () => {
    const directory = await usedDirectory()
    const { connection } = await start(directory)
    await expect(start(directory)).rejects.toMatchObject({ problem: 'directoryInUse' })
    expect(await ask(connection, 'select 1')).toBe(1)
  })

  test('of several simultaneous starters exactly one wins and the others name it', async () => {
    const directory = newDirectory()
    const children = [1, 2, 3, 4].map(() => ownInChild(directory))
    const answers = await Promise.all(children.map((child) => child.answer))
    const winners = children.filter((_, i) => answers[i]?.connection)
    expect(winners).toHaveLength(1)
    for (const { message } of answers.filter((answer) => answer.problem))
      expect(message).toContain(`pid ${winners[0]?.pid})`)
  })

  test('deleting the lock file of a living owner does not give the directory away', async () => {
    const directory = await usedDirectory()
    const owner = ownInChild(directory)
    const { connection } = await owner.answer
    rmSync(path.join(directory, 'postgres.lock'))
    await expect(start(directory)).rejects.toThrow(`pid ${owner.pid}`)
    expect(connection && (await ask(connection, 'select 1'))).toBe(1)
  })
})

describe('kill -9 of the owner', () => {
  test('the database stops cleanly by itself within 2 s and the next start works', async () => {
    const directory = await usedDirectory()
    const cluster = path.join(directory, 'postgres')
    const owner = ownInChild(directory)
    const { connection } = await owner.answer
    if (!connection) throw new Error('the child did not start')
    await ask(connection, 'create table books as select 42 as balance')
    const pid = postmasterPid(directory)
    expect(isPostgresOn(pid, cluster)).toBe(true)
    await owner.kill()
    await expect.poll(() => postgresProcessesOn(cluster), { timeout: 2000, interval: 10 }).toEqual([])
    expect(readFileSync(path.join(directory, 'postgres.log'), 'utf8')).toContain('database system is shut down')
    const next = await start(directory)
    expect(await ask(next.connection, 'select balance from books')).toBe(42)
  })

  test('a start at the same moment waits for the former server and goes on', async () => {
    const directory = await usedDirectory()
    const owner = ownInChild(directory)
    await owner.answer
    await owner.kill()
    const before = performance.now()
    const { connection } = await start(directory)
    expect(performance.now() - before).toBeLessThan(2000)
    expect(await ask(connection, 'select 1')).toBe(1)
  })

  test('owner and server killed together leave nothing in the way', async () => {
    const directory = await usedDirectory()
    const owner = ownInChild(directory)
    const { connection } = await owner.answer
    if (!connection) throw new Error('the child did not start')
    await ask(connection, 'create table books as select 42 as balance')
    process.kill(postmasterPid(directory), 'SIGKILL')
    await owner.kill()
    const next = await start(directory)
    expect(await ask(next.connection, 'select balance from books')).toBe(42)
  })

  test('dying while the cluster is created leaves nothing half-made', async () => {
    const directory = newDirectory()
    const owner = ownInChild(directory)
    await expect.poll(() => readdirSync(directory).join(), { timeout: 10_000, interval: 5 }).toContain('postgres.new-')
    await owner.kill()
    const { connection } = await start(directory)
    expect(await ask(connection, 'select 1')).toBe(1)
  })
})

describe('attaching', () => {
  test('nothing is found where nothing runs', async () => {
    const directory = newDirectory()
    expect(await attachEmbeddedPostgres({ directory })).toBeNull()
    expect(await attachEmbeddedPostgres({ directory: path.join(directory, 'missing') })).toBeNull()
    const postgres = await start(directory)
    await postgres.stop()
    expect(await attachEmbeddedPostgres({ directory })).toBeNull()
  })

  test('nothing is found after the owner was killed', async () => {
    const directory = await usedDirectory()
    const owner = ownInChild(directory)
    await owner.answer
    const pid = postmasterPid(directory)
    await owner.kill()
    await expect.poll(() => isRunning(pid), { timeout: 2000 }).toBe(false)
    expect(await attachEmbeddedPostgres({ directory })).toBeNull()
  })

  test('the database of another process is found and answers', async () => {
    const directory = await usedDirectory()
    const { connection } = await ownInChild(directory).answer
    const attached = await attachEmbeddedPostgres({ directory })
    expect(attached).toEqual(connection)
    expect(attached && (await ask(attached, 'select 1'))).toBe(1)
  })

  test('a tool that comes while the server is being restarted waits for it', async () => {
    const directory = await usedDirectory()
    const postgres = await start(directory)
    process.kill(postmasterPid(directory), 'SIGKILL')
    expect(await attachEmbeddedPostgres({ directory })).toEqual(postgres.connection)
  })

  test('a copy of a running directory is not mistaken for the original', async () => {
    const [original, copy] = [await usedDirectory(), path.join(newDirectory(), 'copy')]
    await start(original)
    mkdirSync(copy)
    cpSync(path.join(original, 'postgres.owner'), path.join(copy, 'postgres.owner'))
    expect(await attachEmbeddedPostgres({ directory: copy })).toBeNull()
  })
})

test('a program that forgets to stop the database ends, and the database with it', async () => {
  const directory = newDirectory()
  const script = `
    const { startEmbeddedPostgres } = await import('#server/db/embedded/startEmbeddedPostgres.ts')
    const { createLogger } = await import('#server/lib/logger.ts')
    await startEmbeddedPostgres({ directory: process.argv[1], log: createLogger({ level: 'silent' }), durable: false })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, directory], { stdio: 'inherit' })
  onCleanUp(() => void child.kill('SIGKILL'))
  expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0)
  const cluster = path.join(directory, 'postgres')
  expect(existsSync(cluster)).toBe(true)
  await expect.poll(() => postgresProcessesOn(cluster), { timeout: 2000 }).toEqual([])
})
