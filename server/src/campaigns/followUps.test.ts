import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CampaignContact, CampaignDetails, CreatedCampaign, RetriedCampaign } from '#contract/campaigns.ts'
import { CAMPAIGN_STATUSES, type CampaignStatus, type RecipientStatus } from '#contract/states.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import { transaction } from '#server/db/transaction.ts'
import { applyReceipts } from '#server/recipients/applyReceipts.ts'
import { getCounts, recount } from '#server/recipients/recipientQueries.ts'
import { insertSuppressions } from '#server/suppressions/suppressionQueries.ts'
import { buildCampaign, buildChannel, buildUser, testSuppressions, type BuiltCampaign } from '#server/test/builders.ts'
import { createCampaignTestBench, type CampaignTestBench } from './campaignTestBench.ts'

let bench: CampaignTestBench
beforeAll(async () => {
  bench = await createCampaignTestBench()
})
afterAll(async () => bench.close())

/** Puts rows into a state with their counters, as if the campaign had gone so. */
async function settleAs(campaign: BuiltCampaign, ids: number[], status: RecipientStatus, category?: string) {
  const { db } = bench
  await db
    .updateTable('campaign_contacts')
    .set({ status, error_category: (category ?? null) as null, error_code: category ?? null })
    .where('campaign_id', '=', campaign.id)
    .where('id', 'in', ids)
    .execute()
  await transaction(db, (trx) => recount(trx, campaign.userId, campaign.id))
  if (category === undefined) return
  await db
    .insertInto('campaign_failure_counts')
    .values({ user_id: campaign.userId, campaign_id: campaign.id, category: category as never, failed: ids.length })
    .execute()
}

