import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import type { Db } from '#server/db/Database.ts'
import { openDatabase } from '#server/db/openDatabase.ts'
import { administer } from './globalSetup.ts'
import { testLog, type TestDatabase } from './testDatabase.ts'

export type EmptyDatabase = {
  connection: TestDatabase['connection']
  /** Opens it; closed with it. */
  open(): Db
  close(): Promise<void>
}

/** A database without a table, as somebody has just made it; `close()` drops it. */
export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const cluster = inject('testCluster')
  const name = `revoada_test_${randomBytes(6).toString('hex')}`
  await administer(cluster, [`create database ${name} template template0 encoding 'UTF8'`])
  const connection = { ...cluster, database: name }
  const opened: (() => Promise<void>)[] = []
  return {
    connection,
    open: () => {
      const { db, close } = openDatabase(connection, { log: testLog, max: 10, name: 'test' })
      opened.push(close)
      return db
    },
    close: async () => {
      for (const close of opened) await close()
      await administer(cluster, [`drop database if exists ${name} with (force)`])
    },
  }
}
