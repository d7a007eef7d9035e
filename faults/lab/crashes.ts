import { setTimeout as sleep } from 'node:timers/promises'
import { check, most } from './check.ts'
import { balanceAtEnd } from './balance.ts'
import type { Lab, Numbers } from './Lab.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import { IN_FLIGHT, type Site } from './Site.ts'

/** Most rows that one settle writes while further answers come in; they are requested again after a crash. */
const SETTLED_AT_ONCE = 100

/** What repeated crashes did to a site's campaigns. */
export type CrashReport = {
  campaigns: number
  recipients: number
  repeatedRequests: number
  repeatedAccepts: number
  mostRepeats: number
}

/**
 * Runs campaigns of `size` people until `kills` crashes have happened at random moments, none later than `withinMs`
 * after sending began, and then to the end; each campaign's books must balance with everybody reached, and repeats
 * stay within what was under way. `crash` kills, starts again and brings the campaign back to running.
 */
export async function surviveCrashes(
  lab: Lab,
  site: Site,
  plan: {
    kills: number
    size: number
    withinMs: number
    crash: (campaign: ObservedCampaign, kill: number) => Promise<void>
  },
): Promise<CrashReport> {
  const report: CrashReport = { campaigns: 0, recipients: 0, repeatedRequests: 0, repeatedAccepts: 0, mostRepeats: 0 }
  let kills = 0
  while (kills < plan.kills) {
    const campaign = await site.createCampaign(plan.size)
    const before = kills
    await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
    while (kills < plan.kills) {
      await sleep(lab.random.between(0, plan.withinMs))
      if ((await campaign.progress()).status === 'completed') break
      await plan.crash(campaign, ++kills)
      lab.tell(`kill ${kills} of ${plan.kills}`)
    }
    await finish(lab, campaign, kills - before, report)
  }
  return report
}

async function finish(lab: Lab, campaign: ObservedCampaign, kills: number, report: CrashReport): Promise<void> {
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  const allowed = kills * (IN_FLIGHT + SETTLED_AT_ONCE)
  check(
    books.repeatedRequests <= allowed,
    `${books.repeatedRequests} requests were repeated after ${kills} kills; ${allowed} are the most.`,
  )
  report.campaigns += 1
  report.recipients += books.recipients
  report.repeatedRequests += books.repeatedRequests
  report.repeatedAccepts += books.repeatedAccepts
  report.mostRepeats = most([report.mostRepeats, kills === 0 ? 0 : books.repeatedRequests / kills])
}

/** Several reports as one. */
export function sumReports(reports: CrashReport[]): CrashReport {
  const sum = (of: (report: CrashReport) => number) => reports.reduce((total, report) => total + of(report), 0)
  return {
    campaigns: sum((report) => report.campaigns),
    recipients: sum((report) => report.recipients),
    repeatedRequests: sum((report) => report.repeatedRequests),
    repeatedAccepts: sum((report) => report.repeatedAccepts),
    mostRepeats: most(reports.map((report) => report.mostRepeats)),
  }
}

/** The report as numbers to print. */
export function crashNumbers(kills: number, report: CrashReport): Numbers {
  return {
    kills,
    campaigns: report.campaigns,
    recipients: report.recipients,
    'repeated requests (same id, same bytes)': report.repeatedRequests,
    'repeats a kill': report.mostRepeats,
    'accepted again under the same id (the recipient sees one)': report.repeatedAccepts,
  }
}
