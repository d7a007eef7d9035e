import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { CampaignMessage, UnknownPolicy } from '#contract/campaigns.ts'
import type { SandboxBehaviour } from '#contract/channels.ts'
import { NO_COUNTS, type CampaignStatus } from '#contract/states.ts'
import { tokenBinding, webhookKeyBinding } from '#server/channels/GatewayRegistry.ts'
import type { Sender } from '#server/channels/tokenValidator.ts'
import type { Db } from '#server/db/Database.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { SuppressionList } from '#server/suppressions/SuppressionList.ts'

/*
 * Rows for tests, with what the test speaks of as overrides. They write the tables directly: a builder is where a test
 * begins, not what it tests.
 */

export const testBox = new SecretBox('test-secret-key-0123456789abcdefghij')
export const testSuppressions = new SuppressionList(testBox)

/** A user at work on rows of its own. */
export function buildSender(userId: string): Sender {
  return { ownerId: userId, userId, address: null } as Sender
}

export async function buildUser(db: Db, overrides: { name?: string; role?: 'admin' | 'user' } = {}): Promise<string> {
  const id = randomUUID()
  await db
    .insertInto('users')
    .values({
      id,
      name: overrides.name ?? 'Test',
      email: `${id}@example.test`,
      role: overrides.role ?? 'user',
      password_hash: null,
      disabled_at: null,
    })
    .execute()
  return id
}

export async function buildChannel(
  db: Db,
  userId: string,
  overrides: {
    token?: string
    baseUrl?: string
    gateway?: 'sandbox' | 'wuzapi' | 'cloud'
    webhookKey?: string
    sandbox?: SandboxBehaviour
    minDelayMs?: number
  } = {},
): Promise<{ id: string; token: string }> {
  const id = randomUUID()
  const token = overrides.token ?? randomBytes(12).toString('hex')
  await db
    .insertInto('channels')
    .values({
      user_id: userId,
      id,
      name: 'Test',
      gateway: overrides.gateway ?? 'sandbox',
      base_url: overrides.baseUrl ?? null,
      settings: JSON.stringify({ sandbox: overrides.sandbox ?? {} }),
      min_delay_ms: overrides.minDelayMs ?? 0,
      token_ciphertext: testBox.seal(token, tokenBinding(id)),
      token_hash: testBox.hash(token, 'channel-token'),
      webhook_key_ciphertext:
        overrides.webhookKey === undefined ? null : testBox.seal(overrides.webhookKey, webhookKeyBinding(id)),
      webhook_secret_hash: testBox.hash(testBox.derive(`webhook-secret/${id}`), 'webhook-secret'),
    })
    .execute()
  return { id, token }
}

export type BuiltCampaign = { userId: string; channelId: string; id: string; tag: number }

/** A campaign with `recipients` pending rows; running unless said otherwise. */
export async function buildCampaign(
  db: Db,
  owner: { userId: string; channelId: string },
  overrides: {
    recipients?: number
    status?: CampaignStatus
    messages?: CampaignMessage[]
    unknownPolicy?: UnknownPolicy
    delayMs?: number
    randomizeOrder?: boolean
  } = {},
): Promise<BuiltCampaign> {
  const id = randomUUID()
  const tag = randomInt(2 ** 32)
  const status = overrides.status ?? 'running'
  const isRunning = status === 'running'
  await db
    .insertInto('campaigns')
    .values({
      user_id: owner.userId,
      id,
      channel_id: owner.channelId,
      name: 'Test',
      status,
      pause_reason: status === 'paused' ? 'user' : null,
      message_tag: tag,
      messages: JSON.stringify(overrides.messages ?? [{ type: 'text', content: 'Olá {{nome}}' }]),
      delay_min_ms: overrides.delayMs ?? 0,
      delay_max_ms: overrides.delayMs ?? 0,
      randomize_order: overrides.randomizeOrder ?? false,
      order_seed: 1,
      unknown_policy: overrides.unknownPolicy ?? 'resend',
      preparing: false,
      started_at: isRunning ? new Date() : null,
      running_since: isRunning ? new Date() : null,
    })
    .execute()
  await db
    .updateTable('campaigns')
    .set({ lock_renewed_at: new Date(Date.now() + 60_000) })
    .where('id', '=', id)
    .execute()
  const count = overrides.recipients ?? 3
  await db
    .insertInto('campaign_counts')
    .values({ ...NO_COUNTS, user_id: owner.userId, campaign_id: id, pending: count })
    .execute()
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  for (let from = 0; from < count; from += 1000) {
    await db
      .insertInto('campaign_contacts')
      .values(
        numbers.slice(from, from + 1000).map((n) => ({
          user_id: owner.userId,
          campaign_id: id,
          id: n,
          processing_order: n,
          phone: `+55119${String(10_000_000 + n)}`,
          name: `Pessoa ${n}`,
        })),
      )
      .execute()
  }
  return { ...owner, id, tag }
}

/** Makes `workerId` the holder of the channel's lane and of the campaign's lock, without asking whether it may. */
export async function holdLane(db: Db, campaign: BuiltCampaign, workerId: string = randomUUID(), epoch = 1) {
  const until = new Date(Date.now() + 60_000)
  await db
    .updateTable('channels')
    .set({ lane_owner: workerId, lane_epoch: epoch, lane_expires_at: until })
    .where('id', '=', campaign.channelId)
    .execute()
  await db
    .updateTable('campaigns')
    .set({ processing_lock: workerId, lock_expires_at: until })
    .where('id', '=', campaign.id)
    .execute()
  return { userId: campaign.userId, channelId: campaign.channelId, owner: workerId, epoch }
}
