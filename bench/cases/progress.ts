import { Pool } from 'undici'
import type { BenchCase } from '../lib/BenchCase.ts'
import { writeContactsCsv } from '../lib/contactsCsv.ts'
import type { Lab } from '../lib/Lab.ts'
import { percentile, type Measurement } from '../lib/measurement.ts'
import { Product, progressPath } from '../lib/Product.ts'
import { ProductServer } from '../lib/ProductServer.ts'
import { StubGateway } from '../lib/StubGateway.ts'

const SIZES = [1_000, 200_000]
const LARGE_SIZES = [...SIZES, 1_000_000]
const IN_FLIGHT = 64
const WARM_UP = 300
const REQUESTS_PER_ROUND = 300
/** Some attempts fail, so that there are errors to list. */
const FAIL_EVERY = 50
const SENT_BEFORE = 300
const RUN_TIMEOUT_MS = 60_000

export const progress: BenchCase = {
  name: 'progress',
  about: 'GET …/progress of a campaign that was paused on its way, one request after the other, sizes in turn.',
  limitMinutes: 15,
  async run(lab) {
    const gateway = await StubGateway.start(lab)
    const server = await ProductServer.start(lab, {
      directory: await lab.newDirectory('progress'),
      gatewayUrl: gateway.url,
    })
    const product = await Product.setUp(server.url)
    const sizes = lab.options.large ? LARGE_SIZES : SIZES
    const campaigns: string[] = []
    for (const size of sizes) campaigns.push(await pausedCampaign(lab, product, gateway, size))
    const pool = new Pool(server.url, { connections: 1, pipelining: 1 })
    const ask = (id: string) => timeRequest(pool, progressPath(id), product.authorization)
    for (let n = 0; n < WARM_UP; n++) for (const id of campaigns) await ask(id)
    const times = campaigns.map((): number[] => [])
    for (let n = 0; n < REQUESTS_PER_ROUND * lab.rounds; n++) {
      for (const [at, id] of campaigns.entries()) times[at]?.push(await ask(id))
    }
    await pool.close()
    await server.stop()
    return sizes.flatMap((size, at) => latencies(size, times[at] ?? []))
  },
}

async function pausedCampaign(lab: Lab, product: Product, gateway: StubGateway, size: number): Promise<string> {
  const csv = lab.file(`contacts-${size}.csv`)
  await writeContactsCsv(csv, size)
  const { id: importId } = await product.importFile(csv)
  const channelId = await product.createChannel(IN_FLIGHT)
  const { id } = await product.prepareCampaign(channelId, importId)
  await gateway.reset(FAIL_EVERY)
  await product.act(id, 'start')
  await gateway.untilAccepted(SENT_BEFORE, RUN_TIMEOUT_MS)
  await product.act(id, 'pause')
  return id
}

async function timeRequest(pool: Pool, path: string, authorization: string): Promise<number> {
  const startedAt = performance.now()
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers: { authorization } })
  await body.text()
  if (statusCode !== 200) throw new Error(`Progress answered ${statusCode}.`)
  return performance.now() - startedAt
}

function latencies(size: number, samples: number[]): Measurement[] {
  const name = `progress at ${size.toLocaleString('en')} recipients`
  const common = { unit: 'ms', samples }
  return [
    { ...common, name: `${name}, p50`, value: percentile(samples, 50), of: 'p50', target: null },
    { ...common, name: `${name}, p99`, value: percentile(samples, 99), of: 'p99', target: { atMost: 5 } },
  ]
}
