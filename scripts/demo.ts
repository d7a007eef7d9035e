import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { CampaignProgress, CampaignSummary, CreatedCampaign } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import type { ContactImport } from '#contract/imports.ts'
import { findSandbox, stopSandbox, type Sandbox } from '#server/channels/sandboxProcess.ts'
import { startProduct, type Product } from '#server/compose.ts'
import { readConfig } from '#server/config.ts'
import { createLogger } from '#server/lib/logger.ts'
import { buildWebIfMissing } from './buildWeb.ts'
import { ApiSession } from './demo/ApiSession.ts'
import { judge, readBooks, readLedger, until, type Verdict } from './demo/books.ts'
import { balance, count, importLine, LiveLine, progressLine, say } from './demo/display.ts'

process.env['TZ'] = 'UTC'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CAMPAIGNS = '/api/user/bulk-campaigns'
/** Below what PROGRESS_LIMIT lets one user ask: 120 times a minute. */
const WATCH_EVERY_MS = 600
const EMAIL = 'demo@revoada.local'
const TEXT =
  '{{saudacao}}, {{primeiro_nome}}! Aqui é da Padaria Revoada: hoje tem fornada às 17h. Para não receber mais, responda SAIR.'
/** How the pretend gateway behaves: some numbers are not on WhatsApp, some sends fail once. */
const BEHAVIOUR = {
  latencyMinMs: 5,
  latencyMaxMs: 25,
  notOnWhatsapp: 0.03,
  transientErrors: 0.01,
  delivered: 0.95,
  read: 0.6,
  maxInFlight: 16,
}

const options = readOptions()
process.exitCode = await main()

function readOptions() {
  const { values } = parseArgs({
    options: {
      exit: { type: 'boolean', default: false },
      file: { type: 'string', default: join(ROOT, 'examples/contatos.csv') },
      country: { type: 'string', default: 'BR' },
      ledger: { type: 'string' },
      export: { type: 'string' },
    },
  })
  return { ...values, file: resolve(values.file) }
}

async function main(): Promise<number> {
  if (!(await isReadable(options.file))) {
    process.stderr.write(`There is no file ${options.file} that can be read.\n`)
    return 1
  }
  await buildWebIfMissing()
  // With --exit everything is thrown away afterwards; without, the demo's data stay and a run that was cut off goes on.
  const directory = options.exit ? await mkdtemp(join(tmpdir(), 'revoada-demo-')) : join(ROOT, 'data/demo')
  await mkdir(directory, { recursive: true })
  say('Starting Revoada with a PostgreSQL of its own …')
  const product = await start(directory)
  if (!options.exit) stopOnSignal(product)
  const verdict = await run(product, directory)
  say(JSON.stringify(verdict))
  if (!options.exit) return 0
  await product.stop()
  await stopSandbox({ directory: join(directory, 'sandbox') })
  await rm(directory, { recursive: true, force: true })
  return verdict.ok ? 0 : 1
}

async function start(directory: string): Promise<Product> {
  const port = options.exit ? 0 : await freePort(Number(process.env['PORT'] ?? 3000))
  const env = {
    LOG_LEVEL: 'error',
    ...process.env,
    DATA_DIR: directory,
    PORT: String(port),
    DATABASE_URL: '',
    ROLE: 'all',
  }
  const config = readConfig(env, [])
  return startProduct(config, createLogger({ level: config.logLevel }))
}

/** Imports the list, sends the campaign, and compares our books with the gateway's. */
async function run(product: Product, directory: string): Promise<Verdict> {
  const address = product.address ?? ''
  const api = new ApiSession(address)
  const password = await signIn(api, directory)
  const campaignId = (await findCutOff(api)) ?? (await createCampaign(api))
  const progress = await watch(api, campaignId)
  const { sandbox, userId } = await findSandboxNumber(api, campaignId, directory)
  const ours = await readBooks(api, campaignId, options.export ?? null)
  const ledger = await readLedger(sandbox, userId, options.ledger ?? null)
  const verdict = judge(progress, ours, ledger)
  say('\nThe books:')
  for (const line of balance(progress, verdict.ledger)) say(line)
  say(verdict.ok ? '\n  They balance: nobody is missing, nobody was written to twice.' : '\n  THEY DO NOT BALANCE.')
  if (!options.exit) {
    say(`\nThe app is up:  ${address}`)
    say(`Sign in with:   ${EMAIL}  /  ${password}`)
    say('Ctrl-C stops it. The data stay in data/demo.\n')
  }
  return verdict
}

