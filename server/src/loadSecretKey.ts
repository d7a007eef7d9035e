import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConfigError, type Config } from './config.ts'
import { secret } from './settingParsers.ts'

const KEY_FILE = 'secret.key'

/**
 * The product's secret: `SECRET_KEY`, or the key file of the data directory, made at the first start with mode 0600.
 * Two processes that start at once end up with the same key. Throws `ConfigError` when the file is open to others,
 * cut short or not ours: a new key in its place would make every stored token unreadable.
 */
export async function loadSecretKey(config: Pick<Config, 'secretKey' | 'dataDir'>): Promise<string> {
  if (config.secretKey !== null) return config.secretKey
  const path = join(config.dataDir, KEY_FILE)
  return (await readKey(path)) ?? (await createKey(path, newKey()))
}

/** The key that a change of SECRET_KEY brings, in a file beside the one that still counts. */
export type NextKey = {
  text: string
  /** Puts it in the place of the one before, whatever lies beside that; only for the key that the database is under. */
  adopt(): Promise<void>
}

/** What a change of the key has left beside the key file, when it is under way or was cut short; else null. */
export async function findNextKey(config: Pick<Config, 'secretKey' | 'dataDir'>): Promise<NextKey | null> {
  if (config.secretKey !== null) return null
  const path = join(config.dataDir, KEY_FILE)
  const text = await readKey(nextTo(path))
  if (text === null) return null
  const adopt = async () => {
    await writeKey(path, text, rename)
    if ((await readKey(nextTo(path))) === text) await rm(nextTo(path), { force: true })
  }
  return { text, adopt }
}

/** Writes the key that comes next beside the key file: `wanted`, or a new one unless one is there already. */
export async function makeNextKey(config: Pick<Config, 'dataDir'>, wanted: string | null): Promise<NextKey> {
  const path = nextTo(join(config.dataDir, KEY_FILE))
  if (wanted !== null && (await readKey(path)) !== wanted) await rm(path, { force: true })
  await createKey(path, wanted ?? newKey())
  const next = await findNextKey({ secretKey: null, dataDir: config.dataDir })
  if (next === null) throw new ConfigError([`${path} could not be made.`])
  return next
}

function newKey(): string {
  return randomBytes(32).toString('base64url')
}

function nextTo(path: string): string {
  return `${path}.next`
}

async function readKey(path: string): Promise<string | null> {
  try {
    const mode = (await stat(path)).mode & 0o777
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new ConfigError([`${path} can be read by others; run: chmod 600 ${path}`])
    }
    const key = (await readFile(path, 'utf8')).trim()
    if (!secret.safeParse(key).success)
      throw new ConfigError([`${path} does not hold a key; restore it from a backup.`])
    return key
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** The key's name never shows half a key, and the first one wins. */
async function createKey(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeKey(path, text, (draft) => link(draft, path).catch(ignoreExisting))
  const key = await readKey(path)
  if (key === null) throw new ConfigError([`${path} could not be made.`])
  return key
}

/** Written and flushed under another name before it is put in its place. */
async function writeKey(
  path: string,
  text: string,
  place: (draft: string, path: string) => Promise<void>,
): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${text}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await place(draft, path)
    await syncFolder(dirname(path))
  } finally {
    await rm(draft, { force: true })
  }
}

/** The name must survive a power cut as well as the bytes: without the key every stored secret is lost. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return // which does not open folders
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
