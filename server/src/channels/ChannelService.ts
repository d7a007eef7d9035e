import { randomUUID } from 'node:crypto'
import type {
  Channel,
  ChannelStatus,
  ChannelStatusAnswer,
  CreateChannelBody,
  EditChannelBody,
} from '#contract/channels.ts'
import type { AccountAction } from '#contract/audit.ts'
import type { Role } from '#contract/auth.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { changesOf } from '#server/audit/changesOf.ts'
import { forget, type Remember } from '#server/auth/idempotencyKeys.ts'
import { isArmed } from '#server/db/arming.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import type { Log } from '#server/lib/logger.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import { isKnownTimeZone } from './channelCap.ts'
import {
  deleteChannel,
  editChannel,
  findChannel,
  listChannels,
  listChannelsForWebhooks,
  lockChannel,
  saveChannelStatus,
} from './channelQueries.ts'
import type { ChannelRow } from './channelTables.ts'
import {
  accessOf,
  refuseForeignFields,
  requireSecretsOfNewOrigin,
  requireTellableToken,
  trimmed,
} from './gatewayAccess.ts'
import { isAllowedHost } from './gatewayHosts.ts'
import { tokenBinding, webhookKeyBinding, type GatewayRegistry } from './GatewayRegistry.ts'
import { GatewayError } from './gateways/Gateway.ts'
import { registerSandboxNumber, setSandboxBehaviour, type Sandbox } from './sandboxProcess.ts'

export type ChannelServiceDeps = {
  db: Db
  box: SecretBox
  gateways: GatewayRegistry
  /** Starts the sandbox when it does not run yet. */
  sandbox: () => Promise<Sandbox>
  /** Where gateways reach us; null when nobody told us (then only the sandbox, on this machine, can). */
  publicUrl: string | null
  localUrl: () => string | null
  allowedHosts: string[]
  log: Log
}

/** Who makes or changes a channel; administrators may name any gateway address. */
export type ChannelActor = Actor & { role: Role }

const UNIQUE_VIOLATION = '23505'

/** Channels of users: made, shown, changed, asked how they are. The token goes in and never comes out. */
export class ChannelService {
  readonly #deps: ChannelServiceDeps
  readonly #audit = new AuditLogger()

  constructor(deps: ChannelServiceDeps) {
    this.#deps = deps
  }

  async create(actor: ChannelActor, body: CreateChannelBody, remember: Remember = forget): Promise<Channel> {
    const { box } = this.#deps
    const { baseUrl, token, webhookKey, settings } = accessOf(body)
    if (baseUrl !== null) this.#checkHost(actor.role, baseUrl)
    const id = randomUUID()
    const values = {
      user_id: actor.ownerId,
      id,
      name: body.name,
      gateway: body.gateway,
      base_url: baseUrl,
      settings: JSON.stringify(settings),
      token_ciphertext: box.seal(token, tokenBinding(id)),
      token_hash: box.hash(token, 'channel-token'),
      webhook_key_ciphertext: webhookKey === null ? null : box.seal(webhookKey, webhookKeyBinding(id)),
      webhook_secret_hash: box.hash(this.#webhookSecret(id), 'webhook-secret'),
      min_delay_ms: body.minDelay ?? 0,
      ...(await this.#capOf(body)),
    }
    const row = await this.#onUniqueToken(() =>
      transaction(this.#deps.db, async (trx) => {
        const inserted = await trx.insertInto('channels').values(values).returningAll().executeTakeFirstOrThrow()
        // Its status is asked next, and no gateway is called within a transaction.
        await remember(trx, toChannel(inserted), { mayChange: true })
        await this.#note(trx, actor, id, 'channel-create', { name: body.name, gateway: body.gateway, baseUrl })
        return inserted
      }),
    )
    await this.#connect(row)
    return toChannel(row)
  }

