import { setTimeout as sleep } from 'node:timers/promises'
import { isFinal } from '#contract/states.ts'
import { balance } from '../lab/balance.ts'
import { createUser } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { sandboxNumbers, type SandboxNumber } from '../lab/numbers.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const CLIENTS = 50
const NUMBERS = 4
const IN_FLIGHT = 4
/** Of so many clicks one cancels; then a new campaign takes the place. */
const CANCEL_EVERY = 100
const SIZE = 2000

type Storm = {
  lab: Lab
  all: ObservedCampaign[]
  /** The campaign that each number works on now; cancelled ones are replaced. */
  current: ObservedCampaign[]
  /** Clicks that the product said yes to, by campaign and act. */
  accepted: Map<string, number>
  replaced: Set<ObservedCampaign>
  clicks: number
  refused: number
}

/** Fifty people press pause, resume and cancel at random: only legal changes, losers get 409, cancel is final. */
export async function buttonStorm(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const numbers = await sandboxNumbers(site, NUMBERS, { maxInFlight: IN_FLIGHT, latencyMinMs: 10, latencyMaxMs: 40 })
  const storm: Storm = { lab, all: [], current: [], accepted: new Map(), replaced: new Set(), clicks: 0, refused: 0 }
  for (const [place, number] of numbers.entries()) await replace(storm, number, place)
  const endsAt = performance.now() + lab.rounds(60_000, 3000)
  const clients = Array.from({ length: CLIENTS }, () => clickUntil(storm, numbers, endsAt))
  await Promise.all(clients)
  for (const campaign of storm.current) await press(storm, campaign, 'cancel')
  for (const campaign of storm.all) await checkCampaign(storm, campaign)
  return {
    clicks: storm.clicks,
    'answered 409': storm.refused,
    campaigns: storm.all.length,
    'state changes': [...storm.accepted.values()].reduce((sum, n) => sum + n, 0),
  }
}

async function replace(storm: Storm, number: SandboxNumber, place: number): Promise<void> {
  const campaign = await number.campaign(SIZE)
  storm.all.push(campaign)
  storm.current[place] = campaign
}

async function clickUntil(storm: Storm, numbers: SandboxNumber[], endsAt: number): Promise<void> {
  const { random } = storm.lab
  while (performance.now() < endsAt) {
    const place = Math.floor(random.between(0, NUMBERS))
    const [campaign, number] = [storm.current[place], numbers[place]]
    check(campaign !== undefined && number !== undefined, 'There is a campaign on every number.')
    const cancels = random.between(0, CANCEL_EVERY) < 1
    const act = cancels ? 'cancel' : random.next() < 0.5 ? 'pause' : 'resume'
    const done = await press(storm, campaign, act)
    const isOver = (done && cancels) || (!done && isFinal((await campaign.progress()).status))
    if (isOver && !storm.replaced.has(campaign)) {
      storm.replaced.add(campaign)
      await replace(storm, number, place)
    }
    await sleep(random.between(0, 50))
  }
}

async function press(storm: Storm, { site, id }: ObservedCampaign, act: string): Promise<boolean> {
  const { status } = await site.api.send('POST', `/api/user/bulk-campaigns/${id}/${act}`)
  check(status === 200 || status === 409, `${act} was answered ${status}; 200 and 409 are the only ones.`)
  storm.clicks += 1
  if (status === 409) storm.refused += 1
  else storm.accepted.set(`${id} ${act}`, (storm.accepted.get(`${id} ${act}`) ?? 0) + 1)
  return status === 200
}

/** Every yes has its one row in the trail, the trail is legal, and the books balance when the rest is swept. */
async function checkCampaign({ lab, accepted }: Storm, campaign: ObservedCampaign): Promise<void> {
  const isClosed = async () => {
    const rows = await campaign.rowsByStatus()
    const open = (rows['pending'] ?? 0) + (rows['retrying'] ?? 0) + (rows['sending'] ?? 0)
    return open === 0 ? true : null
  }
  await until('the rows of an ended campaign to be closed', isClosed, { limitMs: lab.limit(15_000), everyMs: 100 })
  const actions = await campaign.auditActions()
  for (const act of ['pause', 'resume', 'cancel']) {
    const [rows, answers] = [
      actions.filter((action) => action === act).length,
      accepted.get(`${campaign.id} ${act}`) ?? 0,
    ]
    check(rows === answers, `${answers} times ${act} was answered 200, the trail has ${rows}.`)
  }
  const { status } = await campaign.lease()
  check(status === 'cancelled' || status === 'completed', `At the end the campaign is ${status}.`)
  await balance(campaign, { completed: false })
}