async function untilPrepared(id: string): Promise<CampaignDetails> {
  bench.preparer.start()
  for (;;) {
    const details = (await bench.call('GET', `/${id}`)).json<CampaignDetails>()
    if (!details.preparing) return details
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const contactsOf = async (id: string) =>
  (await bench.call('GET', `/${id}/contacts?limit=200`)).json<{ items: CampaignContact[] }>().items
const auditOf = async (id: string) => (await bench.audit.getHistory(bench.db, id)).map(({ action }) => action)

describe('a campaign with an Idempotency-Key', () => {
  it('of twenty posts at once is created once', async () => {
    const post = () => bench.call('POST', '', bench.plan(), { 'idempotency-key': 'twice' })
    const answers = await Promise.all(Array.from({ length: 20 }, post))
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1)
    const created = answers[0]?.json<CreatedCampaign>()
    expect(answers[0]?.statusCode).toBe(201)
    expect((await bench.call('GET', '')).json().items.map(({ id }: { id: string }) => id)).toEqual([
      created?.campaignId,
    ])
    expect(await auditOf(created?.campaignId ?? '')).toEqual(['create'])
    const reordered = Object.fromEntries(Object.entries(bench.plan()).toReversed())
    const again = await bench.call('POST', '', reordered, { 'idempotency-key': 'twice' })
    expect(again.body).toBe(answers[0]?.body)
  })
})

describe('limits', () => {
  it('the eleventh creation within a minute is refused, repeats and other users are not', async () => {
    const limited = await createCampaignTestBench({ creations: 10, operations: 3, progress: 2 })
    try {
      const key = (n: number) => ({ 'idempotency-key': `k${n}` })
      const posts = Array.from({ length: 12 }, (_, n) => limited.call('POST', '', limited.plan(), key(n)))
      const answers = await Promise.all(posts)
      const refused = answers.filter(({ statusCode }) => statusCode === 429)
      expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(10)
      expect(refused.map((answer) => answer.json().error.code)).toEqual(Array(2).fill('CAMPAIGN_RATE_LIMIT_EXCEEDED'))
      expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
      for (const [n, answer] of answers.entries()) {
        const again = await limited.call('POST', '', limited.plan(), key(n))
        expect(again.statusCode).toBe(answer.statusCode)
        if (answer.statusCode === 201) expect(again.body).toBe(answer.body)
      }
      const forwarded = await limited.call('POST', '', limited.plan(), { 'x-forwarded-for': '9.9.9.9' })
      expect(forwarded.statusCode).toBe(429)

      const id = answers.find(({ statusCode }) => statusCode === 201)?.json<CreatedCampaign>().campaignId
      const operations = []
      for (const act of ['pause', 'resume', 'duplicate', 'cancel'])
        operations.push(await limited.call('POST', `/${id}/${act}`))
      expect(operations.map(({ statusCode }) => statusCode)).toEqual([409, 409, 201, 429])
      expect(operations[3]?.json().error.code).toBe('RATE_LIMIT')
      const asked = []
      for (let n = 0; n < 3; n++) asked.push((await limited.call('GET', `/${id}/progress`)).statusCode)
      expect(asked).toEqual([200, 200, 429])
    } finally {
      await limited.close()
    }
  })
})

describe('deleting', () => {
  const MAY: Record<CampaignStatus, number> = {
    draft: 204,
    scheduled: 204,
    running: 409,
    paused: 409,
    completed: 204,
    cancelled: 204,
    failed: 204,
  }

  it.each(CAMPAIGN_STATUSES)('a campaign that is %s', async (status) => {
    const { id } = await buildCampaign(bench.db, bench.owner, { status })
    const answer = await bench.call('DELETE', `/${id}`)
    expect(answer.statusCode).toBe(MAY[status])
    const isGone = answer.statusCode === 204
    expect(await auditOf(id)).toEqual(isGone ? ['delete'] : [])
    expect((await bench.call('GET', `/${id}`)).statusCode).toBe(isGone ? 404 : 200)
    expect((await bench.call('GET', `/${id}/progress`)).statusCode).toBe(isGone ? 404 : 200)
    const list = (await bench.call('GET', '?limit=200')).json().items.map((item: { id: string }) => item.id)
    expect(list.includes(id)).toBe(!isGone)
    if (isGone) expect((await bench.call('DELETE', `/${id}`)).statusCode).toBe(404)
  })

  it('leaves the rows: a late receipt still moves them, and no other act does anything', async () => {
    const campaign = await buildCampaign(bench.db, bench.owner, { status: 'completed' })
    await settleAs(campaign, [1, 2, 3], 'sent')
    await bench.call('DELETE', `/${campaign.id}`)
    await transaction(bench.db, (trx) =>
      applyReceipts(trx, campaign.userId, [
        { campaignId: campaign.id, id: 2, step: 0, isLastStep: true, state: 'read' },
      ]),
    )
    expect(await getCounts(bench.db, campaign.userId, campaign.id)).toMatchObject({ sent: 2, read: 1 })
    for (const act of ['start', 'pause', 'resume', 'cancel', 'retry-failed', 'duplicate']) {
      expect((await bench.call('POST', `/${campaign.id}/${act}`)).statusCode).toBe(404)
    }
  })

  it('keeps a scheduled campaign from ever starting, and a prepared wish to start from being granted', async () => {
    const created = await bench.call('POST', '', bench.plan({ scheduledAt: new Date(Date.now() + 5000).toISOString() }))
    const { campaignId: id } = created.json<CreatedCampaign>()
    const wished = (await bench.call('POST', '', bench.plan({ start: true }))).json<CreatedCampaign>().campaignId
    for (const campaign of [id, wished]) expect((await bench.call('DELETE', `/${campaign}`)).statusCode).toBe(204)
    await bench.db
      .updateTable('campaigns')
      .set({ scheduled_at: sql<Date>`clock_timestamp() - interval '1 minute'` })
      .where('id', '=', id)
      .execute()
    const other = (await bench.call('POST', '', bench.plan())).json<CreatedCampaign>().campaignId
    await untilPrepared(other)
    await bench.keeper.startDue()
    for (const campaign of [id, wished]) expect(await auditOf(campaign)).toEqual(['create', 'delete'])
    const rows = await bench.db
      .selectFrom('campaigns')
      .select(['status', 'started_at'])
      .where('id', 'in', [id, wished])
      .execute()
    expect(new Set(rows.map(({ status, started_at }) => `${status} ${String(started_at)}`))).toEqual(
      new Set(['draft null', 'scheduled null']),
    )
  })
})

describe('retrying those who failed', () => {
  async function endedCampaign(): Promise<BuiltCampaign> {
    const campaign = await buildCampaign(bench.db, bench.owner, { status: 'completed', recipients: 10 })
    await settleAs(campaign, [1, 2, 3], 'sent')
    await settleAs(campaign, [4, 5], 'failed', 'TIMEOUT')
    await settleAs(campaign, [6], 'failed', 'INVALID_NUMBER')
    await settleAs(campaign, [7, 8], 'failed', 'BLOCKED_NUMBER')
    await settleAs(campaign, [9, 10], 'unknown')
    return campaign
  }
  const phones = async (id: string) =>
    (await contactsOf(id)).map(({ phone }) => Number(phone.slice(-2))).toSorted((a, b) => a - b)

  it('makes a campaign of its own to them, with the same words, and never to who is blocked', async () => {
    const campaign = await endedCampaign()
    const answer = await bench.call('POST', `/${campaign.id}/retry-failed`)
    expect(answer.statusCode).toBe(201)
    const retried = answer.json<RetriedCampaign>()
    expect(retried).toMatchObject({
      status: 'draft',
      retryOf: campaign.id,
      recipients: 3,
      leftOut: { BLOCKED_NUMBER: 2, unknown: 2 },
    })
    const details = await untilPrepared(retried.campaignId)
    const original = (await bench.call('GET', `/${campaign.id}`)).json<CampaignDetails>()
    expect(details).toMatchObject({
      retryOf: campaign.id,
      messages: original.messages,
      stats: { total: 3, pending: 3 },
    })
    expect(await phones(retried.campaignId)).toEqual([4, 5, 6])
    const tags = await bench.db
      .selectFrom('campaigns')
      .select('message_tag')
      .where('id', 'in', [campaign.id, details.id])
      .execute()
    expect(new Set(tags.map(({ message_tag }) => message_tag)).size).toBe(2)
    expect(original.stats).toMatchObject({ total: 10, failed: 5, sent: 3 })
  })

  it('takes some categories only, and the unknown when asked for', async () => {
    const campaign = await endedCampaign()
    const body = { categories: ['TIMEOUT'], includeUnknown: true }
    const retried = (await bench.call('POST', `/${campaign.id}/retry-failed`, body)).json<RetriedCampaign>()
    expect(retried).toMatchObject({ recipients: 4, leftOut: { INVALID_NUMBER: 1, BLOCKED_NUMBER: 2 } })
    await untilPrepared(retried.campaignId)
    expect(await phones(retried.campaignId)).toEqual([4, 5, 9, 10])
    const blocked = await bench.call('POST', `/${campaign.id}/retry-failed`, { categories: ['BLOCKED_NUMBER'] })
    expect(blocked.statusCode).toBe(400)
  })

  it('of a retry can be retried and copied in turn', async () => {
    const campaign = await endedCampaign()
    const retried = (await bench.call('POST', `/${campaign.id}/retry-failed`)).json<RetriedCampaign>()
    const copy = (await bench.call('POST', `/${retried.campaignId}/duplicate`)).json<CreatedCampaign>()
    expect((await untilPrepared(copy.campaignId)).retryOf).toBe(campaign.id)
    expect(await phones(copy.campaignId)).toEqual([4, 5, 6])
  })

  it('goes through every chunk of a large campaign, once each', async () => {
    const size = 25_000
    const campaign = await buildCampaign(bench.db, bench.owner, { status: 'completed', recipients: size })
    await sql`
      update campaign_contacts set error_category = 'TIMEOUT',
        status = case id % 3 when 0 then 'failed' when 1 then 'unknown' else 'sent' end
      where campaign_id = ${campaign.id}
    `.execute(bench.db)
    await settleAs(campaign, [3], 'failed', 'TIMEOUT')
    const body = { includeUnknown: true }
    const retried = (await bench.call('POST', `/${campaign.id}/retry-failed`, body)).json<RetriedCampaign>()
    const { stats } = await untilPrepared(retried.campaignId)
    const expected = Math.floor(size / 3) + Math.ceil(size / 3)
    expect([stats.total, stats.pending]).toEqual([expected, expected])
  })

  it('is refused while the campaign goes on, and when nobody is left to write to', async () => {
    const running = await buildCampaign(bench.db, bench.owner)
    expect((await bench.call('POST', `/${running.id}/retry-failed`)).statusCode).toBe(409)
    const fine = await buildCampaign(bench.db, bench.owner, { status: 'completed' })
    await settleAs(fine, [1, 2], 'sent')
    await settleAs(fine, [3], 'failed', 'BLOCKED_NUMBER')
    const answer = await bench.call('POST', `/${fine.id}/retry-failed`)
    expect([answer.statusCode, answer.json().error]).toMatchObject([
      422,
      { code: 'NO_RECIPIENTS', details: { leftOut: { BLOCKED_NUMBER: 1 } } },
    ])
  })
})

describe('a copy', () => {
  it('is a draft with the same content and people, refusals included', async () => {
    const original = (await bench.call('POST', '', bench.plan({ delayMax: 7 }))).json<CreatedCampaign>()
    const copy = (await bench.call('POST', `/${original.campaignId}/duplicate`)).json<CreatedCampaign>()
    const [a, b] = [await untilPrepared(original.campaignId), await untilPrepared(copy.campaignId)]
    const { id: _a, createdAt: _x, ...one } = a
    const { id: _b, createdAt: _y, ...two } = b
    expect(two).toEqual(one)
    expect(two.totals).toMatchObject({
      chosen: 3,
      recipients: 2,
      duplicates: 0,
      invalid: 1,
      suppressed: 0,
      excluded: 0,
    })
  })
})

describe('what a person decides about the unknown', () => {
  async function withUnknown(status: CampaignStatus): Promise<BuiltCampaign> {
    const campaign = await buildCampaign(bench.db, bench.owner, { status, recipients: 5 })
    await settleAs(campaign, [1, 2, 3], 'unknown')
    return campaign
  }
  const decide = (id: string, body: object) => bench.call('POST', `/${id}/unknown`, body)
  const counts = ({ userId, id }: BuiltCampaign) => getCounts(bench.db, userId, id)

  it('moves rows and counters together and is in the audit trail', async () => {
    const campaign = await withUnknown('completed')
    expect((await decide(campaign.id, { action: 'sent', contactIds: [1, 99] })).json().decided).toBe(1)
    expect((await decide(campaign.id, { action: 'skip' })).json().decided).toBe(2)
    expect(await counts(campaign)).toMatchObject({ sent: 1, skipped: 2, unknown: 0, pending: 2 })
    expect((await transaction(bench.db, (trx) => recount(trx, campaign.userId, campaign.id))).drifted).toBe(false)
    const history = await bench.audit.getHistory(bench.db, campaign.id)
    expect(history.map(({ action, details, userId }) => [action, details, userId])).toEqual([
      ['edit', { unknown: 'sent', recipients: 1 }, bench.user.id],
      ['edit', { unknown: 'skip', recipients: 2 }, bench.user.id],
    ])
    expect((await decide(campaign.id, { action: 'skip' })).json().decided).toBe(0)
  })

  it('is settled by a receipt all the same, also for who was skipped', async () => {
    const campaign = await withUnknown('completed')
    await decide(campaign.id, { action: 'skip' })
    const receipt = { campaignId: campaign.id, step: 0, isLastStep: true }
    await transaction(bench.db, (trx) =>
      applyReceipts(trx, campaign.userId, [
        { ...receipt, id: 1, state: 'delivered' },
        { ...receipt, id: 2, state: 'read' },
      ]),
    )
    expect(await counts(campaign)).toMatchObject({ skipped: 1, delivered: 1, read: 1 })
    expect((await transaction(bench.db, (trx) => recount(trx, campaign.userId, campaign.id))).drifted).toBe(false)
  })

  it('sends again under the same id while the campaign runs', async () => {
    const campaign = await withUnknown('paused')
    const before = await contactsOf(campaign.id)
    expect((await decide(campaign.id, { action: 'resend', contactIds: [2] })).json().decided).toBe(1)
    const after = await contactsOf(campaign.id)
    expect(after[1]).toMatchObject({ status: 'retrying', messageId: before[1]?.messageId })
    expect(await counts(campaign)).toMatchObject({ retrying: 1, unknown: 2 })
  })

  it('does not open a campaign that has ended', async () => {
    const campaign = await withUnknown('completed')
    expect((await decide(campaign.id, { action: 'resend' })).statusCode).toBe(409)
    expect(await counts(campaign)).toMatchObject({ unknown: 3 })
  })

  it('calls nobody reached whose sequence stopped before its end', async () => {
    const messages = ['um', 'dois'].map((content) => ({ type: 'text' as const, content }))
    const campaign = await buildCampaign(bench.db, bench.owner, { status: 'completed', messages })
    await settleAs(campaign, [1, 2], 'unknown')
    await bench.db
      .updateTable('campaign_contacts')
      .set({ step: 1 })
      .where('campaign_id', '=', campaign.id)
      .where('id', '=', 2)
      .execute()
    expect((await decide(campaign.id, { action: 'sent' })).json().decided).toBe(1)
  })
})

describe('the content', () => {
  it('changes until the first start and never after', async () => {
    const draft = await buildCampaign(bench.db, bench.owner, { status: 'draft' })
    const messages = [{ type: 'text', content: 'Oi' }]
    const patch = (id: string, body: object) => bench.call('PATCH', `/${id}/config`, body)
    expect((await patch(draft.id, { messages, name: 'Nova' })).statusCode).toBe(200)
    expect((await bench.call('GET', `/${draft.id}`)).json()).toMatchObject({ messages, name: 'Nova' })
    expect((await patch(draft.id, { messages: [{ type: 'text', content: '{% if %}' }] })).statusCode).toBe(422)
    const running = await buildCampaign(bench.db, bench.owner)
    const answer = await patch(running.id, { messages })
    expect([answer.statusCode, answer.json().error.code]).toEqual([409, 'CAMPAIGN_CONTENT_FROZEN'])
  })

  it('of somebody else is not there', async () => {
    const userId = await buildUser(bench.db)
    const channel = await buildChannel(bench.db, userId)
    const { id } = await buildCampaign(bench.db, { userId, channelId: channel.id }, { status: 'completed' })
    for (const [method, path, body] of [
      ['POST', 'retry-failed', {}],
      ['POST', 'duplicate', undefined],
      ['POST', 'unknown', { action: 'skip' }],
    ] as const)
      expect((await bench.call(method, `/${id}/${path}`, body)).statusCode).toBe(404)
    expect((await bench.call('DELETE', `/${id}`)).statusCode).toBe(404)
  })
})

describe('starting while the audience is being prepared', () => {
  it('is noted once, however often it is asked', async () => {
    await bench.preparer.stop()
    const { campaignId: id } = (await bench.call('POST', '', bench.plan())).json<CreatedCampaign>()
    const answers = await Promise.all(Array.from({ length: 20 }, () => bench.call('POST', `/${id}/start`)))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(200))
    expect(answers[0]?.json()).toMatchObject({ status: 'draft', startRequested: true })
    expect(await auditOf(id)).toEqual(['create', 'start'])
  })
})

