import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { migrate } from '#server/db/migrate.ts'
import { openDatabase } from '#server/db/openDatabase.ts'
import { createLogger } from '#server/lib/logger.ts'

/** How tests reach the cluster of this run. */
export type TestCluster = { host: string; port: number; user: string; password?: string }

declare module 'vitest' {
  interface ProvidedContext {
    testCluster: TestCluster
    testTemplate: string
  }
}

const log = createLogger({ level: 'error', name: 'test' })

/** One throw-away cluster a run (or `TEST_DATABASE_URL`), and in it a migrated template that every test file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { cluster, stop } = await startCluster()
  const template = `revoada_template_${process.pid}`
  await administer(cluster, [`drop database if exists ${template}`, `create database ${template}`])
  await migrateTemplate({ ...cluster, database: template })
  project.provide('testCluster', cluster)
  project.provide('testTemplate', template)
  return async () => {
    await administer(cluster, [`drop database if exists ${template} with (force)`]).catch(() => undefined)
    await stop()
  }
}

async function startCluster(): Promise<{ cluster: TestCluster; stop: () => Promise<void> }> {
  const url = process.env['TEST_DATABASE_URL']
  if (url !== undefined && url !== '') {
    const { hostname, port, username, password } = new URL(url)
    const cluster = { host: hostname, port: Number(port === '' ? 5432 : port), user: decodeURIComponent(username) }
    return {
      cluster: password === '' ? cluster : { ...cluster, password: decodeURIComponent(password) },
      stop: async () => undefined,
    }
  }
  const directory = await mkdtemp(join(tmpdir(), 'revoada-test-'))
  const embedded = await startEmbeddedPostgres({ directory, log, durable: false, maxConnections: 200 })
  const { host, port, user, password } = embedded.connection
  return {
    cluster: password === undefined ? { host, port, user } : { host, port, user, password },
    stop: async () => {
      await embedded.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function migrateTemplate(connection: TestCluster & { database: string }): Promise<void> {
  const { db, close } = openDatabase(connection, { log, max: 2, name: 'migrate', queryTimeoutMs: 60_000 })
  try {
    await migrate(db)
  } finally {
    await close()
  }
}

/** Runs statements that belong to the cluster, not to one database. */
export async function administer(cluster: TestCluster, statements: string[]): Promise<void> {
  // Our own clusters have no database `postgres`, and nobody but us is in theirs.
  const database = cluster.user === 'revoada' ? 'revoada' : 'postgres'
  const client = new pg.Client({ ...cluster, database })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