/** Makes the demo's administrator at the first run and remembers the password beside the data. */
async function signIn(api: ApiSession, directory: string): Promise<string> {
  const file = join(directory, 'login.json')
  const { needed } = await api.get<{ needed: boolean }>('/api/setup')
  if (!needed) {
    const { password } = JSON.parse(await readFile(file, 'utf8')) as { password: string }
    await api.post('/api/auth/sign-in', { email: EMAIL, password })
    return password
  }
  const password = randomBytes(12).toString('base64url')
  await writeFile(file, JSON.stringify({ email: EMAIL, password }), { mode: 0o600 })
  await api.post('/api/setup', { name: 'Demo', email: EMAIL, password })
  return password
}

/** A campaign that an earlier run was killed in: it goes on with exactly the rest. */
async function findCutOff(api: ApiSession): Promise<string | null> {
  const { items } = await api.get<{ items: CampaignSummary[] }>(`${CAMPAIGNS}/active?status=paused`)
  const cutOff = items.find((campaign) => campaign.pauseReason === 'restart')
  if (cutOff === undefined) return null
  const { stats } = cutOff
  say(
    `An earlier run was cut off with ${count(stats.pending + stats.retrying + stats.sending)} of ${count(stats.total)} people left. Going on with the rest.`,
  )
  await api.post(`${CAMPAIGNS}/${cutOff.id}/resume`)
  return cutOff.id
}

async function createCampaign(api: ApiSession): Promise<string> {
  const imported = await importFile(api)
  const channel = await api.post<Channel>('/api/user/channels', {
    name: `Demo ${new Date().toISOString().slice(0, 19)}`,
    gateway: 'sandbox',
    sandbox: BEHAVIOUR,
  })
  const { campaignId } = await api.post<CreatedCampaign>(CAMPAIGNS, {
    name: 'Fornada das 17h',
    channelId: channel.id,
    messages: [{ type: 'text', content: TEXT }],
    recipients: { importIds: [imported.id] },
    delayMin: 0,
    delayMax: 0,
    randomizeOrder: true,
    start: true,
  })
  return campaignId
}

async function importFile(api: ApiSession): Promise<ContactImport> {
  say(`\nImporting ${options.file} (default country ${options.country}) …`)
  const { id } = await api.upload<ContactImport>('/api/user/imports', options.file, { defaultCountry: options.country })
  const line = new LiveLine()
  const done = await until(async () => {
    const row = await api.get<ContactImport>(`/api/user/imports/${id}`)
    line.draw(importLine(row))
    return row.finishedAt === null ? null : row
  }, 100)
  line.end(
    `  ${count(done.rows)} rows: ${count(done.accepted)} people, ${count(done.duplicates)} duplicates, ${count(done.rejected)} refused with a reason, ${count(done.warnings)} warnings`,
  )
  if (done.status !== 'completed')
    throw new Error(`The import ended as ${done.status}: ${JSON.stringify(done.failure)}`)
  return done
}

async function watch(api: ApiSession, campaignId: string): Promise<CampaignProgress> {
  say('\nSending through the sandbox gateway, over HTTP …')
  const line = new LiveLine()
  const done = await until(async () => {
    const progress = await api.get<CampaignProgress>(`${CAMPAIGNS}/${campaignId}/progress`)
    line.draw(progress.preparing ? '  preparing the audience …' : progressLine(progress))
    return progress.finishedAt === null && progress.status !== 'paused' ? null : progress
  }, WATCH_EVERY_MS)
  line.end(progressLine(done))
  return done
}

async function findSandboxNumber(
  api: ApiSession,
  campaignId: string,
  directory: string,
): Promise<{ sandbox: Sandbox; userId: string }> {
  const sandbox = await findSandbox({ directory: join(directory, 'sandbox') })
  if (sandbox === null) throw new Error('The sandbox does not answer.')
  const { channelName } = await api.get<CampaignSummary>(`${CAMPAIGNS}/${campaignId}`)
  const answer = await fetch(`${sandbox.url}/admin/users`, { headers: { authorization: sandbox.adminToken } })
  const { data } = (await answer.json()) as { data: { id: string; name: string }[] }
  const user = data.find(({ name }) => name === channelName)
  if (user === undefined) throw new Error(`The sandbox does not know "${channelName}".`)
  return { sandbox, userId: user.id }
}

function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  )
}

/** `wanted` when nobody listens there, else any free one. */
function freePort(wanted: number): Promise<number> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(0))
    server.listen(wanted, '127.0.0.1', () => server.close(() => done(wanted)))
  })
}

function stopOnSignal(product: Product): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void product.stop().then(() => process.exit(process.exitCode ?? 0)))
  }
}
