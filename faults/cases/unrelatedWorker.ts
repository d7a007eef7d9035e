import { balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

/** A worker that has nothing to do with the campaign comes and goes while another sends: nobody must notice. */
export async function unrelatedWorker(lab: Lab): Promise<Numbers> {
  const restarts = lab.rounds(50, 3)
  const site = await lab.externalSite()
  await site.start('api')
  await site.start('worker')
  await site.setUp({ latencyMinMs: 1000, latencyMaxMs: 1000, maxInFlight: 4 })
  const campaign = await site.createCampaign(lab.rounds(4000, 400))
  await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
  const before = await campaign.lease()
  for (let restart = 1; restart <= restarts; restart++) {
    const stranger = await site.start('worker')
    if (restart % 2 === 0) await stranger.kill()
    else check((await stranger.stop()).code === 0, 'A worker without work did not end with 0.')
  }
  const during = await campaign.lease()
  check(during.status === 'running', `The campaign is ${during.status} after ${restarts} restarts of a stranger.`)
  check(during.owner === before.owner && during.epoch === before.epoch, 'The campaign changed hands.')
  await site.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 5 })
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated.`)
  const actions = await campaign.auditActions()
  check(actions.join(' ') === 'create start complete', `The campaign did not stay running: ${actions.join(', ')}.`)
  return { restarts, recipients: books.recipients, 'audit rows': actions.length }
}
