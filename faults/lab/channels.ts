import { randomBytes } from 'node:crypto'
import type { CreateCampaignBody, CreatedCampaign } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import { ApiProblem } from './ApiClient.ts'
import { ExpectationFailed } from './check.ts'
import { freePort } from './freePort.ts'
import type { Lab } from './Lab.ts'
import type { LedgerSource } from './LedgerSource.ts'
import { ObservedCampaign } from './ObservedCampaign.ts'
import type { RawGateway } from './RawGateway.ts'
import type { ServerProcess } from './ServerProcess.ts'
import type { Site } from './Site.ts'

/** Requests under way at once on one number of the lab's sandbox, and on one of the Cloud API. */
export const SANDBOX_IN_FLIGHT = 4
export const CLOUD_IN_FLIGHT = 16

const TEXT = [{ type: 'text' as const, content: 'Oi, {{primeiro_nome}}! Chegou a fornada de {{data}}.' }]

/** A site with its user, whose sandbox channels are answered by `gateway`. */
export async function siteBefore(
  lab: Lab,
  gateway: RawGateway,
  settings: Record<string, string> = {},
): Promise<{ site: Site; server: ServerProcess }> {
  const site = lab.embeddedSite({ SANDBOX_URL: gateway.url, SANDBOX_TOKEN: 'lab', ...settings })
  const server = await site.start()
  await createUser(site)
  return { site, server }
}

/** The first administrator. Once per site, with a server that has the API. */
export async function createUser(site: Site): Promise<void> {
  const password = randomBytes(12).toString('base64url')
  await site.api.post('/api/setup', { name: 'Lab', email: 'lab@revoada.local', password })
}

/** A channel of the WuzAPI shape with several requests under way; its token is made by the product. */
export function sandboxChannel(site: Site, extra: object = {}): Promise<Channel> {
  const sandbox = { maxInFlight: SANDBOX_IN_FLIGHT, latencyMinMs: 0, latencyMaxMs: 0, delivered: 0, read: 0 }
  return site.api.post('/api/user/channels', { name: 'lab', gateway: 'sandbox', sandbox, ...extra })
}

/** A channel of the Cloud API at `baseUrl`, with a number of its own unless `extra` names one. */
export function cloudChannel(site: Site, baseUrl: string, extra: object = {}): Promise<Channel> {
  const phoneNumberId = String(1_000_000_000 + Math.floor(Math.random() * 8_999_999_999))
  const secrets = { token: `cloud-${randomBytes(12).toString('hex')}`, appSecret: randomBytes(16).toString('hex') }
  const body = { name: `cloud ${phoneNumberId}`, gateway: 'cloud', phoneNumberId, baseUrl, ...secrets, ...extra }
  return site.api.post('/api/user/channels', body)
}

/** A campaign without pauses to `size` people, started at once unless `body` says otherwise. */
export async function startCampaign(
  site: Site,
  channel: { id: string },
  gateway: LedgerSource,
  size: number,
  body: Partial<CreateCampaignBody> = {},
): Promise<ObservedCampaign> {
  const contacts = Array.from({ length: size }, (_, i) => ({ phone: `+55119${70_000_000 + i}`, name: `Pessoa ${i}` }))
  const { campaignId } = await site.api.post<CreatedCampaign>('/api/user/bulk-campaigns', {
    name: `Lab ${size}`,
    channelId: channel.id,
    messages: TEXT,
    recipients: { contacts },
    delayMin: 0,
    delayMax: 0,
    start: true,
    ...body,
  })
  const phones = contacts.map(({ phone }) => phone)
  return new ObservedCampaign(site, campaignId, phones, gateway)
}

/** Settings of a site that others reach at a known address: its port is free now, and nobody else takes it in a lab. */
export async function knownAddress(): Promise<Record<string, string>> {
  const port = await freePort()
  return { PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` }
}

/** The status with which the API refuses; throws when it does not. */
export async function refusal(work: Promise<unknown>): Promise<number> {
  try {
    await work
  } catch (error) {
    if (error instanceof ApiProblem) return error.status
    throw error
  }
  throw new ExpectationFailed('The API did not refuse.')
}
