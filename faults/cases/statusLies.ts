import type { Channel, ChannelStatusAnswer } from '#contract/channels.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { refusal, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ChannelState } from '../lab/RawGateway.ts'

const SIZE = 10
const UNAVAILABLE = 503

const HALF_TRUTHS: { state: ChannelState | number; status: string }[] = [
  { state: { connected: false, loggedIn: true }, status: 'disconnected' },
  { state: { connected: true, loggedIn: false }, status: 'logged_out' },
  { state: { connected: false, loggedIn: false }, status: 'disconnected' },
  { state: 500, status: 'unreachable' },
]

/** A number counts as ready only when it is connected and logged in: neither create, start nor resume believe less. */
export async function statusLies(lab: Lab): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway)
  const channel: Channel = await sandboxChannel(site)
  const draft = await startCampaign(site, channel, gateway, SIZE, { start: false })
  const path = `/api/user/bulk-campaigns/${draft.id}`
  let refused = 0
  for (const { state, status } of HALF_TRUTHS) {
    gateway.statusOf = () => state
    const answer = await site.api.get<ChannelStatusAnswer>(`/api/user/channels/${channel.id}/status`)
    check(answer.status === status, `The channel is shown as ${answer.status}, not as ${status}.`)
    const codes = [
      await refusal(site.api.post(`${path}/start`)),
      await refusal(startCampaign(site, channel, gateway, SIZE)),
    ]
    check(
      codes.every((code) => code === UNAVAILABLE),
      `On a channel that is ${status} start and create answer ${codes.join(', ')}.`,
    )
    refused += codes.length
  }
  check(gateway.readCount() === 0, `${gateway.readCount()} messages left through a channel that was not ready.`)
  gateway.statusOf = () => ({ connected: true, loggedIn: true })
  await site.api.post(`${path}/start`)
  await balanceAtEnd(draft, lab.limit(20_000))
  return { 'starts refused': refused, 'requests before it was ready': 0, 'reached afterwards': SIZE }
}
