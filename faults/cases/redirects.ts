import { balance } from '../lab/balance.ts'
import { cloudChannel, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { errorsOf } from '../lab/observe.ts'
import { accept, answer } from '../lab/replies.ts'

const SIZE = 30
const REDIRECTED = 10

/** Redirects of every kind, to another host and to a decoy beside: nobody follows, no token leaves. */
export async function redirects(lab: Lab): Promise<Numbers> {
  const [gateway, decoy] = [await lab.rawGateway(), await lab.rawGateway()]
  const { site } = await siteBefore(lab, gateway)
  const targets = [decoy.url, decoy.url.replace('127.0.0.1', 'localhost'), decoy.url.replace('http:', '')]
  const statuses = [301, 302, 303, 307, 308]
  gateway.reply = (send) => {
    const index = Number(send.number.slice(-8)) - 70_000_000
    if (send.earlier > 0 || index >= REDIRECTED) return accept(send)
    const location = `${targets[index % targets.length]}/chat/send/text`
    return answer(statuses[index % statuses.length] ?? 302, '', { location })(send)
  }
  const wuzapi = await startCampaign(site, await sandboxChannel(site), gateway, SIZE)
  const cloud = await startCampaign(site, await cloudChannel(site, gateway.url), gateway, SIZE)
  const numbers: Numbers = {}
  for (const [name, campaign] of [
    ['WuzAPI', wuzapi],
    ['Cloud API', cloud],
  ] as const) {
    await campaign.untilCompleted(lab.limit(60_000))
    const { accepted, repeatedAccepts } = await balance(campaign)
    check(
      accepted === SIZE && repeatedAccepts === 0,
      `On ${name} ${accepted} of ${SIZE} were reached, ${repeatedAccepts} twice.`,
    )
    const odd = (await errorsOf(campaign)).find(({ category, code }) => category !== 'API_ERROR' || code !== 'REDIRECT')
    check(odd === undefined, `A redirect on ${name} became ${odd?.category} ${odd?.code}.`)
    numbers[`${name}: redirected, then reached`] = REDIRECTED
  }
  await askThroughRedirect(lab, decoy.url)
  check(decoy.requests === 0, `${decoy.requests} requests followed a redirect.`)
  return { ...numbers, 'requests at the decoy': decoy.requests }
}

/** Everything else that is asked of a gateway is not led away either. */
async function askThroughRedirect(lab: Lab, target: string): Promise<void> {
  const leading = await lab.rawGateway()
  leading.redirectTo = target
  const { site } = await siteBefore(lab, leading)
  const channel = await cloudChannel(site, leading.url, { wabaId: '123456789' })
  const { status } = await site.api.get<{ status: string }>(`/api/user/channels/${channel.id}/status`)
  check(status !== 'ready', `A channel whose status is a redirect is ${status}.`)
}
