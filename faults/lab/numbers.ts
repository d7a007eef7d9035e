import { join } from 'node:path'
import type { CreateCampaignBody } from '#contract/campaigns.ts'
import { sandboxChannel, startCampaign } from './channels.ts'
import { GatewayControl, type Behaviour } from './GatewayControl.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import type { Site } from './Site.ts'

/** One number of a site's sandbox, with its channel. */
export type SandboxNumber = {
  channelId: string
  gateway: GatewayControl
  /** A campaign on this number to `size` people, started at once unless `body` says otherwise. */
  campaign: (size: number, body?: Partial<CreateCampaignBody>) => Promise<ObservedCampaign>
}

/** So many numbers on one sandbox: what runs on one of them does not wait for the others. */
export async function sandboxNumbers(site: Site, count: number, behaviour: Behaviour): Promise<SandboxNumber[]> {
  const numbers: SandboxNumber[] = []
  for (let n = 1; n <= count; n++) {
    const name = `number ${n}`
    const sandbox = { latencyMinMs: 0, latencyMaxMs: 2, delivered: 0, read: 0, ...behaviour }
    const channel = await sandboxChannel(site, { name, sandbox })
    const gateway = new GatewayControl(join(site.directory, 'sandbox'), name)
    const campaign = (size: number, body: Partial<CreateCampaignBody> = {}) =>
      startCampaign(site, channel, gateway, size, body)
    numbers.push({ channelId: channel.id, gateway, campaign })
  }
  return numbers
}

/** Shares `rounds` among the numbers, all of which work at once; returns what each round gave. */
export async function inRounds<R>(
  numbers: SandboxNumber[],
  rounds: number,
  work: (number: SandboxNumber, round: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  await Promise.all(
    numbers.map(async (number) => {
      while (next < rounds) {
        const round = next++
        results.push(await work(number, round))
      }
    }),
  )
  return results
}
