import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { arm } from '#server/db/arming.ts'
import type { ConnectionSettings } from '#server/db/openDatabase.ts'
import type { Db } from '#server/db/Database.ts'
import { openDatabase } from '#server/db/openDatabase.ts'
import { createLogger } from '#server/lib/logger.ts'
import { administer } from './globalSetup.ts'

export const testLog = createLogger({ level: process.env['TEST_LOG'] ?? 'silent', name: 'test' })

export type TestDatabase = {
  db: Db
  connection: Exclude<ConnectionSettings, { connectionString: string }>
  /** The same as a `DATABASE_URL`, for processes that tests start. */
  url: string
  close(): Promise<void>
}

/** A fresh, migrated database of its own; `close()` drops it. */
export async function createTestDatabase(options: { max?: number } = {}): Promise<TestDatabase> {
  const cluster = inject('testCluster')
  const name = `revoada_test_${randomBytes(6).toString('hex')}`
  await administer(cluster, [`create database ${name} template ${inject('testTemplate')}`])
  const connection = { ...cluster, database: name }
  // The form for a socket, whose folder cannot stand where a host does.
  const parameters = new URLSearchParams({ ...cluster, port: String(cluster.port) })
  const { db, close } = openDatabase(connection, { log: testLog, max: options.max ?? 5, name: 'test' })
  // It is a copy of the template.
  await arm(db)
  return {
    db,
    connection,
    url: `postgres:///${name}?${parameters.toString()}`,
    close: async () => {
      await close()
      await administer(cluster, [`drop database if exists ${name} with (force)`])
    },
  }
}