  async list(userId: string): Promise<Channel[]> {
    return (await listChannels(this.#deps.db, userId)).map(toChannel)
  }

  async get(userId: string, id: string): Promise<Channel> {
    return toChannel(await this.#row(userId, id))
  }

  async edit(actor: ChannelActor, id: string, body: EditChannelBody): Promise<Channel> {
    const { box } = this.#deps
    const before = await this.#row(actor.ownerId, id)
    refuseForeignFields(before, body)
    requireTellableToken(before, body)
    const cap = await this.#capOf(body)
    if (body.baseUrl !== undefined) this.#checkHost(actor.role, body.baseUrl)
    const webhookKey = body.webhookKey ?? body.appSecret
    const sandbox = { ...before.settings.sandbox, ...body.sandbox }
    const plain = {
      ...(body.name === undefined ? {} : { name: body.name }),
      ...(body.minDelay === undefined ? {} : { min_delay_ms: body.minDelay }),
      ...cap,
      ...(body.baseUrl === undefined ? {} : { base_url: trimmed(body.baseUrl) }),
      ...(body.sandbox === undefined ? {} : { settings: JSON.stringify({ sandbox }) }),
    }
    const sealed = {
      ...(body.token === undefined
        ? {}
        : {
            token_ciphertext: box.seal(body.token, tokenBinding(id)),
            token_hash: box.hash(body.token, 'channel-token'),
          }),
      ...(webhookKey === undefined ? {} : { webhook_key_ciphertext: box.seal(webhookKey, webhookKeyBinding(id)) }),
    }
    const row = await this.#onUniqueToken(() =>
      transaction(this.#deps.db, async (trx) => {
        const locked = await lockChannel(trx, actor.ownerId, id)
        if (locked !== undefined) requireSecretsOfNewOrigin(locked, body)
        const edited = await editChannel(trx, actor.ownerId, id, { ...plain, ...sealed })
        if (locked === undefined || edited === undefined) throw new AppError('NOT_FOUND')
        const changes = { ...changesOf(locked, plain), webhookKeyChanged: webhookKey !== undefined }
        await this.#note(trx, actor, id, 'channel-edit', { changes })
        if (body.token !== undefined) await this.#note(trx, actor, id, 'channel-token-change')
        return edited
      }),
    )
    if (body.sandbox !== undefined)
      await setSandboxBehaviour(await this.#deps.sandbox(), await this.#token(row), sandbox)
    else if (body.name === undefined || Object.keys(body).length > 1) await this.#connect(row)
    return toChannel(row)
  }

  async delete(actor: Actor, id: string): Promise<void> {
    const { name, gateway } = await this.#row(actor.ownerId, id)
    await transaction(this.#deps.db, async (trx) => {
      if (!(await deleteChannel(trx, actor.ownerId, id))) throw new AppError('CHANNEL_IN_USE')
      await this.#note(trx, actor, id, 'channel-delete', { name, gateway })
    })
    this.#deps.gateways.forget(id)
  }

  /** Asks the gateway now. Never throws for what the gateway says; an unreachable gateway is a status too. */
  async status(userId: string, id: string): Promise<ChannelStatusAnswer> {
    return this.#askStatus(await this.#row(userId, id))
  }

  /** Throws DISCONNECTED or CHANNEL_UNAUTHORIZED unless the channel is ready, INSTALLATION_NOT_ARMED in a copy. */
  async requireReady(userId: string, id: string): Promise<void> {
    if (!(await isArmed(this.#deps.db))) throw new AppError('INSTALLATION_NOT_ARMED')
    const { status } = await this.status(userId, id)
    if (status === 'unauthorized') throw new AppError('CHANNEL_UNAUTHORIZED')
    if (status !== 'ready') throw new AppError('DISCONNECTED', { details: { status } })
  }

  /**
   * Tells every gateway where its webhooks go: our address may have changed since the last start. A gateway that does
   * not answer is logged and tried again at the next call.
   */
  async registerWebhooks(): Promise<void> {
    const gateways: ChannelRow['gateway'][] =
      this.#deps.publicUrl === null ? ['sandbox'] : ['sandbox', 'wuzapi', 'cloud']
    for (const row of await listChannelsForWebhooks(this.#deps.db, gateways)) await this.#connect(row)
  }

  async #note(trx: Trx, actor: Actor, id: string, action: AccountAction, details: object = {}): Promise<void> {
    const about = { ...doneBy(actor), ownerId: actor.ownerId, target: id }
    await this.#audit.logEvent(trx, { ...about, action, details: { ...details } })
  }

  /** Makes the gateway know the channel, and asks how it is. What fails here does not undo the channel. */
  async #connect(row: ChannelRow): Promise<void> {
    const webhookUrl = this.#webhookUrl(row)
    try {
      if (row.gateway === 'sandbox') await this.#registerAtSandbox(row, webhookUrl)
      else if (webhookUrl !== null) {
        await (await this.#deps.gateways.get(row)).registerWebhook(webhookUrl, await this.#webhookKey(row))
      }
    } catch (error) {
      this.#deps.log.warn({ ...reasonOf(error), channelId: row.id }, 'webhook not registered')
    }
    row.status = (await this.#askStatus(row)).status
  }

  async #registerAtSandbox(row: ChannelRow, webhookUrl: string | null): Promise<void> {
    await registerSandboxNumber(await this.#deps.sandbox(), {
      name: row.name,
      token: await this.#token(row),
      hmacKey: (await this.#webhookKey(row)) ?? '',
      ...(row.settings.sandbox === undefined ? {} : { behaviour: row.settings.sandbox }),
      ...(webhookUrl === null ? {} : { webhookUrl, events: ['All'] }),
    })
  }

  async #askStatus(row: ChannelRow): Promise<ChannelStatusAnswer> {
    let status: ChannelStatus
    let answer = { connected: false, loggedIn: false, number: null as string | null }
    try {
      answer = await (await this.#deps.gateways.get(row)).status()
      status = !answer.connected ? 'disconnected' : answer.loggedIn ? 'ready' : 'logged_out'
    } catch (error) {
      status =
        error instanceof GatewayError && error.failure.category === 'UNAUTHORIZED' ? 'unauthorized' : 'unreachable'
      this.#deps.log.debug({ ...reasonOf(error), channelId: row.id }, 'channel status not available')
    }
    const checkedAt = await saveChannelStatus(this.#deps.db, row.id, status)
    return { status, ...answer, checkedAt: checkedAt.toISOString() }
  }

  async #row(userId: string, id: string): Promise<ChannelRow> {
    const row = await findChannel(this.#deps.db, userId, id)
    if (row === undefined) throw new AppError('NOT_FOUND')
    return row
  }

  /** Columns of the daily cap. Throws UNPROCESSABLE for a zone that the database, whose clock decides, does not know. */
  async #capOf({ dailyCap, timeZone }: Pick<CreateChannelBody, 'dailyCap' | 'timeZone'>) {
    if (timeZone !== undefined && !(await isKnownTimeZone(this.#deps.db, timeZone))) {
      throw new AppError('UNPROCESSABLE', { details: [{ field: 'timeZone', message: 'There is no such time zone.' }] })
    }
    return {
      ...(dailyCap === undefined ? {} : { daily_cap: dailyCap }),
      ...(timeZone === undefined ? {} : { time_zone: timeZone }),
    }
  }

  #checkHost(role: Role, baseUrl: string): void {
    if (role === 'admin' || isAllowedHost(this.#deps.allowedHosts, baseUrl)) return
    throw new AppError('GATEWAY_HOST_NOT_ALLOWED', {
      details: [{ field: 'baseUrl', message: 'This host is not on the list.' }],
    })
  }

  async #onUniqueToken<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) throw new AppError('TOKEN_IN_USE', { cause: error })
      throw error
    }
  }

  #token(row: ChannelRow): Promise<string> {
    return this.#deps.box.open(row.token_ciphertext, tokenBinding(row.id))
  }

  async #webhookKey(row: ChannelRow): Promise<string | null> {
    return row.webhook_key_ciphertext === null
      ? null
      : this.#deps.box.open(row.webhook_key_ciphertext, webhookKeyBinding(row.id))
  }

  #webhookUrl(row: ChannelRow): string | null {
    const base = this.#deps.publicUrl ?? (row.gateway === 'sandbox' ? this.#deps.localUrl() : null)
    return base === null ? null : `${base}/api/hooks/${row.id}/${this.#webhookSecret(row.id)}`
  }

  #webhookSecret(channelId: string): string {
    return this.#deps.box.derive(`webhook-secret/${channelId}`)
  }
}

/** For the log: never a gateway's own words, which may repeat the key and the webhook's address that we told it. */
function reasonOf(error: unknown): object {
  if (!(error instanceof GatewayError)) return { err: error }
  const { category, code } = error.failure
  return { category, code }
}

function toChannel(row: ChannelRow): Channel {
  return {
    id: row.id,
    name: row.name,
    gateway: row.gateway,
    baseUrl: row.base_url,
    minDelay: row.min_delay_ms,
    dailyCap: row.daily_cap,
    timeZone: row.time_zone,
    status: row.status,
    statusCheckedAt: row.status_checked_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  }
}
