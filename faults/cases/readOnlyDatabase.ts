import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { refusal } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { IN_FLIGHT } from '../lab/Site.ts'
import { balanceWhenSettled, untilPausedForStorage } from '../lab/storagePause.ts'

/** The first write that is refused says it; what left before was claimed while the database still took writes. */
const NOTICED_MS = 1000
const WATCHED_MS = 3000

/**
 * The database turns read-only during a campaign. Not even the pause can be written then; so nothing is sent while it
 * lasts, and the pause stands in the books as soon as it can.
 */
export async function readOnlyDatabase(lab: Lab): Promise<Numbers> {
  const postgres = await lab.newPostgres(`${lab.directory}/readonly`)
  const site = await lab.externalSite({ LEASE_SECONDS: '6' }, { postgres })
  await site.start('api')
  await site.start('worker')
  await site.setUp({ latencyMinMs: 20, latencyMaxMs: 60 })
  const campaign = await site.createCampaign(lab.rounds(3000, 1000))
  await campaign.untilAccepted(50, { limitMs: lab.limit(30_000) })
  const before = await site.gateway.readCount()
  await postgres.configure('default_transaction_read_only', 'on')
  await sleep(lab.limit(NOTICED_MS))
  const atNotice = await site.gateway.readCount()
  check(atNotice - before <= 100 + IN_FLIGHT, `${atNotice - before} requests left until it was noticed.`)
  await sleep(lab.rounds(10_000, WATCHED_MS))
  const late = (await site.gateway.readCount()) - atNotice
  check(late === 0, `${late} requests were sent although the database takes no writes.`)
  const refused = await refusal(campaign.pause())
  check(refused === 503, `An operation of a person was answered with ${refused}.`)
  await postgres.configure('default_transaction_read_only', null)
  const pausedMs = await untilPausedForStorage(lab, campaign)
  await balanceWhenSettled(lab, campaign)
  await campaign.resume()
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  return {
    'requests until it was noticed': atNotice - before,
    'requests afterwards': late,
    'an operation of a person is answered with': refused,
    'paused (storage) after it takes writes again, ms': pausedMs,
    recipients: books.recipients,
    'repeated requests': books.repeatedRequests,
  }
}
