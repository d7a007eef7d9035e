import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { z } from 'zod'
import type { SandboxBehaviour } from '#contract/channels.ts'
import type { Log } from '#server/lib/logger.ts'

/** The pretend gateway, a process of its own. `adminToken` opens its `/admin` and `/sandbox` routes. */
export type Sandbox = { url: string; adminToken: string }

/** One line of the sandbox's ledger. `user` is the id of the number there, never its token. */
export type LedgerLine = {
  /** ISO 8601, when the line was written. */
  t: string
  /** A request was read · its message reached the recipient · it was answered without. */
  kind: 'read' | 'accepted' | 'refused'
  user: string
  number: string
  messageId: string
  bodySha256: string
  type: 'text' | 'image' | 'video' | 'audio' | 'document'
  verdict: string
  /** Accepted before under this id; the recipient sees one. */
  duplicate?: true
  /** A duplicate with another body than the first: the id was used for two messages. */
  bodyChanged?: true
}

export type SandboxNumber = {
  name: string
  token: string
  /** Webhooks are signed with it, 32 characters or more; `''` is unsigned. */
  hmacKey: string
  behaviour?: SandboxBehaviour
  webhookUrl?: string
  events?: string[]
}

type Place = { pid: number | null; port: number; adminToken: string; instance: string }

const ENTRY = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url))

/** A sandbox with millions of lines in its ledger reads them before it answers. */
const START_TIMEOUT_MS = 60_000
/** It drains for 2 s at most; the rest is for a busy machine. */
const STOP_TIMEOUT_MS = 10_000
const POLL_MS = 20
const TAKEN_RETRY_MS = 300
const HEALTH_TIMEOUT_MS = 2_000
/** `main.ts` of the sandbox ends with it when another process has the directory. */
const EXIT_TAKEN = 3

/**
 * Finds the sandbox running on `directory`, or starts one that outlives us and waits until it answers.
 * Safe when several processes call it at once: all may start one, the directory lets one live, all wait for that one.
 * Throws with the sandbox's last words when it does not come up.
 */
export async function ensureSandbox({ directory, log }: { directory: string; log: Log }): Promise<Sandbox> {
  const path = resolve(directory)
  const running = await findSandbox({ directory: path })
  if (running !== null) return running
  let child = startDetached(path)
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    const code = child.exitCode()
    const found = await findPlace(path)
    // Our own child must have won or ended: one that is still on its way would take the directory once the winner stops.
    if (found !== null && (found.pid === child.pid || code !== null)) {
      log.info({ pid: found.pid, port: found.port, directory: path }, 'sandbox gateway ready')
      return toSandbox(found)
    }
    if (code !== null && code !== EXIT_TAKEN) break
    // Whoever had the directory may have been on its way out.
    if (code === EXIT_TAKEN) child = startDetached(path)
    await wait(code === EXIT_TAKEN ? TAKEN_RETRY_MS : POLL_MS)
  }
  throw new Error(`The sandbox gateway did not start: ${await lastWords(path)}`)
}

/** The sandbox that runs on `directory` and proves it, or null. */
export async function findSandbox({ directory }: { directory: string }): Promise<Sandbox | null> {
  const place = await findPlace(directory)
  return place === null ? null : toSandbox(place)
}

/** Stops the sandbox of `directory` and waits until it has let go of everything. Nothing to do when none runs. */
export async function stopSandbox({ directory }: { directory: string }): Promise<void> {
  const place = await findPlace(directory)
  if (place?.pid == null) return
  process.kill(place.pid, 'SIGTERM')
  const deadline = Date.now() + STOP_TIMEOUT_MS
  while (isRunning(place.pid)) {
    // Where nobody collects dead children the pid lives on, so its goodbye in the file counts too.
    if ((await readPlace(directory))?.pid !== place.pid) return
    if (Date.now() > deadline) throw new Error(`The sandbox, process ${place.pid}, does not stop.`)
    await wait(POLL_MS)
  }
}

/**
 * Registers a number, connected and logged in at once, and sets its behaviour. The same token again changes the number
 * that is there: what is left out stays as it is.
 */
export async function registerSandboxNumber(sandbox: Sandbox, number: SandboxNumber): Promise<{ id: string }> {
  const hmacKey = number.hmacKey === '' ? null : number.hmacKey
  return registered.parse(await call(sandbox, 'PUT', '/sandbox/users', { ...number, hmacKey }))
}

