import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '#server/config.ts'
import { withSession } from '#server/db/transfer/session.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { loadSecretKey } from '#server/loadSecretKey.ts'
import { openKeyRing } from '#server/secrets/keyRing.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { fitsKey } from './transfer.ts'

const KEY = 'a-key-of-some-length-0123456789-abcdefgh'

let test: TestDatabase
let directory: string

beforeAll(async () => {
  test = await createTestDatabase()
  directory = await mkdtemp(join(tmpdir(), 'revoada-transfer-'))
})
afterAll(async () => {
  await test.close()
  await rm(directory, { recursive: true, force: true })
})

const fits = (env: Record<string, string>) =>
  withSession(test.connection, (client) => fitsKey(client, readConfig({ DATA_DIR: directory, ...env }, [])))

it('a copy is for the key that its secrets are under, whether it is a setting or a file; where there is none yet nothing is made', async () => {
  expect(await fits({ SECRET_KEY: KEY })).toBeNull()
  await openKeyRing(test.db, new SecretBox(null), KEY)
  expect(await fits({ SECRET_KEY: KEY })).toBe(true)
  expect(await fits({ SECRET_KEY: `${KEY}!` })).toBe(false)
  expect(await fits({})).toBeNull()
  expect(await fits({})).toBeNull()
  await loadSecretKey({ secretKey: null, dataDir: directory })
  expect(await fits({})).toBe(false)
})
