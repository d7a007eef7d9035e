import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ask, cleanUp, newDirectory, start } from './embeddedTestBench.ts'
import { findPostgresPrograms, program, programEnvironment, type PostgresPrograms } from './postgresPrograms.ts'

afterEach(cleanUp)

const noPackage = () => {
  throw new Error('not installed')
}
const nothing = { resolvePackage: noPackage, pathVariable: '', systemFolder: '/not/there' }

describe('finding the programs', () => {
  test('without any, the sentence names DATABASE_URL', () => {
    expect(() => findPostgresPrograms(nothing)).toThrow(/no PostgreSQL for .* set DATABASE_URL/)
  })

  test('programs of a version that is too old are passed over', () => {
    const pathVariable = fakePrograms('14.2')
    expect(() => findPostgresPrograms({ ...nothing, pathVariable })).toThrow(/DATABASE_URL/)
  })

  test('those of PATH come before those of the system folder, where the newest comes first', () => {
    const inPath = fakePrograms('16.1')
    const systemFolder = newDirectory()
    for (const version of ['9', '17', '15'])
      cpSync(fakePrograms(`${version}.3`), path.join(systemFolder, version, 'bin'), { recursive: true })
    expect(findPostgresPrograms({ ...nothing, pathVariable: `relative:${inPath}`, systemFolder })).toMatchObject({
      bin: inPath,
      major: 16,
    })
    expect(findPostgresPrograms({ ...nothing, systemFolder }).major).toBe(17)
  })

  test('the package of this platform comes before everything', () => {
    expect(findPostgresPrograms({ pathVariable: fakePrograms('17.1') })).toMatchObject({
      major: 18,
      native: expect.any(String),
    })
  })

  test('nothing of our environment reaches the programs', () => {
    process.env['PGOPTIONS'] = '-c fsync=off'
    try {
      const names = Object.keys(programEnvironment(findPostgresPrograms(), path.join(newDirectory(), 'lib')))
      expect(names.filter((name) => !['PATH', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'SystemRoot'].includes(name))).toEqual(
        [],
      )
    } finally {
      delete process.env['PGOPTIONS']
    }
  })
})

/** A folder that only its owner can enter, with a name that a list of paths cannot hold: like a home of root. */
describe('programs and data under a closed folder whose name has a colon, a space and an accent', () => {
  test('work when the install script of the package did not run and its folder is read-only', async () => {
    const { programs, home } = closedHome()
    const lib = path.join(programs.native ?? '', 'lib')
    for (const folder of [lib, programs.bin]) chmodSync(folder, 0o555)
    const before = readdirSync(lib)
    const { connection } = await start(path.join(home, 'data'), { programs })
    expect(await ask(connection, 'select version()')).toContain('PostgreSQL 18')
    expect(readdirSync(lib)).toEqual(before)
    for (const folder of [lib, programs.bin]) chmodSync(folder, 0o755)
  })

  test('work when the install script did run', async () => {
    const { programs, home } = closedHome()
    runInstallScript(programs)
    const { connection } = await start(path.join(home, 'data'), { programs })
    expect(await ask(connection, 'select version()')).toContain('PostgreSQL 18')
  })
})

function fakePrograms(version: string): string {
  const folder = newDirectory()
  for (const name of ['postgres', 'initdb'] as const) {
    const file = program({ bin: folder, major: 0, native: null }, name)
    writeFileSync(file, `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`, { mode: 0o755 })
  }
  return folder
}

function closedHome(): { home: string; programs: PostgresPrograms } {
  const found = findPostgresPrograms()
  const home = path.join(newDirectory(), 'casa: da avó')
  mkdirSync(home, { mode: 0o700 })
  const native = path.join(home, 'native')
  cpSync(found.native ?? '', native, { recursive: true, filter: (file) => !file.endsWith('.a') })
  return { home, programs: { ...found, bin: path.join(native, 'bin'), native } }
}

/** What the package's own script does. */
function runInstallScript({ native }: PostgresPrograms): void {
  const list: { source: string; target: string }[] = JSON.parse(
    readFileSync(path.join(native ?? '', 'pg-symlinks.json'), 'utf8'),
  )
  const lib = path.join(native ?? '', 'lib')
  const missing = list.filter(({ target }) => !readdirSync(lib).includes(path.basename(target)))
  for (const { source, target } of missing) symlinkSync(path.basename(source), path.join(lib, path.basename(target)))
}