describe('people who are suppressed', () => {
  const suppress = async (phones: string[]) => {
    const { id: userId } = bench.user
    const people = phones.map((phone) => ({ phone, hash: testSuppressions.hashOf(userId, phone) }))
    const why = { reason: 'opted_out', source: 'api', note: null } as const
    await transaction(bench.db, (trx) => insertSuppressions(trx, userId, people, why))
  }

  it('are in the books of a new campaign, of a copy and of a retry as skipped, and the numbers agree', async () => {
    const original = await buildCampaign(bench.db, bench.owner, { recipients: 4, status: 'completed' })
    await settleAs(original, [1, 2], 'sent')
    await settleAs(original, [3, 4], 'failed', 'TIMEOUT')
    const phones = [1, 2, 3, 4].map((n) => `+55119${String(10_000_000 + n)}`)
    await suppress(phones.slice(2, 3))
    const contacts = phones.map((phone) => ({ phone }))
    const fresh = (await bench.call('POST', '', bench.plan({ recipients: { contacts } }))).json<CreatedCampaign>()
    expect(await untilPrepared(fresh.campaignId)).toMatchObject({
      status: 'draft',
      totals: { chosen: 4, recipients: 3, suppressed: 1 },
      stats: { total: 4, pending: 3, skipped: 1 },
    })
    expect((await contactsOf(fresh.campaignId)).map(({ status, errorCode }) => [status, errorCode])).toEqual([
      ['pending', null],
      ['pending', null],
      ['skipped', SUPPRESSED],
      ['pending', null],
    ])
    const copy = (await bench.call('POST', `/${fresh.campaignId}/duplicate`)).json<CreatedCampaign>()
    expect(await untilPrepared(copy.campaignId)).toMatchObject({ stats: { total: 4, pending: 3, skipped: 1 } })
    const retry = (await bench.call('POST', `/${original.id}/retry-failed`, {})).json<RetriedCampaign>()
    expect(retry.recipients).toBe(2)
    expect(await untilPrepared(retry.campaignId)).toMatchObject({
      totals: { chosen: 2, recipients: 1, suppressed: 1 },
      stats: { total: 2, pending: 1, skipped: 1 },
    })
  })

  it('all of them: the campaign can never run, and says so', async () => {
    const phone = '+5511955550001'
    await suppress([phone])
    const { campaignId } = (
      await bench.call('POST', '', bench.plan({ recipients: { contacts: [{ phone }] } }))
    ).json<CreatedCampaign>()
    expect(await untilPrepared(campaignId)).toMatchObject({ status: 'failed', stats: { total: 1, skipped: 1 } })
  })

  it('erased ones are counted as skipped by a retry, and refused where they are typed, without their number', async () => {
    const original = await buildCampaign(bench.db, bench.owner, { recipients: 2, status: 'completed' })
    await settleAs(original, [1, 2], 'failed', 'TIMEOUT')
    const { db } = bench
    const phone = '+5511955550002'
    await suppress([phone])
    await db.updateTable('suppressions').set({ phone: null, reason: 'erased' }).where('phone', '=', phone).execute()
    await db
      .updateTable('campaign_contacts')
      .set({ phone: 'erased:1' })
      .where('campaign_id', '=', original.id)
      .where('id', '=', 1)
      .execute()
    const retry = (await bench.call('POST', `/${original.id}/retry-failed`, {})).json<RetriedCampaign>()
    expect(await untilPrepared(retry.campaignId)).toMatchObject({ stats: { total: 2, pending: 1, skipped: 1 } })
    const contacts = [{ phone, name: 'Zenaide' }, { phone: '+5511955550003' }]
    const typed = (await bench.call('POST', '', bench.plan({ recipients: { contacts } }))).json<CreatedCampaign>()
    expect(await untilPrepared(typed.campaignId)).toMatchObject({
      totals: { chosen: 2, recipients: 1, invalid: 1 },
      stats: { total: 1, pending: 1 },
    })
    const kept = await db
      .selectFrom('campaign_typed_recipients')
      .selectAll()
      .where('campaign_id', '=', typed.campaignId)
      .where('reason', 'is not', null)
      .execute()
    expect(kept).toMatchObject([{ phone: null, name: null, input: '', reason: 'ERASED', variables: {} }])
  })
})
