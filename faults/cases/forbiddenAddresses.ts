import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Channel } from '#contract/channels.ts'
import { FOREIGN_SCHEMES, PRIVATE_ADDRESSES } from '#server/test/hostileAddresses.ts'
import type { ApiClient } from '../lab/ApiClient.ts'
import { cloudChannel } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { RawGateway } from '../lab/RawGateway.ts'
import type { Site } from '../lab/Site.ts'
import { createTenants } from '../lab/tenants.ts'

const CHANNELS = '/api/user/channels'
const MESSAGES = '/api/user/messages'
const WITH_REBINDING = fileURLToPath(new URL('../lab/rebindingNames.ts', import.meta.url))
/** The names that `rebindingNames.ts` answers for: public when first asked for, this machine afterwards. */
const REBINDING = 'rebinding.example'
const PRIVATE_NAME = 'private.example'

/**
 * Addresses of this machine and of private networks in every spelling, as a gateway and as a link that a gateway would
 * fetch: refused when saved, refused again when used, and a decoy on this machine hears of none.
 */
export async function forbiddenAddresses(lab: Lab): Promise<Numbers> {
  const decoy = await openDecoy(lab)
  const gateway = await lab.rawGateway()
  const site = lab.embeddedSite({ NODE_OPTIONS: `--import ${WITH_REBINDING}` })
  await site.start()
  const [admin, user] = await createTenants(site, 2)
  check(admin !== undefined && user !== undefined, 'There are no two tenants.')
  site.api.actAs(admin)
  const forms = [...PRIVATE_ADDRESSES, ...FOREIGN_SCHEMES].map((form) => form.replace('PORT', String(decoy.port)))
  for (const form of forms) await refuseAsGateway(user, form)
  const channel = await cloudChannel(site, gateway.url)
  for (const form of forms) await refuseAsLink(site.api, channel, form)
  const atUse = await refuseAtUse(lab, site, channel, gateway, forms)
  check(decoy.hits() === 0, `The decoy was asked ${decoy.hits()} times.`)
  return { addresses: forms.length, 'refused as a gateway': forms.length, 'refused as a link': forms.length, ...atUse }
}

async function openDecoy(lab: Lab): Promise<{ port: number; hits: () => number }> {
  let hits = 0
  const server = createServer((_request, response) => {
    hits += 1
    response.end('secret')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  lab.atEnd(() => void server.close())
  return { port: (server.address() as AddressInfo).port, hits: () => hits }
}

async function refuseAsGateway(user: ApiClient, baseUrl: string): Promise<void> {
  const body = { name: 'x', gateway: 'wuzapi', baseUrl, token: 'a-token-of-mine' }
  const answer = await user.send('POST', CHANNELS, JSON.stringify(body))
  const text = await answer.text()
  const isClear = [400, 403].includes(answer.status) && text.includes('"baseUrl"')
  check(isClear, `A gateway at ${JSON.stringify(baseUrl)} was answered ${answer.status} ${text}`)
}

async function refuseAsLink(api: ApiClient, channel: Channel, link: string): Promise<void> {
  const answer = await api.send('POST', MESSAGES, JSON.stringify(messageWith(channel, link)))
  const text = await answer.text()
  const isClear = [400, 422].includes(answer.status) && text.includes('header.link')
  check(isClear, `The link ${JSON.stringify(link)} was answered ${answer.status} ${text}`)
}

function messageWith(channel: Channel, link: string, variables: Record<string, string> = {}): object {
  const message = { type: 'template', name: 'oferta', language: 'pt_BR', header: { type: 'image', link } }
  return { channelId: channel.id, phone: '+5511987654321', message, variables }
}

/** What only shows when the message goes out: a host made of variables, and a name that has changed its meaning. */
async function refuseAtUse(lab: Lab, site: Site, channel: Channel, gateway: RawGateway, forms: string[]) {
  const hosts = forms.flatMap((form) => /^http:\/\/([^/?#\\\s]+\/.*)$/.exec(form)?.[1] ?? [])
  const chosen = hosts.slice(0, lab.rounds(hosts.length, 8))
  const ids: string[] = []
  for (const host of chosen) ids.push(await post(site, messageWith(channel, 'http://{{onde}}', { onde: host })))
  ids.push(await post(site, messageWith(channel, `http://${REBINDING}/a.png`)))
  await refuseAsLink(site.api, channel, `http://${PRIVATE_NAME}/a.png`)
  for (const id of ids) await untilRefused(lab, site, id)
  const sent = gateway.readCount()
  check(sent === 0, `The gateway was handed ${sent} of the links.`)
  return { 'refused when sent': ids.length, 'links that the gateway was handed': sent }
}

async function post(site: Site, body: object): Promise<string> {
  const { messageId } = await site.api.post<{ messageId: string }>(MESSAGES, body)
  return messageId
}

async function untilRefused(lab: Lab, site: Site, id: string): Promise<void> {
  const deadline = performance.now() + lab.limit(30_000)
  for (;;) {
    const message = await site.api.get<{ state: string; code: string | null }>(`${MESSAGES}/${id}`)
    if (message.state === 'failed') {
      check(message.code === 'LINK_NOT_PUBLIC', `A message failed for another reason: ${message.code}.`)
      return
    }
    check(performance.now() < deadline, `A message with a forbidden link is ${message.state}.`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
