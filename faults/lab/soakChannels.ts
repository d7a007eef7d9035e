import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CreatedCampaign } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import type { ApiClient } from './ApiClient.ts'
import { until } from './check.ts'
import { GatewayControl } from './GatewayControl.ts'
import { phonesOf } from './importPeople.ts'
import { Random } from './Random.ts'
import type { Site } from './Site.ts'
import { createTenants } from './tenants.ts'

const TENANTS = 3
const CHANNELS_EACH = 2
const CAMPAIGNS = '/api/user/bulk-campaigns'

/** Two channels for each of three tenants. */
export async function openSoakChannels(site: Site): Promise<SoakChannel[]> {
  const channels: SoakChannel[] = []
  for (const [tenant, api] of (await createTenants(site, TENANTS)).entries()) {
    for (let index = 0; index < CHANNELS_EACH; index++) {
      const name = `tenant ${tenant} channel ${index}`
      const sandbox = { maxInFlight: 4, latencyMinMs: 5, latencyMaxMs: 40, delivered: 0.2, read: 0.1 }
      const { id } = await api.post<Channel>('/api/user/channels', { name, gateway: 'sandbox', sandbox })
      channels.push(new SoakChannel(site, api, { id, name }))
    }
  }
  return channels
}

/** The people of a campaign by its name, which says how many they are. */
export function phonesOfCampaign(name: string): string[] {
  return phonesOf(Number(name.split(' ').at(-1)))
}

/** A number that always has a campaign, and a person who resumes what was paused and sometimes pauses or cancels. */
export class SoakChannel {
  readonly id: string
  readonly name: string
  readonly gateway: GatewayControl
  readonly #site: Site
  readonly #api: ApiClient
  readonly #random: Random

  constructor(site: Site, api: ApiClient, channel: { id: string; name: string }) {
    this.#site = site
    this.#api = api
    this.id = channel.id
    this.name = channel.name
    this.gateway = new GatewayControl(join(site.directory, 'sandbox'), channel.name)
    this.#random = new Random(channel.id.charCodeAt(0))
  }

  /** Works on as long as it is not over; whatever the API refuses meanwhile is tried again or let go. */
  async keepBusy(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const open = await this.#open().catch(() => null)
      if (open?.length === 0) await this.#create().catch(() => undefined)
      for (const { id, status } of open ?? []) await this.#lookAfter(id, status).catch(() => undefined)
      await sleep(300)
    }
  }

  /** Resumes until every campaign has ended and nobody in them is open. */
  async finish(limitMs: number): Promise<void> {
    const look = async () => {
      for (const { id, status } of await this.#open()) {
        if (status === 'paused') await this.#ask(id, 'resume').catch(() => undefined)
      }
      return (await this.#openPeople()) === 0 && (await this.#open()).length === 0 ? true : null
    }
    await until(`the end of the campaigns of ${this.name}`, look, { limitMs, everyMs: 500 })
  }

  /** Every campaign that it had, as the database has them. */
  campaigns(): Promise<{ id: string; name: string; status: string }[]> {
    return this.#site.query('select id, name, status from campaigns where channel_id = $1 order by created_at', [
      this.id,
    ])
  }

  async #open(): Promise<{ id: string; status: string }[]> {
    const open = ['draft', 'scheduled', 'running', 'paused']
    return (await this.campaigns()).filter(({ status }) => open.includes(status))
  }

  async #openPeople(): Promise<number> {
    const [row] = await this.#site.query<{ n: number }>(
      `select coalesce(sum(k.pending + k.retrying + k.sending), 0)::int as n
      from campaign_counts k join campaigns c on c.id = k.campaign_id where c.channel_id = $1`,
      [this.id],
    )
    return row?.n ?? 0
  }

  async #create(): Promise<void> {
    const phones = phonesOf(Math.round(this.#random.between(50, 800)))
    await this.#api.post<CreatedCampaign>(CAMPAIGNS, {
      name: `Soak ${phones.length}`,
      channelId: this.id,
      messages: [{ type: 'text', content: 'Oi, {{primeiro_nome}}! Até {{data}}.' }],
      recipients: { contacts: phones.map((phone) => ({ phone, name: 'Ana Conceição' })) },
      delayMin: 0,
      delayMax: 0,
      randomizeOrder: true,
      start: true,
    })
  }

  async #lookAfter(id: string, status: string): Promise<void> {
    const luck = this.#random.next()
    if (status === 'paused' || status === 'draft') await this.#ask(id, status === 'draft' ? 'start' : 'resume')
    else if (luck < 0.03) await this.#ask(id, 'pause')
    else if (luck < 0.033) await this.#ask(id, 'cancel')
  }

  async #ask(id: string, wish: string): Promise<void> {
    await this.#api.post(`${CAMPAIGNS}/${id}/${wish}`)
  }
}
