import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BareLoop } from '../lib/BareLoop.ts'
import type { BenchCase } from '../lib/BenchCase.ts'
import { writeContactsCsv } from '../lib/contactsCsv.ts'
import { query, startExternalPostgres, type ExternalPostgres } from '../lib/ExternalPostgres.ts'
import type { Lab } from '../lib/Lab.ts'
import { medianOf, type Measurement, type Target } from '../lib/measurement.ts'
import { startPeers, type PeerName, type Peers } from '../lib/peers.ts'
import { cpuSeconds, postgresCpuSeconds } from '../lib/processes.ts'
import { Product } from '../lib/Product.ts'
import { ProductServer } from '../lib/ProductServer.ts'
import { StubGateway } from '../lib/StubGateway.ts'

const MESSAGES = 20_000
const IN_FLIGHT = 64
const RUN_TIMEOUT_MS = 120_000
const TIMES_FASTER: Partial<Record<string, Target>> = { BullMQ: { atLeast: 2 }, 'pg-boss': { atLeast: 3 } }

/** What one contender did in one round; CPU in seconds per 1,000 messages, by process. */
type Result = { messagesPerSecond: number; cpu: Record<string, number> }

type Contender = { name: string; results: Result[]; run: (count: number) => Promise<Result> }

export const dispatch: BenchCase = {
  name: 'dispatch',
  about: `${MESSAGES.toLocaleString('en')} messages with ${IN_FLIGHT} in flight to a gateway on loopback, from the first request to the last outcome written; contenders in turn.`,
  limitMinutes: 20,
  async run(lab) {
    const gateway = await StubGateway.start(lab)
    const csv = lab.file('contacts.csv')
    await writeContactsCsv(csv, MESSAGES)
    const postgres = await startExternalPostgres(lab, { statements: lab.options.profileDir !== null })
    lab.say(`external PostgreSQL ${postgres.version}`)
    const bare = bareContender(lab, gateway)
    const embedded = await embeddedContender(lab, gateway, csv)
    const external = await externalContender(lab, gateway, csv, postgres)
    const peers = await startPeers(lab, postgres)
    const others = peers.names.map((name) => peerContender(peers, name, gateway))
    const contenders = [bare, embedded.contender, external.contender, ...others]
    await runInTurn(lab, contenders)
    await peers.stop()
    await external.stop()
    await embedded.stop()
    if (lab.options.profileDir !== null) await saveStatements(postgres.url, lab.options.profileDir)
    await postgres.stop()
    return [
      ...rateOf(bare, null, null),
      ...rateOf(external.contender, bare, { atLeast: 0.75 }),
      ...rateOf(embedded.contender, bare, { atLeast: 0.65 }),
      ...others.flatMap((other) => rateOf(other, null, null)),
      ...others.flatMap((other) => ratioTo(other, external.contender)),
      ...contenders.flatMap(cpuOf),
    ]
  },
}

/** One round nobody counts, then the contenders one after the other, each round beginning with another one. */
async function runInTurn(lab: Lab, contenders: Contender[]): Promise<void> {
  for (const contender of contenders) await contender.run(MESSAGES)
  for (let round = 0; round < lab.rounds; round++) {
    const first = round % contenders.length
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      contender.results.push(await contender.run(MESSAGES))
    }
    lab.say(
      `round ${round + 1}: ${contenders.map(({ name, results }) => `${name} ${results.at(-1)?.messagesPerSecond.toFixed(0)}`).join(', ')} messages/s`,
    )
  }
}

function bareContender(lab: Lab, gateway: StubGateway): Contender {
  const loop = new BareLoop(lab)
  const run = async (count: number): Promise<Result> => {
    await gateway.reset()
    const before = cpuSeconds(gateway.pid)
    const { messagesPerSecond, cpuSeconds: used } = await loop.run({ url: gateway.url, count, inFlight: IN_FLIGHT })
    const cpu = { loop: used, gateway: cpuSeconds(gateway.pid) - before }
    return { messagesPerSecond, cpu: perThousand(cpu, count) }
  }
  return { name: 'bare undici loop', results: [], run }
}

async function embeddedContender(lab: Lab, gateway: StubGateway, csv: string) {
  const options = {
    directory: await lab.newDirectory('embedded'),
    gatewayUrl: gateway.url,
    nodeOptions: profiling(lab, 'embedded'),
  }
  const server = await ProductServer.start(lab, options)
  const product = await Product.setUp(server.url)
  const meters = { node: () => cpuSeconds(server.pid), postgres: () => postgresCpuSeconds(server.postmasterPid) }
  const contender = await productContender('embedded', product, gateway, csv, meters)
  return { contender, stop: () => server.stop() }
}

