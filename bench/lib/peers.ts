import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { PeerResult, PeerRun } from '../peers/work.ts'
import { Child } from './Child.ts'
import type { ExternalPostgres } from './ExternalPostgres.ts'
import { query } from './ExternalPostgres.ts'
import { freePort } from './freePort.ts'
import { stopChild, type Lab } from './Lab.ts'

export const PEERS = ['BullMQ', 'pg-boss', 'graphile-worker'] as const
export type PeerName = (typeof PEERS)[number]

const FILES: Record<PeerName, string> = { BullMQ: 'bullmq', 'pg-boss': 'pgBoss', 'graphile-worker': 'graphileWorker' }
const FOLDER = fileURLToPath(new URL('../peers', import.meta.url))
const READY_TIMEOUT_MS = 10_000

/** Other job queues, each in a process that stays warm between the rounds, on the same PostgreSQL or on a Redis. */
export type Peers = {
  names: PeerName[]
  run(name: PeerName, run: Omit<PeerRun, 'storeUrl'>): Promise<PeerResult>
  stop(): Promise<void>
}

/** Installs what is missing from the registry. Without a `redis-server` on the machine BullMQ is left out, and said so. */
export async function startPeers(lab: Lab, postgres: ExternalPostgres): Promise<Peers> {
  installPeers(lab)
  const redis = await startRedis(lab)
  if (redis === null)
    lab.say('BullMQ is not measured: there is no redis-server here (Debian: apt-get install redis-server)')
  const names = PEERS.filter((name) => name !== 'BullMQ' || redis !== null)
  await query(postgres.url, 'create database peers')
  const storeUrls = { postgres: postgres.url.replace(/[^/]+$/, 'peers'), redis: redis?.url ?? '' }
  const children = new Map(names.map((name) => [name, new Child(lab, FILES[name], 'peers')]))
  return {
    names,
    run: (name, run) => {
      const storeUrl = name === 'BullMQ' ? storeUrls.redis : storeUrls.postgres
      const child = children.get(name)
      if (child === undefined) throw new Error(`${name} was not started.`)
      return child.ask<PeerResult>({ ...run, storeUrl } satisfies PeerRun)
    },
    stop: async () => {
      for (const child of children.values()) await child.stop()
      await redis?.stop()
    },
  }
}

function installPeers(lab: Lab): void {
  if (existsSync(`${FOLDER}/node_modules/pg-boss`)) return
  lab.say('installing the peers')
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The peers could not be installed: ${stderr.slice(-500)}`)
}

/** A Redis of the bench's own on loopback; it appends to a file and flushes that every second. */
async function startRedis(lab: Lab): Promise<{ url: string; stop(): Promise<void> } | null> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return null
  const port = await freePort()
  const settings = { port, bind: '127.0.0.1', dir: await lab.newDirectory('redis'), appendonly: 'yes', save: '' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = lab.spawn('redis-server', args, { stdio: 'ignore' })
  await untilOpen(port)
  return { url: `redis://127.0.0.1:${port}`, stop: () => stopChild(child) }
}

async function untilOpen(port: number): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!(await isOpen(port))) {
    if (performance.now() > deadline) throw new Error('Redis did not start.')
    await sleep(20)
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
