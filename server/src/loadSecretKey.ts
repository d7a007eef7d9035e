import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, type Config } from './config.ts'
import { secret } from './settingParsers.ts'

/**
 * The product's secret: `SECRET_KEY`, or the key file of the data directory, made at the first start with mode 0600.
 * Two processes that start at once end up with the same key. Throws `ConfigError` when the file is open to others,
 * cut short or not ours: a new key in its place would make every stored token unreadable.
 */
export async function loadSecretKey(config: Pick<Config, 'secretKey' | 'dataDir'>): Promise<string> {
  if (config.secretKey !== null) return config.secretKey
  const path = join(config.dataDir, 'secret.key')
  return (await readKey(path)) ?? (await createKey(config.dataDir, path))
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

/** Written and flushed under another name, then linked: the key's name never shows half a key, and the first one wins. */
async function createKey(directory: string, path: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(draft, path).catch(ignoreExisting)
  } finally {
    await rm(draft, { force: true })
  }
  const key = await readKey(path)
  if (key === null) throw new ConfigError([`${path} could not be made.`])
  return key
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
