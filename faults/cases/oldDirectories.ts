import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const STRANGER = 54_321
const LONG = `Olá mundo ção ${'ã'.repeat(60)} fim`

/** Every way in which a data directory may be wrong, and what the sentence must say; null: it must work. */
const DIRECTORIES: Record<string, { change: (directory: string) => void; says: RegExp | null }> = {
  'another major version': {
    change: (directory) => writeFileSync(join(directory, 'postgres', 'PG_VERSION'), '16\n'),
    says: /was made by PostgreSQL 16/,
  },
  'half copied': {
    change: (directory) => rmSync(join(directory, 'postgres', 'global', 'pg_control')),
    says: /is not complete \(global\/pg_control is missing\)/,
  },
  'somebody else’s': {
    change: (directory) => chownSync(join(directory, 'postgres'), STRANGER, STRANGER),
    says: /belongs to another user/,
  },
  'not writable': {
    change: (directory) => chmodSync(join(directory, 'postgres'), 0o500),
    says: /cannot be written/,
  },
  'on a read-only disk': { change: remountReadOnly, says: /cannot be written/ },
  'open to others': { change: (directory) => chmodSync(join(directory, 'postgres'), 0o755), says: null },
}

/** Data directories as people leave them: the server works on them or says in one sentence why not, and changes nothing. */
export async function oldDirectories(lab: Lab): Promise<Numbers> {
  const template = await usedDirectory(lab)
  const numbers: Numbers = {}
  for (const [name, { change, says }] of Object.entries(DIRECTORIES)) {
    const directory = join(lab.directory, `directory${Object.keys(numbers).length}`)
    cpSync(template, directory, { recursive: true, preserveTimestamps: true })
    chmodSync(join(directory, 'postgres'), 0o700)
    change(directory)
    lab.atEnd(() => void spawnSync('umount', ['-l', directory], { stdio: 'ignore' }))
    numbers[name] = await (says === null ? works(lab, directory) : refused(lab, directory, says))
  }
  const deep = join(lab.directory, LONG, LONG)
  mkdirSync(deep, { recursive: true, mode: 0o700 })
  check(Buffer.byteLength(deep) >= 200, `The path has only ${Buffer.byteLength(deep)} bytes.`)
  numbers['a path of 200 bytes with spaces and accents'] = await works(lab, deep)
  return numbers
}

async function usedDirectory(lab: Lab): Promise<string> {
  const site = lab.embeddedSite()
  const server = await site.start()
  await site.setUp()
  await server.stop()
  return site.directory
}

async function works(lab: Lab, directory: string): Promise<string> {
  const site = lab.siteIn(directory)
  const server = await site.start()
  const { code } = await server.stop()
  check(code === 0, `The server on ${directory} ended with ${code}.`)
  return 'works'
}

async function refused(lab: Lab, directory: string, says: RegExp): Promise<string> {
  const before = fingerprint(directory)
  const server = lab.siteIn(directory).spawn('all', {}, { logFile: join(lab.directory, 'refused.log') })
  const { code } = await server.ended
  await new Promise((resolve) => setTimeout(resolve, 50)) // its last words are on their way through the pipe
  const words = server.lastWords
  check(code === 1, `The server ended with ${code}: ${words}`)
  check(says.test(words), `It does not say ${says}: ${words}`)
  check(words.trim().split('\n').length === 1, `It takes more than a sentence: ${words}`)
  const after = fingerprint(directory)
  check(after === before, `Something in ${directory} was changed.`)
  return 'one sentence, nothing changed'
}

/** Names, modes, owners and bytes of everything beneath. */
function fingerprint(directory: string): string {
  const hash = createHash('sha256')
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }).sort(byPath)) {
    const path = join(entry.parentPath, entry.name)
    const { mode, uid } = statSync(path)
    hash.update(`${relative(directory, path)} ${mode} ${uid}\n`)
    if (entry.isFile()) hash.update(readFileSync(path))
  }
  return hash.digest('hex')
}

function byPath(a: { parentPath: string; name: string }, b: { parentPath: string; name: string }): number {
  return join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1
}

function remountReadOnly(directory: string): void {
  for (const options of [
    ['--bind', directory, directory],
    ['-o', 'remount,bind,ro', directory],
  ]) {
    const { status, stderr } = spawnSync('mount', options, { encoding: 'utf8' })
    check(status === 0, `The directory could not be mounted read-only: ${stderr}`)
  }
}
