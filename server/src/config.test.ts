import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, readConfig, SETTINGS } from './config.ts'
import { findNextKey, loadSecretKey, makeNextKey } from './loadSecretKey.ts'

const GOOD_KEY = 'pH7q2mZx9vK4tR8wL1nB6yD3sF5gJ0cA'
const EXTERNAL = 'postgres://revoada:hunter2secret@db/revoada'

function problemsOf(env: Record<string, string>, argv: string[] = []): string[] {
  try {
    readConfig(env, argv)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('readConfig', () => {
  test('lists everything that is wrong at once', () => {
    const problems = problemsOf({ PORT: '80x', BATCH_SIZE: '101', LOG_LEVEL: 'loud' }, [
      '--role',
      'boss',
      '--colour',
      'red',
    ])
    expect(problems).toHaveLength(5)
    for (const word of ['PORT', 'BATCH_SIZE', 'LOG_LEVEL', 'ROLE', '--colour']) {
      expect(problems.filter((problem) => problem.startsWith(word))).toHaveLength(1)
    }
  })

  test.each(['-1', '1.5', '1e3', '0x10', ' 5', 'NaN', '65536', '٣'])('refuses the port %j', (port) => {
    expect(problemsOf({ PORT: port })).toEqual(['PORT must be a whole number from 0 to 65535.'])
  })

  test('never repeats a secret, wherever it was put', () => {
    const env = { SECRET_KEY: 'hunter2secret', DATABASE_URL: 'mysql://me:hunter2secret@db/x' }
    const problems = problemsOf(env, ['--secret-key=hunter2secret', '--database-url', 'hunter2secret', 'hunter2secret'])
    expect(problems.length).toBeGreaterThanOrEqual(5)
    expect(problems.join('\n')).not.toContain('hunter2')
  })

  test.each(['a'.repeat(64), 'ab'.repeat(32), 'changeme'.repeat(5), 'abcdefghijklmnopqrstuvwxyz0123456789', 'short'])(
    'refuses the secret %j',
    (key) => expect(problemsOf({ SECRET_KEY: key })).toHaveLength(1),
  )

  test.each(['true', '*', '0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0/8', 'localhost', '10.0.0.1/8/9'])(
    'refuses to trust the proxy %j',
    (proxy) => expect(problemsOf({ TRUSTED_PROXIES: proxy })).toHaveLength(1),
  )

  test.each([
    'http://a.example/app',
    'ftp://a.example',
    'https://me:pw@a.example',
    'a.example',
    'https://a.example/?x=1',
  ])('refuses the public address %j', (url) => expect(problemsOf({ PUBLIC_URL: url })).toHaveLength(1))

  test('an external database needs a secret, and a single role needs an external database', () => {
    expect(problemsOf({ DATABASE_URL: EXTERNAL })).toEqual(['SECRET_KEY is required with DATABASE_URL.'])
    expect(problemsOf({ ROLE: 'worker' })).toHaveLength(1)
    expect(problemsOf({ MIGRATE_DATABASE_URL: EXTERNAL })).toHaveLength(1)
    expect(problemsOf({ DATABASE_URL: EXTERNAL, SECRET_KEY: GOOD_KEY, ROLE: 'worker' })).toEqual([])
  })

  test('an option without its value is refused', () => {
    expect(problemsOf({}, ['--port', '--role', 'all'])).toEqual(['--port needs a value.'])
  })

  test('the defaults stand alone, name no outside host, and an empty variable is no value', () => {
    const config = readConfig({ PORT: '' }, [])
    expect(config).toMatchObject({ role: 'all', host: '127.0.0.1', port: 3000, databaseUrl: null, batchSize: 100 })
    expect(config.trustedProxies).toEqual([])
    expect(config.apiDocs).toBe(false)
    expect(JSON.stringify(Object.values(SETTINGS).map((entry) => entry.default))).not.toMatch(/https?:/)
  })

  test('an option wins over the environment, in both spellings', () => {
    expect(readConfig({ PORT: '1' }, ['--port', '2']).port).toBe(2)
    expect(readConfig({ PORT: '1' }, ['--port=3', '--resume-on-start=true'])).toMatchObject({
      port: 3,
      resumeOnStart: true,
    })
  })

  test('documentation is on in development and can be set in production', () => {
    expect(readConfig({ NODE_ENV: 'development' }, []).apiDocs).toBe(true)
    expect(readConfig({ API_DOCS: 'true' }, []).apiDocs).toBe(true)
  })

  test('lists are read item by item', () => {
    const config = readConfig({ TRUSTED_PROXIES: '10.0.0.0/8, ::1', GATEWAY_ALLOWED_HOSTS: 'Wuz.example:8080' }, [])
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '::1'])
    expect(config.gatewayAllowedHosts).toEqual(['wuz.example:8080'])
  })
})

describe('loadSecretKey', () => {
  let dataDir: string
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'revoada-key-'))
  })
  afterAll(() => rm(dataDir, { recursive: true, force: true }))

  test('a set key wins and no file is made', async () => {
    expect(await loadSecretKey({ secretKey: GOOD_KEY, dataDir: join(dataDir, 'none') })).toBe(GOOD_KEY)
    await expect(stat(join(dataDir, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('ten first starts at once agree on one key, readable by the owner only, and it stays', async () => {
    const directory = join(dataDir, 'fresh')
    const keys = await Promise.all(
      Array.from({ length: 10 }, () => loadSecretKey({ secretKey: null, dataDir: directory })),
    )
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[\w-]{43}$/)
    expect((await stat(join(directory, 'secret.key'))).mode & 0o777).toBe(0o600)
    expect(await loadSecretKey({ secretKey: null, dataDir: directory })).toBe(keys[0])
  })

  test('a file that others can read, or that lost its content, stops the start and is left as it is', async () => {
    const path = join(dataDir, 'secret.key')
    await writeFile(path, `${GOOD_KEY}\n`, { mode: 0o644 })
    await expect(loadSecretKey({ secretKey: null, dataDir })).rejects.toThrow(/chmod 600/)
    await rm(path)
    await writeFile(path, '', { mode: 0o600 })
    await expect(loadSecretKey({ secretKey: null, dataDir })).rejects.toThrow(/backup/)
    expect(await readFile(path, 'utf8')).toBe('')
  })

  test('the key to come stands beside the one that counts, and takes its place with the same mode', async () => {
    const config = { secretKey: null, dataDir: join(dataDir, 'changed') }
    const before = await loadSecretKey(config)
    expect(await findNextKey(config)).toBeNull()
    const next = await makeNextKey(config, null)
    expect((await makeNextKey(config, null)).text).toBe(next.text)
    expect((await makeNextKey(config, GOOD_KEY)).text).toBe(GOOD_KEY)
    expect(await loadSecretKey(config)).toBe(before)
    const left = await findNextKey(config)
    await Promise.all([left?.adopt(), left?.adopt()])
    expect(await loadSecretKey(config)).toBe(GOOD_KEY)
    expect((await stat(join(config.dataDir, 'secret.key'))).mode & 0o777).toBe(0o600)
    expect(await readdir(config.dataDir)).toEqual(['secret.key'])
  })
})
