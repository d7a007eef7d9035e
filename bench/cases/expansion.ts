import type { BenchCase } from '../lib/BenchCase.ts'
import { writeContactsCsv } from '../lib/contactsCsv.ts'
import { medianOf } from '../lib/measurement.ts'
import { Product } from '../lib/Product.ts'
import { ProductServer } from '../lib/ProductServer.ts'
import { StubGateway } from '../lib/StubGateway.ts'

const ROWS = 200_000
const LARGE_ROWS = 1_000_000
const IN_FLIGHT = 64
const FIRST_SEND_TIMEOUT_MS = 30_000

export const expansion: BenchCase = {
  name: 'expansion',
  about: 'From the request that creates a campaign to all of its recipients; then from start to the first send.',
  limitMinutes: 15,
  async run(lab) {
    const gateway = await StubGateway.start(lab)
    const server = await ProductServer.start(lab, {
      directory: await lab.newDirectory('expansion'),
      gatewayUrl: gateway.url,
    })
    const product = await Product.setUp(server.url)
    const csv = lab.file('contacts.csv')
    await writeContactsCsv(csv, lab.options.large ? LARGE_ROWS : ROWS)
    const { id: importId } = await product.importFile(csv)
    const channelId = await product.createChannel(IN_FLIGHT)
    const rates: number[] = []
    const answers: number[] = []
    const firstSends: number[] = []
    for (let round = 0; round < lab.rounds; round++) {
      const campaign = await product.prepareCampaign(channelId, importId)
      rates.push(campaign.total / campaign.seconds)
      answers.push(campaign.answerMs)
      firstSends.push(await timeFirstSend(product, gateway, campaign.id))
      await product.cancel(campaign.id)
      lab.say(
        `round ${round + 1}: ${rates.at(-1)?.toFixed(0)} rows/s, first send after ${firstSends.at(-1)?.toFixed(2)} s`,
      )
    }
    await server.stop()
    const size = lab.options.large ? '1,000,000' : '200,000'
    return [
      medianOf(`answer to POST of a campaign to ${size}`, 'ms', answers, { atMost: 300 }),
      medianOf(`expansion of ${size} imported contacts`, 'rows/s', rates, { atLeast: 100_000 }),
      medianOf(`first send after readiness and start, ${size}`, 's', firstSends, { atMost: 2 }),
    ]
  },
}

async function timeFirstSend(product: Product, gateway: StubGateway, campaignId: string): Promise<number> {
  await gateway.reset()
  const startedAt = Date.now()
  await product.act(campaignId, 'start')
  const { firstAt } = await gateway.untilAccepted(1, FIRST_SEND_TIMEOUT_MS)
  return ((firstAt ?? NaN) - startedAt) / 1000
}
