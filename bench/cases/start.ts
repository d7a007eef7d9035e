import type { BenchCase } from '../lib/BenchCase.ts'
import { writeContactsCsv } from '../lib/contactsCsv.ts'
import type { Lab } from '../lib/Lab.ts'
import { medianOf, type Measurement } from '../lib/measurement.ts'
import { Product } from '../lib/Product.ts'
import { ProductServer } from '../lib/ProductServer.ts'
import { StubGateway } from '../lib/StubGateway.ts'

const RECIPIENTS = 200_000
const IN_FLIGHT = 64
/** The kill comes when this part of the campaign has been sent: as much as possible lies in the write-ahead log. */
const KILL_AT = 0.95
const RUN_TIMEOUT_MS = 300_000

export const start: BenchCase = {
  name: 'start',
  about: 'From starting the process, web already built, to its first HTTP answer, with a database of its own.',
  limitMinutes: 30,
  async run(lab) {
    const gateway = await StubGateway.start(lab)
    const { created, reopened } = await measureQuietStarts(lab, gateway)
    const killed = await measureStartsAfterKill(lab, gateway)
    return [
      medianOf('start, creating the database', 's', created, { atMost: 2 }),
      medianOf('start, existing database', 's', reopened, { atMost: 1 }),
      medianOf('start, after kill -9 of everything in a 200,000 run', 's', killed, { atMost: 2 }),
    ] satisfies Measurement[]
  },
}

async function measureQuietStarts(lab: Lab, gateway: StubGateway): Promise<{ created: number[]; reopened: number[] }> {
  const created: number[] = []
  const reopened: number[] = []
  for (let round = 0; round < lab.rounds; round++) {
    const options = { directory: await lab.newDirectory('start'), gatewayUrl: gateway.url }
    for (const results of [created, reopened]) {
      const server = await ProductServer.start(lab, options)
      results.push(server.startSeconds)
      await server.stop()
    }
    lab.say(`round ${round + 1}: new ${created.at(-1)?.toFixed(2)} s, existing ${reopened.at(-1)?.toFixed(2)} s`)
  }
  return { created, reopened }
}

/** Every round kills a run of its own, on the same database: a copied one would not have the same pages in memory. */
async function measureStartsAfterKill(lab: Lab, gateway: StubGateway): Promise<number[]> {
  const csv = lab.file('contacts.csv')
  await writeContactsCsv(csv, RECIPIENTS)
  const options = { directory: await lab.newDirectory('kill'), gatewayUrl: gateway.url }
  let server = await ProductServer.start(lab, options)
  let product = await Product.setUp(server.url)
  const channelId = await product.createChannel(IN_FLIGHT)
  const { id: importId } = await product.importFile(csv)
  const seconds: number[] = []
  for (let round = 0; round < lab.rounds; round++) {
    const campaign = await product.prepareCampaign(channelId, importId)
    await gateway.reset()
    await product.act(campaign.id, 'start')
    await gateway.untilAccepted(Math.ceil(campaign.total * KILL_AT), RUN_TIMEOUT_MS)
    await server.killEverything()
    server = await ProductServer.start(lab, options)
    seconds.push(server.startSeconds)
    lab.say(`round ${round + 1}: after kill -9 ${server.startSeconds.toFixed(2)} s`)
    product = product.at(server.url)
    await endCutOff(product, campaign.id)
  }
  await server.stop()
  return seconds
}

/** Makes sure that the run was cut off in the middle, and clears it away for the next round. */
async function endCutOff(product: Product, campaignId: string): Promise<void> {
  const { status, pauseReason } = await product.progress(campaignId)
  if (status !== 'paused' || pauseReason !== 'restart') throw new Error(`After the restart the campaign was ${status}.`)
  await product.cancel(campaignId)
}
