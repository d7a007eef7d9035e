import { check, median, most, until } from '../lab/check.ts'
import { crashNumbers, surviveCrashes } from '../lab/crashes.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const NEXT_START_MS = 2000
/** From the answer to resume; the lease of the dead server must not be waited for. */
const FIRST_SEND_MS = 2000

/**
 * `kill -9` at random moments of a run on the embedded database: the server alone, and every third time its database
 * with it. The next start must be quick and find the campaign paused, and nobody is lost or written to twice.
 */
export async function killEmbedded(lab: Lab): Promise<Numbers> {
  const kills = lab.rounds(100, 3)
  const site = lab.embeddedSite()
  let server = await site.start()
  await site.setUp({ delivered: 0.9, read: 0.5 })
  // Receipts arrive while their messages are still being settled, and across the kills.
  await site.gateway.behave({
    deliveredDelayMinMs: 0,
    deliveredDelayMaxMs: 200,
    readDelayMinMs: 0,
    readDelayMaxMs: 200,
  })
  const startsMs: number[] = []
  const firstSendsMs: number[] = []
  const report = await surviveCrashes(lab, site, {
    kills,
    size: lab.rounds(10_000, 1000),
    withinMs: lab.rounds(250, 700),
    crash: async (campaign, kill) => {
      const before = await campaign.progress()
      await killOnce(site, server, kill)
      server = await site.start()
      const { at } = await server.ready
      startsMs.push(at - server.startedAt)
      const after = await campaign.progress()
      if (after.status === 'completed') return
      const was = `It was ${before.status} at the kill and is ${after.status} (${after.pauseReason}) after the start.`
      check(after.status === 'paused' && after.pauseReason === 'restart', was)
      firstSendsMs.push(await resumeUntilSent(lab, campaign))
    },
  })
  const limitMs = lab.limit(NEXT_START_MS)
  check(
    most(startsMs) <= limitMs,
    `A start after a kill took ${most(startsMs)} ms of ${limitMs} allowed: ${startsMs.map(Math.round).join(', ')}.`,
  )
  return {
    ...crashNumbers(kills, report),
    'start after a kill, median ms': median(startsMs),
    'start after a kill, most ms': most(startsMs),
    'first request after resume, most ms': most(firstSendsMs),
  }
}

async function resumeUntilSent(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const { gateway } = campaign.site
  const before = await gateway.readCount()
  await campaign.resume()
  const resumedAt = performance.now()
  const isSending = async () => ((await gateway.readCount()) > before ? true : null)
  await until('the first request after resume', isSending, { limitMs: lab.limit(FIRST_SEND_MS), everyMs: 10 })
  return performance.now() - resumedAt
}

async function killOnce(site: Site, server: ServerProcess, kill: number): Promise<void> {
  if (kill % 3 === 0) await site.killEverything(server)
  else await server.kill()
}
