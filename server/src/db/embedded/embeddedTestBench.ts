/** What the tests of the embedded database share: throw-away directories, queries, and owners in other processes. */
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll } from 'vitest'
import { createLogger } from '#server/lib/logger.ts'
import { clusterPlace } from './clusterPlace.ts'
import { postgresProcessesOn, waitUntil } from './processes.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres, type PostgresConnection } from './startEmbeddedPostgres.ts'

export const log = createLogger({ level: 'silent' })

type ChildAnswer = { connection?: PostgresConnection; problem?: string; message?: string; ms: number }
export type ChildOwner = { pid: number; answer: Promise<ChildAnswer>; kill(): Promise<void> }

const undo: (() => Promise<void> | void)[] = []

/** Stops and removes what the test started, newest first. For `afterEach`. */
export async function cleanUp(): Promise<void> {
  while (undo.length > 0) await undo.pop()?.()
}

export function onCleanUp(step: () => Promise<void> | void): void {
  undo.push(step)
}

export function newDirectory(): string {
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'revoada-test-')))
  onCleanUp(async () => {
    await waitUntil(() => postgresProcessesOn(path.join(directory, 'postgres')).length === 0, 5000)
    rmSync(clusterPlace(directory).socketDirectory, { recursive: true, force: true })
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
  })
  return directory
}

/** One with a cluster that was stopped in order: a copy, which takes a quarter of the time of creating it. */
export async function usedDirectory(): Promise<string> {
  template ??= makeTemplate()
  const directory = newDirectory()
  cpSync(path.join(await template, 'postgres'), path.join(directory, 'postgres'), { recursive: true })
  chmodSync(path.join(directory, 'postgres'), 0o700)
  return directory
}

let template: Promise<string> | null = null

async function makeTemplate(): Promise<string> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'revoada-test-template-'))
  const postgres = await startEmbeddedPostgres({ directory, log, durable: false })
  await postgres.stop()
  return directory
}

afterAll(async () => {
  if (template) rmSync(await template, { recursive: true, force: true })
})

export async function start(
  directory: string,
  options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {},
): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ directory, log, durable: false, ...options })
  onCleanUp(() => postgres.stop())
  return postgres
}

/** One statement on a connection of its own; the first column of the first row. */
export async function ask(connection: PostgresConnection, text: string): Promise<unknown> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query({ text, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end().catch(() => {})
  }
}

export async function askUntilAnswered(
  connection: PostgresConnection,
  text: string,
  limitMs: number,
): Promise<unknown> {
  const deadline = performance.now() + limitMs
  for (;;) {
    try {
      return await ask(connection, text)
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

export function postmasterPid(directory: string): number {
  return Number.parseInt(readFileSync(path.join(directory, 'postgres', 'postmaster.pid'), 'utf8'), 10)
}

/** Another process that tries to own the directory. */
export function ownInChild(directory: string, env: NodeJS.ProcessEnv = process.env): ChildOwner {
  const script = path.join(import.meta.dirname, 'ownDirectory.child.ts')
  const child = spawn(process.execPath, [script, directory], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  let output = ''
  const answer = new Promise<ChildAnswer>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString()
      if (output.includes('\n')) resolve(JSON.parse(output))
    })
    child.on('close', () => reject(new Error('the child ended without an answer')))
  })
  answer.catch(() => {}) // a test that kills the child early never asks for it
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  onCleanUp(kill)
  return { pid: child.pid ?? 0, answer, kill }
}