async function externalContender(lab: Lab, gateway: StubGateway, csv: string, postgres: ExternalPostgres) {
  const options = { gatewayUrl: gateway.url, databaseUrl: postgres.url }
  const api = await ProductServer.start(lab, { ...options, role: 'api', directory: await lab.newDirectory('api') })
  const nodeOptions = profiling(lab, 'worker')
  const worker = await ProductServer.start(lab, {
    ...options,
    role: 'worker',
    directory: await lab.newDirectory('worker'),
    nodeOptions,
  })
  const product = await Product.setUp(api.url)
  const meters = {
    worker: () => cpuSeconds(worker.pid),
    api: () => cpuSeconds(api.pid),
    postgres: () => postgresCpuSeconds(postgres.pid),
  }
  const contender = await productContender('worker on external PostgreSQL', product, gateway, csv, meters)
  const stop = async () => {
    await worker.stop()
    await api.stop()
  }
  return { contender, stop }
}

/** Sends one campaign a round to the people of one import. `meters` read the CPU seconds of each process. */
async function productContender(
  name: string,
  product: Product,
  gateway: StubGateway,
  csv: string,
  meters: Record<string, () => number>,
): Promise<Contender> {
  const { id: importId } = await product.importFile(csv)
  const channelId = await product.createChannel(IN_FLIGHT)
  const run = async (): Promise<Result> => {
    const campaign = await product.prepareCampaign(channelId, importId)
    await gateway.reset()
    const read = () => readMeters({ ...meters, gateway: () => cpuSeconds(gateway.pid) })
    const before = read()
    await product.act(campaign.id, 'start')
    const { finishedAt } = await product.untilSent(campaign.id, RUN_TIMEOUT_MS)
    const { firstAt } = await gateway.stats()
    const after = read()
    const seconds = (Date.parse(finishedAt ?? '') - (firstAt ?? NaN)) / 1000
    const used = Object.fromEntries(Object.keys(after).map((key) => [key, (after[key] ?? NaN) - (before[key] ?? NaN)]))
    return { messagesPerSecond: campaign.total / seconds, cpu: perThousand(used, campaign.total) }
  }
  return { name, results: [], run }
}

function peerContender(peers: Peers, name: PeerName, gateway: StubGateway): Contender {
  const run = async (count: number): Promise<Result> => {
    await gateway.reset()
    const { finishedAt } = await peers.run(name, { gatewayUrl: gateway.url, count, inFlight: IN_FLIGHT })
    const { firstAt, distinct } = await gateway.stats()
    if (distinct !== count) throw new Error(`${name} sent ${distinct} of ${count}.`)
    return { messagesPerSecond: count / ((finishedAt - (firstAt ?? NaN)) / 1000), cpu: {} }
  }
  return { name, results: [], run }
}

function readMeters(meters: Record<string, () => number>): Record<string, number> {
  return Object.fromEntries(Object.entries(meters).map(([name, read]) => [name, read()]))
}

function perThousand(seconds: Record<string, number>, count: number): Record<string, number> {
  return Object.fromEntries(Object.entries(seconds).map(([name, value]) => [name, (value * 1000) / count]))
}

/** Messages a second, and the ratio to the limit of the same round. */
function rateOf(contender: Contender, limit: Contender | null, target: Target | null): Measurement[] {
  const rates = contender.results.map((result) => result.messagesPerSecond)
  const rate = medianOf(`dispatch, ${contender.name}`, 'messages/s', rates)
  if (limit === null) return [rate]
  return [rate, ratioOf(contender, limit, target)]
}

/** How many times faster than this peer the product is. */
function ratioTo(peer: Contender, product: Contender): Measurement[] {
  return [ratioOf(product, peer, TIMES_FASTER[peer.name] ?? null)]
}

function ratioOf(contender: Contender, other: Contender, target: Target | null): Measurement {
  const ratios = contender.results.map(
    ({ messagesPerSecond }, round) => messagesPerSecond / (other.results[round]?.messagesPerSecond ?? NaN),
  )
  return medianOf(`dispatch, ${contender.name} : ${other.name}`, '×', ratios, target)
}

function cpuOf({ name, results }: Contender): Measurement[] {
  return Object.keys(results[0]?.cpu ?? {}).map((part) => {
    const samples = results.map((result) => (result.cpu[part] ?? NaN) * 1000)
    return medianOf(`CPU, ${name}: ${part}`, 'ms/1,000 messages', samples)
  })
}

function profiling(lab: Lab, name: string): string[] {
  const { profileDir } = lab.options
  return profileDir === null
    ? []
    : ['--cpu-prof', '--cpu-prof-dir', profileDir, '--cpu-prof-name', `${name}.cpuprofile`]
}

async function saveStatements(url: string, directory: string): Promise<void> {
  const rows = await query(
    url,
    `select round(total_exec_time) as ms, calls, round((total_exec_time / calls)::numeric, 3)::float8 as ms_per_call,
       rows, shared_blks_hit, shared_blks_dirtied, wal_records, wal_bytes::float8, query
     from pg_stat_statements order by total_exec_time desc limit 30`,
  )
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'statements.json'), `${JSON.stringify(rows, null, 2)}\n`)
}
