import { setTimeout as sleep } from 'node:timers/promises'
import type { CreatedCampaign } from '#contract/campaigns.ts'
import type { ContactImport } from '#contract/imports.ts'
import { isFinal } from '#contract/states.ts'
import { findProblems, readBooks } from '../lab/balance.ts'
import { check, until } from '../lab/check.ts'
import { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { PrivatePostgres } from '../lab/PrivatePostgres.ts'
import { update } from '../lab/rawUpdate.ts'
import type { Site } from '../lab/Site.ts'
import { CampaignModel, type Weather, type Wish } from './CampaignModel.ts'
import { ServerLife } from './ServerLife.ts'

const CAMPAIGNS = '/api/user/bulk-campaigns'
/** The slowest recipient of a run: three resends with their back-offs, on a machine with other work. */
const END_LIMIT_MS = 90_000

/** Back-offs pass at once: what they are is proven elsewhere, and a thousand runs would wait for hours. */
const HASTEN = `update campaign_contacts set next_attempt_at = clock_timestamp() where status = 'retrying'`

/** What a send may meet, besides being accepted. None of it holds up the whole channel: that would take a minute. */
export const VERDICTS = {
  accepted: { kind: 'sent' },
  'not on WhatsApp': { kind: 'error', error: 'no LID found for 5511900000000@s.whatsapp.net from server' },
  'reset before its answer': { kind: 'resetBeforeAnswer' },
  'accepted, answer lost': { kind: 'resetAfterAccept' },
  'an answer that means nothing': { kind: 'answer', status: 200, body: '<html>', accept: true },
} as const
export type VerdictName = keyof typeof VERDICTS

/** The product with its database and gateway, over any number of runs: each run has campaigns of its own. */
export class ModelRig {
  readonly site: Site
  readonly #postgres: PrivatePostgres
  #life: ServerLife

  private constructor(site: Site, postgres: PrivatePostgres, life: ServerLife) {
    this.site = site
    this.#postgres = postgres
    this.#life = life
  }

  static async start(site: Site, postgres: PrivatePostgres): Promise<ModelRig> {
    const life = await ServerLife.begin(site, postgres)
    await site.setUp({ latencyMinMs: 0, latencyMaxMs: 15 })
    await site.gateway.behave({
      deliveredDelayMinMs: 0,
      deliveredDelayMaxMs: 100,
      readDelayMinMs: 0,
      readDelayMaxMs: 100,
    })
    return new ModelRig(site, postgres, life)
  }

  async killAndStart(): Promise<void> {
    this.#life.kill()
    this.#life = await ServerLife.begin(this.site, this.#postgres)
  }

  end(): Promise<void> {
    return this.#life.end()
  }
}

/** One run of commands: the campaigns it made, what the model says of them, and the world around. */
export class ModelRun {
  readonly rig: ModelRig
  readonly campaigns: CampaignModel[] = []
  readonly #weather: Weather = { connected: true, wasDisconnected: false, wasKilled: false }

  constructor(rig: ModelRig) {
    this.rig = rig
  }

  get connected(): boolean {
    return this.#weather.connected
  }

  async create(phones: string[], start: boolean): Promise<void> {
    const contacts = phones.map((phone) => ({ phone, name: 'Ana Conceição' }))
    await this.#create({ contacts }, phones, start)
  }

  /** Through a file: with a duplicate and a row that is no number. */
  async importAndCreate(phones: string[], start: boolean): Promise<void> {
    const form = new FormData()
    const content = ['nome;telefone', ...[...phones, phones[0], 'sem telefone'].map((phone) => `Zé;${phone}`)].join(
      '\n',
    )
    form.append('file', new Blob([content], { type: 'text/csv' }), 'pessoas.csv')
    const { api } = this.rig.site
    const uploaded = (await (await api.send('POST', '/api/user/imports', form)).json()) as ContactImport
    const ended = async () => {
      const now = await api.get<ContactImport>(`/api/user/imports/${uploaded.id}`)
      return now.status === 'completed' ? now : null
    }
    const { accepted } = await until('the end of the import', ended, { limitMs: END_LIMIT_MS })
    check(accepted === phones.length, `${accepted} of ${phones.length} people were imported.`)
    await this.#create({ importIds: [uploaded.id] }, phones, start)
  }

  async ask(index: number, wish: Wish): Promise<void> {
    const campaign = this.campaigns[index % this.campaigns.length]
    await campaign?.ask(wish, this.#weather)
    await this.look()
  }

  /** What the next sends meet, whoever they are for. */
  async script(names: VerdictName[]): Promise<void> {
    await this.rig.site.gateway.script({ '*': names.map((name) => VERDICTS[name]) })
  }

  /** Share of messages whose delivery is reported by webhook. */
  async report(delivered: number): Promise<void> {
    await this.rig.site.gateway.behave({ delivered, read: delivered / 2 })
  }

  async connect(connected: boolean): Promise<void> {
    await this.rig.site.gateway.connection(connected ? 'ready' : 'dropped')
    this.#weather.connected = connected
    this.#weather.wasDisconnected = true
  }

  async kill(): Promise<void> {
    await this.rig.killAndStart()
    this.#weather.wasKilled = true
    await this.look()
    // What ran is paused before the product is ready: from here on nothing of the sort may happen.
    this.#weather.wasKilled = false
  }

  async tick(ms: number): Promise<void> {
    await sleep(ms)
    await this.look()
  }

  async look(): Promise<void> {
    for (const campaign of this.campaigns) await campaign.look(this.#weather)
    // Somebody may still find out that the session was lost, as long as one of the campaigns runs.
    const settled = this.campaigns.every(({ status }) => status !== 'running')
    if (this.#weather.connected && settled) this.#weather.wasDisconnected = false
  }

  /** Good weather, everything resumed: every campaign must come to its end, and its books balance with the ledger. */
  async end(): Promise<void> {
    await this.script([])
    await this.connect(true)
    for (const campaign of this.campaigns) {
      if (campaign.status === 'draft') await campaign.ask('cancel', this.#weather)
    }
    await until('the end of every campaign', () => this.#urge(), { limitMs: END_LIMIT_MS, everyMs: 100 })
    for (const { observed, status } of this.campaigns) {
      const books = await readBooks(observed)
      const problems = findProblems(
        { ...books, completed: status === 'completed' },
        observed.phones,
        await observed.ledger(),
      )
      check(problems.length === 0, `The books do not balance:\n${problems.join('\n')}`)
    }
  }

  /** Resumes what is paused; true when all are at their end and nobody in them is open. */
  async #urge(): Promise<true | null> {
    await this.look()
    for (const campaign of this.campaigns) {
      if (campaign.status === 'paused') await campaign.ask('resume', this.#weather)
    }
    await update(this.rig.site, HASTEN)
    if (!this.campaigns.every(({ status }) => isFinal(status))) return null
    const stats = await Promise.all(this.campaigns.map(async ({ observed }) => (await observed.progress()).stats))
    return stats.every(({ pending, retrying, sending }) => pending + retrying + sending === 0) ? true : null
  }

  async #create(recipients: object, phones: string[], start: boolean): Promise<void> {
    const { api, channelId } = this.rig.site
    const created = await api.post<CreatedCampaign>(CAMPAIGNS, {
      name: 'Modelo',
      channelId,
      messages: [{ type: 'text', content: 'Olá, {{primeiro_nome}}! Até {{data}}.' }],
      recipients,
      delayMin: 0,
      delayMax: 0,
      randomizeOrder: true,
    })
    const observed = new ObservedCampaign(this.rig.site, created.campaignId, phones)
    await until('the audience', async () => ((await observed.progress()).preparing ? null : true), {
      limitMs: END_LIMIT_MS,
    })
    this.campaigns.push(new CampaignModel(observed, 'draft'))
    if (start) await this.ask(this.campaigns.length - 1, 'start')
  }
}
