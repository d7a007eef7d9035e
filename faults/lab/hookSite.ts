import { importFor } from './importPeople.ts'
import { createUser, knownAddress, sandboxChannel, startCampaign } from './channels.ts'
import { CloudNumber } from './CloudNumber.ts'
import { HookCaller, cloudHook, sandboxHook, type Hook } from './hooks.ts'
import { messageIdsOf } from './hookBooks.ts'
import type { Lab } from './Lab.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import type { Site } from './Site.ts'

export type SentCampaign = { hook: Hook; campaign: ObservedCampaign; ids: string[] }

/** An installation of its own that gateways of both shapes reach, and what calls it. */
export async function hookSite(
  lab: Lab,
  settings: Record<string, string> = {},
): Promise<{ site: Site; caller: HookCaller }> {
  const site = lab.embeddedSite({ ...(await knownAddress()), ...settings })
  await site.start()
  await createUser(site)
  return { site, caller: callerOf(lab, site) }
}

export function callerOf(lab: Lab, site: Site, connections?: number): HookCaller {
  const caller = new HookCaller(site, connections)
  lab.atEnd(() => caller.close())
  return caller
}

/** What Meta allows a number, and the adapter therefore sends. */
const CLOUD_PER_SECOND = 80

/** A campaign on a channel of its own of this shape, whose messages have been accepted and are not reported by anybody. */
export async function sentCampaign(lab: Lab, site: Site, shape: Hook['shape'], size: number): Promise<SentCampaign> {
  const people = size > 1000 ? { recipients: { importIds: [await importFor(lab, site, size)] } } : {}
  if (shape === 'wuzapi') {
    const channel = await sandboxChannel(site, {
      sandbox: { maxInFlight: 16, delivered: 0, read: 0, latencyMinMs: 0, latencyMaxMs: 0 },
    })
    const campaign = await startCampaign(site, channel, site.gateway, size, people)
    await campaign.untilCompleted(lab.limit(60_000))
    return { hook: await sandboxHook(site, channel.id), campaign, ids: await messageIdsOf(campaign) }
  }
  // It reports `sent` only, and that not while a case looks.
  const number = await CloudNumber.register(site, { sentDelayMs: 600_000 })
  const campaign = await startCampaign(site, number.channel, number, size, people)
  await campaign.untilCompleted(lab.limit(60_000 + (size / CLOUD_PER_SECOND) * 1000))
  return { hook: await cloudHook(site, number.channel.id), campaign, ids: await messageIdsOf(campaign) }
}