/** Changes how the number with this token behaves, from its next request on. What is not named stays. */
export async function setSandboxBehaviour(sandbox: Sandbox, token: string, behaviour: SandboxBehaviour): Promise<void> {
  await call(sandbox, 'PUT', '/sandbox/users', { token, behaviour })
}

/** What the sandbox recorded of a number, oldest first, as a stream: memory does not grow with the ledger. */
export async function* readSandboxLedger(sandbox: Sandbox, userId: string): AsyncIterable<LedgerLine> {
  const url = new URL('/sandbox/ledger', sandbox.url)
  url.searchParams.set('user', userId)
  const answer = await request(url, { headers: { authorization: sandbox.adminToken } })
  if (answer.statusCode !== 200) throw await refusal(answer.statusCode, answer.body)
  // Not readline: it swallows the error of a stream that is cut short, and half a ledger would pass for a whole one.
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as LedgerLine
  }
}

const registered = z.object({ id: z.string() })

async function call(sandbox: Sandbox, method: 'PUT', path: string, body: unknown): Promise<unknown> {
  const answer = await request(new URL(path, sandbox.url), {
    method,
    headers: { authorization: sandbox.adminToken, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  })
  if (answer.statusCode >= 300) throw await refusal(answer.statusCode, answer.body)
  return answer.body.json()
}

async function refusal(status: number, body: { text(): Promise<string> }): Promise<Error> {
  const text = (await body.text()).slice(0, 200).trim()
  return new Error(`The sandbox answered ${status}: ${text}`)
}

function startDetached(directory: string): { pid: number | undefined; exitCode: () => number | null } {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const output = openSync(join(directory, 'sandbox.log'), 'a', 0o600)
  try {
    const child = spawn(process.execPath, [ENTRY, '--dir', directory, '--detached'], {
      detached: true,
      stdio: ['ignore', output, output],
      cwd: directory,
      env: childEnv(),
    })
    let failed = false
    child.on('error', () => (failed = true))
    child.unref()
    return { pid: child.pid, exitCode: () => (failed || child.signalCode !== null ? -1 : child.exitCode) }
  } finally {
    closeSync(output)
  }
}

/** Not our whole environment: it holds the key and the address of the database, and this process outlives us. */
function childEnv(): NodeJS.ProcessEnv {
  const { PATH, TZ, LANG, SystemRoot, TEMP, TMPDIR } = process.env
  return { PATH, TZ, LANG, SystemRoot, TEMP, TMPDIR }
}

const placeFile = z.object({
  pid: z.number().nullable(),
  port: z.number(),
  adminToken: z.string(),
  instance: z.string(),
})

/** Where the sandbox of the directory is, if what answers there is the very start that wrote so. */
async function findPlace(directory: string): Promise<Place | null> {
  const place = await readPlace(directory)
  return place !== null && (await isAlive(place)) ? place : null
}

async function readPlace(directory: string): Promise<Place | null> {
  try {
    return placeFile.parse(JSON.parse(await readFile(join(directory, 'sandbox.json'), 'utf8')))
  } catch {
    return null
  }
}

/** The pid proves nothing, nor does the port: by now both may be anybody's. The instance does. */
async function isAlive({ instance, pid, port }: Place): Promise<boolean> {
  if (pid === null || port === 0) return false
  try {
    const timeouts = { headersTimeout: HEALTH_TIMEOUT_MS, bodyTimeout: HEALTH_TIMEOUT_MS }
    const { body, statusCode } = await request(`http://127.0.0.1:${port}/sandbox/health`, timeouts)
    const answer = z.object({ instance: z.string() }).safeParse(await body.json())
    return statusCode === 200 && answer.data?.instance === instance
  } catch {
    return false
  }
}

function toSandbox({ adminToken, port }: Place): Sandbox {
  return { url: `http://127.0.0.1:${port}`, adminToken }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function lastWords(directory: string): Promise<string> {
  const text = await readFile(join(directory, 'sandbox.log'), 'utf8').catch(() => '')
  return text.trim().split('\n').at(-1)?.slice(0, 500) || `no answer within ${START_TIMEOUT_MS / 1_000} s.`
}
