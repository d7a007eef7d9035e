import { AppError } from '#server/lib/AppError.ts'
import { SealedError } from '#server/lib/Sealer.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import type { SealedColumn } from '#server/secrets/sealedRows.ts'
import type { ChannelRow } from './channelTables.ts'
import { createClosedGateway, type ClosedBecause } from './gateways/closedGateway.ts'
import { CLOUD_API_URL, createCloudApiGateway } from './gateways/cloudApi.ts'
import type { Gateway } from './gateways/Gateway.ts'
import { createWuzapiGateway } from './gateways/wuzapi.ts'

/** WuzAPI gives up on a send after 75 s of waiting, and 75 s before for a query (contracts/wuzapi.md 4.6). */
const WUZAPI_DEADLINE_MS = 100_000
const SANDBOX_DEADLINE_MS = 15_000
const CLOUD_DEADLINE_MS = 30_000

/** A sender learns of the new gateway at its next look at the database. */
const RETIRE_MARGIN_MS = 2000
/** The dispatch asks several times a second; who may use an address changes with roles and restarts. */
const RULE_LIFE_MS = 5000

type Entry = { fingerprint: string; gateway: Gateway; closed: ClosedBecause | null; goodUntil: number }

/** One open gateway per channel; a changed address or token makes a new one, and a lost permission closes it within 5 s. */
export class GatewayRegistry {
  readonly #box: SecretBox
  readonly #sandboxUrl: () => Promise<string>
  readonly #deadlineMs: number | null
  readonly #mayUse: (channel: ChannelRow) => Promise<boolean>
  readonly #entries = new Map<string, Entry>()
  readonly #retired = new Map<Gateway, NodeJS.Timeout>()

  /** `deadlineMs` overrides what belongs to each gateway; the fault lab runs short with it. */
  constructor(options: {
    box: SecretBox
    sandboxUrl: () => Promise<string>
    deadlineMs?: number | null
    /** Whether the channel's owner may use its address: `hostRule`. */
    mayUse?: (channel: ChannelRow) => Promise<boolean>
  }) {
    this.#box = options.box
    this.#sandboxUrl = options.sandboxUrl
    this.#deadlineMs = options.deadlineMs ?? null
    this.#mayUse = options.mayUse ?? (() => Promise.resolve(true))
  }

  async get(channel: ChannelRow): Promise<Gateway> {
    const baseUrl = channel.gateway === 'sandbox' ? await this.#sandboxUrl() : (channel.base_url ?? CLOUD_API_URL)
    const fingerprint = `${baseUrl} ${JSON.stringify(channel.settings)} ${channel.token_hash.toString('base64')}`
    const known = this.#entries.get(channel.id)
    const isSame = known?.fingerprint === fingerprint
    if (isSame && performance.now() < known.goodUntil) return known.gateway
    // Before the entry is looked at again: nothing may come between that and its replacement.
    const token = await this.#tokenOf(channel)
    const closed = !(await this.#mayUse(channel)) ? 'host' : token === null ? 'token' : null
    const shut = (because: ClosedBecause) => createClosedGateway(because, channel.gateway !== 'cloud')
    return this.#replace(channel.id, { fingerprint, closed }, () => {
      if (closed !== null || token === null) return shut(closed ?? 'token')
      return this.#open(channel, baseUrl, token) ?? shut('access')
    })
  }

  /** Null when it was changed, or belongs to another channel: then nothing may leave. */
  async #tokenOf(channel: ChannelRow): Promise<string | null> {
    try {
      return await this.#box.open(channel.token_ciphertext, tokenBinding(channel.id))
    } catch (error) {
      if (error instanceof SealedError) return null
      throw error
    }
  }

  /** Keeps the gateway that is there when nothing has changed about it. */
  #replace(channelId: string, wanted: Pick<Entry, 'fingerprint' | 'closed'>, open: () => Gateway): Gateway {
    const known = this.#entries.get(channelId)
    const isSame = known?.fingerprint === wanted.fingerprint && known.closed === wanted.closed
    const gateway = isSame ? known.gateway : open()
    this.#entries.set(channelId, { ...wanted, gateway, goodUntil: performance.now() + RULE_LIFE_MS })
    if (known !== undefined && !isSame) this.#retire(known.gateway)
    return gateway
  }

  /** Null for what can never work, such as a token that no header can carry: its campaigns pause instead of waiting. */
  #open(channel: ChannelRow, baseUrl: string, token: string): Gateway | null {
    try {
      return this.#create(channel, baseUrl, token)
    } catch (error) {
      if (error instanceof AppError) return null
      throw error
    }
  }

  #create(channel: ChannelRow, baseUrl: string, token: string): Gateway {
    const deadlineOr = (ms: number) => this.#deadlineMs ?? ms
    if (channel.gateway === 'cloud') {
      const cloud = channel.settings.cloud ?? { phoneNumberId: '' }
      const verifyToken = verifyTokenOf(this.#box, channel.id)
      return createCloudApiGateway({ ...cloud, baseUrl, token, verifyToken, deadlineMs: deadlineOr(CLOUD_DEADLINE_MS) })
    }
    const deadlineMs = deadlineOr(channel.gateway === 'sandbox' ? SANDBOX_DEADLINE_MS : WUZAPI_DEADLINE_MS)
    return createWuzapiGateway({ baseUrl, token, maxInFlight: maxInFlightOf(channel), deadlineMs })
  }

  /** Lets go of a channel that is gone: its connections, and its token in our memory. */
  forget(channelId: string): void {
    void this.#entries.get(channelId)?.gateway.close()
    this.#entries.delete(channelId)
  }

  async close(): Promise<void> {
    const open = [...[...this.#entries.values()].map(({ gateway }) => gateway), ...this.#retired.keys()]
    for (const timer of this.#retired.values()) clearTimeout(timer)
    this.#entries.clear()
    this.#retired.clear()
    await Promise.all(open.map((gateway) => gateway.close()))
  }

  /** Closes it when everything under way has answered: cut off, each would be a message whose fate nobody knows. */
  #retire(gateway: Gateway): void {
    const close = () => {
      this.#retired.delete(gateway)
      void gateway.close()
    }
    this.#retired.set(gateway, setTimeout(close, gateway.limits.deadlineMs + RETIRE_MARGIN_MS).unref())
  }
}

/** WuzAPI serialises the sends of one number, so more than one under way only makes them wait there. */
function maxInFlightOf(channel: ChannelRow): number {
  return channel.gateway === 'sandbox' ? (channel.settings.sandbox?.maxInFlight ?? 4) : 1
}

/** What Meta shows when it asks whether a webhook's address is ours. */
export function verifyTokenOf(box: SecretBox, channelId: string): string {
  return box.derive(`webhook-verify/${channelId}`)
}

/** What a channel's token is sealed to: see SecretBox. */
export function tokenBinding(channelId: string): string {
  return `channels/${channelId}/token`
}

export function webhookKeyBinding(channelId: string): string {
  return `channels/${channelId}/webhook_key`
}

/** What a change of SECRET_KEY seals anew here. */
export const SEALED_CHANNELS: SealedColumn[] = [
  {
    table: 'channels',
    id: 'id',
    column: 'token_ciphertext',
    boundTo: tokenBinding,
    damaged: (id) => `The token of channel ${id} is damaged: save it anew or delete the channel, then run this again.`,
  },
  {
    table: 'channels',
    id: 'id',
    column: 'webhook_key_ciphertext',
    boundTo: webhookKeyBinding,
    damaged: (id) => `The signing key of channel ${id} is damaged: save it anew, then run this again.`,
  },
]
