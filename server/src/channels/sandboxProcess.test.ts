import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLogger } from '#server/lib/logger.ts'
import type { LedgerLine, Sandbox } from './sandboxProcess.ts'
import {
  ensureSandbox,
  findSandbox,
  readSandboxLedger,
  registerSandboxNumber,
  setSandboxBehaviour,
  stopSandbox,
} from './sandboxProcess.ts'

const log = createLogger({ level: 'silent', name: 'test' })
const MAIN = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url))
const MODULE = new URL('./sandboxProcess.ts', import.meta.url).href

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'revoada-sandbox-'))
})
afterEach(async () => {
  await stopSandbox({ directory })
  await rm(directory, { recursive: true, force: true })
})

test('no sandbox is found where none runs, and stopping it is nothing to do', async () => {
  expect(await findSandbox({ directory })).toBeNull()
  await stopSandbox({ directory })
})

test('several callers at once get one and the same process', async () => {
  const found = await Promise.all(Array.from({ length: 4 }, () => ensureSandbox({ directory, log })))
  expect(new Set(found.map((sandbox) => sandbox.url)).size).toBe(1)
  expect(await findSandbox({ directory })).toEqual(found[0])
  const starts = (await readFile(join(directory, 'sandbox.log'), 'utf8')).match(/Sandbox gateway at/g)
  expect(starts).toHaveLength(1)
})

test('it outlives the process that started it, and its terminal', async () => {
  const script = `
    const { ensureSandbox } = await import(${JSON.stringify(MODULE)})
    const log = { info() {} }
    console.log((await ensureSandbox({ directory: process.argv[1], log })).url)
    setInterval(() => {}, 1000)`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await firstLine(starter)
  starter.kill('SIGKILL')
  await once(starter, 'exit')
  process.kill(await runningPid(), 'SIGHUP')
  expect((await findSandbox({ directory }))?.url).toBe(url)
})

test('the files are readable by their owner only', async () => {
  await register(await ensureSandbox({ directory, log }))
  for (const name of ['sandbox.json', 'users.json', 'ledger.jsonl', 'sandbox.log']) {
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
  }
})

test('kill -9 under load loses no message that was confirmed, and the next start has port, numbers and ledger', async () => {
  const first = await ensureSandbox({ directory, log })
  const { id } = await register(first)
  const confirmed = await sendUntilKilled(first)
  const second = await ensureSandbox({ directory, log })
  expect(second).toEqual(first)
  const accepted = new Set(
    (await readLedger(second, id)).filter((line) => line.kind === 'accepted').map((line) => line.messageId),
  )
  expect(confirmed.length).toBeGreaterThan(100)
  expect(confirmed.filter((messageId) => !accepted.has(messageId))).toEqual([])
  const again = await send(second, confirmed[0] ?? '')
  expect(again).toBe(200)
  const last = (await readLedger(second, id)).at(-1)
  expect(last).toMatchObject({ kind: 'accepted', messageId: confirmed[0], duplicate: true })
})

test('the same token registers one number, and its behaviour changes while it runs', async () => {
  const sandbox = await ensureSandbox({ directory, log })
  const [one, two] = await Promise.all([register(sandbox), register(sandbox)])
  expect(two).toEqual(one)
  expect(await send(sandbox, 'A')).toBe(200)
  await setSandboxBehaviour(sandbox, TOKEN, { notOnWhatsapp: 1 })
  expect(await send(sandbox, 'B')).toBe(500)
  await setSandboxBehaviour(sandbox, TOKEN, { notOnWhatsapp: 0 })
  expect(await send(sandbox, 'B')).toBe(200)
  await expect(setSandboxBehaviour(sandbox, 'unknown', {})).rejects.toThrow('404')
  const kinds = (await readLedger(sandbox, one.id)).map((line) => `${line.messageId} ${line.kind}`)
  expect(kinds).toEqual(['A read', 'A accepted', 'B read', 'B refused', 'B read', 'B accepted'])
})

test('another program on the port of a dead sandbox is not taken for it', async () => {
  const stranger = createServer((_, response) => response.end('{"instance":"somebody else","pid":1}')).listen(
    0,
    '127.0.0.1',
  )
  await once(stranger, 'listening')
  const address = stranger.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const stale = { pid: process.pid, port, adminToken: 'kept-admin-token', instance: 'long gone', started: '' }
  await writeFile(join(directory, 'sandbox.json'), JSON.stringify(stale))
  expect(await findSandbox({ directory })).toBeNull()
  await stopSandbox({ directory })
  const sandbox = await ensureSandbox({ directory, log })
  expect(sandbox.adminToken).toBe('kept-admin-token')
  expect(sandbox.url).not.toContain(`:${port}`)
  stranger.close()
})

test('a second sandbox on the directory stops with one sentence that names the first', async () => {
  const { url } = await ensureSandbox({ directory, log })
  const pid = await runningPid()
  const second = await runMain(['--dir', directory])
  expect(second.code).toBe(3)
  expect(second.stderr).toBe(`The sandbox of ${directory} is already running: process ${pid}, ${url}.\n`)
})

test('a wrong flag ends with code 2 and one line', async () => {
  for (const flags of [['--nope'], ['--port', 'x'], ['--port', '0'], ['extra']]) {
    const { code, stderr, stdout } = await runMain(['--dir', directory, ...flags])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }
})

test('a sandbox that cannot start says why', async () => {
  await writeFile(join(directory, 'users.json'), 'not a list')
  await expect(ensureSandbox({ directory, log })).rejects.toThrow(
    "users.json cannot be read as the sandbox's list of numbers",
  )
})

const TOKEN = 'token-of-the-test-line'

function register(sandbox: Sandbox): Promise<{ id: string }> {
  return registerSandboxNumber(sandbox, { name: 'line', token: TOKEN, hmacKey: '', behaviour: { maxInFlight: 64 } })
}

async function send(sandbox: Sandbox, messageId: string): Promise<number> {
  const body = JSON.stringify({ Phone: '5511988887777', Body: 'Olá', Id: messageId })
  const answer = await request(`${sandbox.url}/chat/send/text`, { method: 'POST', headers: { token: TOKEN }, body })
  await answer.body.dump()
  return answer.statusCode
}

/** Sends with 32 in flight, kills the sandbox in the middle, and returns the ids that got a 200. */
async function sendUntilKilled(sandbox: Sandbox): Promise<string[]> {
  const pid = await runningPid()
  const confirmed: string[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (;;) {
      const messageId = `M${next++}`
      if (next === 1_000) process.kill(pid, 'SIGKILL')
      if ((await send(sandbox, messageId)) === 200) confirmed.push(messageId)
    }
  }
  await Promise.allSettled(Array.from({ length: 32 }, lane))
  return confirmed
}

async function readLedger(sandbox: Sandbox, userId: string): Promise<LedgerLine[]> {
  const lines = []
  for await (const line of readSandboxLedger(sandbox, userId)) lines.push(line)
  return lines
}

async function runMain(flags: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

async function runningPid(): Promise<number> {
  return (JSON.parse(await readFile(join(directory, 'sandbox.json'), 'utf8')) as { pid: number }).pid
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer]
  return chunk.toString().trim()
}
