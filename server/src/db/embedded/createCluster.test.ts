import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ask, cleanUp, log, newDirectory, ownInChild, start, usedDirectory } from './embeddedTestBench.ts'
import { explainFailure } from './EmbeddedPostgresError.ts'
import { asOrdinaryUser } from './postmasterProcess.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './startEmbeddedPostgres.ts'

const isRoot = process.getuid?.() === 0

afterEach(cleanUp)

describe('a directory that cannot be opened is refused with one sentence, unchanged', () => {
  test('another major version', async () => {
    const directory = await usedDirectory()
    writeFileSync(path.join(directory, 'postgres', 'PG_VERSION'), '16\n')
    await expectRefusal(directory, 'wrongMajor', /made by PostgreSQL 16, but this Revoada runs PostgreSQL 18/)
  })

  test.each(['PG_VERSION', 'global/pg_control', 'base', 'pg_xact'])('a copy that lacks %s', async (name) => {
    const directory = await usedDirectory()
    rmSync(path.join(directory, 'postgres', name), { recursive: true })
    await expectRefusal(
      directory,
      'notACluster',
      new RegExp(`not complete \\(.*${path.basename(name)}.* is missing\\)`),
    )
  })

  test('a copy whose tables are there and whose log is broken off', async () => {
    const directory = await usedDirectory()
    rmSync(path.join(directory, 'postgres', 'pg_wal'), { recursive: true })
    mkdirSync(path.join(directory, 'postgres', 'pg_wal'))
    await expect(open(directory)).rejects.toThrow(
      /^The embedded database in .* did not start: .*(checkpoint|pg_wal).*$/,
    )
  })

  test('a cluster that may only be read', async () => {
    const directory = await usedDirectory()
    chmodSync(path.join(directory, 'postgres'), 0o500)
    await expectRefusal(directory, 'notWritable', /cannot be written/)
  })

  test('a data directory that may only be read', async () => {
    const directory = await usedDirectory()
    chmodSync(directory, 0o500)
    await expectRefusal(directory, 'notWritable', /cannot be written/)
    chmodSync(directory, 0o700)
  })

  test('a path that is a file', async () => {
    const file = path.join(newDirectory(), 'file')
    writeFileSync(file, '')
    await expect(open(file)).rejects.toMatchObject({ problem: 'notWritable' })
  })

  test('another owner', async () => {
    const directory = newDirectory()
    if (isRoot) {
      mkdirSync(path.join(directory, 'postgres'), { mode: 0o700 })
      chownSync(path.join(directory, 'postgres'), 65_534, 65_534)
      await expectRefusal(directory, 'wrongOwner', /another user \(uid 65534\)/)
      chownSync(directory, 65_534, 65_534)
      await expectRefusal(directory, 'wrongOwner', /another user \(uid 65534\)/)
    } else {
      await expect(open('/proc')).rejects.toMatchObject({ problem: 'notWritable' })
    }
  })
})

describe('a directory that looks odd but can be opened', () => {
  test('an empty cluster folder is filled', async () => {
    const directory = newDirectory()
    mkdirSync(path.join(directory, 'postgres'))
    const { connection } = await start(directory)
    expect(await ask(connection, 'select 1')).toBe(1)
  })

  test('a copy that others may read is closed to them', async () => {
    const directory = await usedDirectory()
    chmodSync(path.join(directory, 'postgres'), 0o755)
    const { connection } = await start(directory)
    expect(await ask(connection, 'select 1')).toBe(1)
    expect(statSync(path.join(directory, 'postgres')).mode & 0o777).toBe(0o700)
  })

  test('a copy taken while the original ran recovers beside it', async () => {
    const [original, copy] = [await usedDirectory(), newDirectory()]
    const first = await start(original)
    await ask(first.connection, 'create table books as select 42 as balance')
    await ask(first.connection, 'checkpoint')
    cpSync(original, copy, { recursive: true, filter: (file) => !file.endsWith('.lock') })
    const second = await start(copy)
    expect(await ask(second.connection, 'select balance from books')).toBe(42)
    expect(await ask(first.connection, 'select balance from books')).toBe(42)
  })

  test('drafts of a start that was killed are removed', async () => {
    const directory = newDirectory()
    mkdirSync(path.join(directory, 'postgres.new-1-abcd', 'base'), { recursive: true })
    await start(directory)
    expect(readdirSync(directory).filter((name) => name.includes('new'))).toEqual([])
  })
})

describe('root', () => {
  test('where user namespaces are forbidden, root is told what to do', async () => {
    const tools = newDirectory()
    writeFileSync(
      path.join(tools, 'unshare'),
      '#!/bin/sh\necho "unshare: unshare failed: Operation not permitted" >&2\nexit 1\n',
      { mode: 0o755 },
    )
    const directory = newDirectory()
    const answer = await ownInChild(directory, { ...process.env, PATH: `${tools}:${process.env['PATH']}` }).answer
    if (isRoot) {
      expect(answer.problem).toBe('rootWithoutNamespaces')
      expect(answer.message).toMatch(/does not run as root.*ordinary user.*DATABASE_URL/)
      expect(readdirSync(directory)).not.toContain('postgres')
    } else {
      expect(answer.connection).toBeDefined() // an ordinary user needs none
    }
  })

  test('an ordinary user gets no namespace', () => {
    expect(asOrdinaryUser().length > 0).toBe(isRoot)
  })

  test.each([
    ['unshare: unshare failed: No space left on device', 'rootWithoutNamespaces'], // the limit of namespaces is 0
    ['db: 4: exec: unshare: not found', 'rootWithoutNamespaces'],
    ['unshare: failed to execute /home/ana/app/postgres: Permission denied', 'rootWithoutNamespaces'],
    ['initdb: error: could not create directory "/d": Read-only file system', 'notWritable'],
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'noSpace'],
    ['2026-01-01 10:00:00 UTC [7] PANIC:  could not locate a valid checkpoint record', 'failed'],
    ['', 'failed'],
  ])('%j becomes the problem %s', (output, problem) => {
    const error = explainFailure(output, '/d')
    expect(error.problem).toBe(problem)
    expect(error.message.split('\n')).toHaveLength(1)
  })
})

function open(directory: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ directory, log, durable: false })
}

async function expectRefusal(directory: string, problem: string, sentence: RegExp): Promise<void> {
  const before = fingerprint(directory)
  await expect(open(directory)).rejects.toMatchObject({ problem, message: expect.stringMatching(sentence) })
  expect(fingerprint(directory)).toEqual(before)
}

/** Every file with its mode, size and time of change. */
function fingerprint(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return names.map((name) => {
    const { mode, size, mtimeMs } = statSync(path.join(directory, name))
    return [name, mode, size, mtimeMs].join(' ')
  })
}
