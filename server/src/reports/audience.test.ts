import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CampaignDetails } from '#contract/campaigns.ts'
import { totalOf } from '#contract/states.ts'
import { openAudienceTestBench, type AudienceTestBench, type Phone } from './audienceTestBench.ts'

let bench: AudienceTestBench
let phone: Phone

beforeAll(async () => {
  bench = await openAudienceTestBench()
})
afterAll(() => bench.close())
beforeEach(async () => {
  await bench.newUser()
  phone = await bench.newPhone()
})
afterEach(() => bench.dispatch.clear())

/** A mobile of São Paulo. */
const mobile = (n: number) => `+5511988${String(n).padStart(6, '0')}`
const mobiles = (...numbers: number[]) => numbers.map(mobile)
const typed = (...numbers: number[]) => ({ contacts: numbers.map((n) => ({ phone: mobile(n), name: `Pessoa ${n}` })) })
const START = { start: true }

async function newList(kind: 'groups' | 'tags', name: string, ...numbers: number[]): Promise<string> {
  const { id } = (await bench.call('POST', `/contact-${kind}`, { name })).json<{ id: string }>()
  for (const n of numbers) {
    const label = kind === 'groups' ? { groupIds: [id] } : { tagIds: [id] }
    const made = await bench.call('POST', '/contacts', { phone: mobile(n), name: `Pessoa ${n}`, ...label })
    if (made.statusCode === 409) {
      const [{ contactId }] = made.json().error.details
      await bench.call('POST', `/contact-${kind}/${id}/add`, { contactIds: [contactId] })
    }
  }
  return id
}

async function reasonsOf(id: string): Promise<Record<string, string>> {
  const { items } = (await bench.call('GET', `/bulk-campaigns/${id}/contacts?status=skipped`)).json()
  return Object.fromEntries(
    (items as { phone: string; errorCode: string }[]).map((item) => [item.phone, item.errorCode]),
  )
}

/** Everybody chosen is in exactly one line, and the books hold everybody who is a person. */
function expectSums({ totals, stats }: CampaignDetails): void {
  const leftOut = totals.suppressed + totals.excluded + totals.recentlyWritten
  expect(totals.chosen).toBe(totals.recipients + totals.duplicates + totals.invalid + leftOut)
  expect(stats.total).toBe(totals.recipients + leftOut)
  expect(stats.total).toBe(totalOf(stats))
}

describe('an audience', () => {
  it('of typed numbers, a file, a group and a tag reaches everybody once and counts who was chosen twice', async () => {
    await bench.dispatch.startWorker()
    const importId = await bench.importCsv(`nome;telefone\nAna;${mobile(1)}\nBia;${mobile(2)}\nCaio;${mobile(3)}\n`)
    const groupId = await newList('groups', 'Clientes', 3, 4, 5)
    const tagId = await newList('tags', 'vip', 5, 6)
    const contacts = [{ phone: '(11) 98800-0001' }, { phone: '11 98800-0007' }, { phone: 'Maria' }]
    const recipients = { contacts, importIds: [importId], groupIds: [groupId], tagIds: [tagId] }
    const { campaignId, refused } = await bench.create(phone, recipients, START)
    expect(refused).toEqual([
      { index: 2, field: 'recipients.contacts.2.phone', input: 'Maria', reason: 'NOT_A_NUMBER' },
    ])
    const campaign = await bench.untilCompleted(campaignId)
    expect(await bench.written(phone)).toEqual(mobiles(1, 2, 3, 4, 5, 6, 7))
    expect(campaign.totals).toMatchObject({ chosen: 11, recipients: 7, duplicates: 3, invalid: 1 })
    expectSums(campaign)
  })

  it('without those whom another campaign has written to leaves the others in', async () => {
    await bench.dispatch.startWorker()
    const first = await bench.create(phone, typed(1, 2, 3), START)
    await bench.untilCompleted(first.campaignId)
    const other = await bench.newPhone()
    const draft = await bench.create(other, typed(3, 9))
    await bench.untilPrepared(draft.campaignId)
    const excludeCampaignIds = [first.campaignId, draft.campaignId]
    const second = await bench.create(other, { ...typed(1, 2, 3, 4, 5, 9), excludeCampaignIds }, START)
    const campaign = await bench.untilCompleted(second.campaignId)
    expect(await bench.written(other)).toEqual(mobiles(4, 5, 9))
    expect(campaign.totals).toMatchObject({ chosen: 6, recipients: 3, excluded: 3 })
    expect(campaign.excludeCampaignIds).toEqual(excludeCampaignIds)
    expect(await reasonsOf(second.campaignId)).toEqual({
      [mobile(1)]: 'EXCLUDED',
      [mobile(2)]: 'EXCLUDED',
      [mobile(3)]: 'EXCLUDED',
    })
    expectSums(campaign)
  })

  it('is refused where it names a group, a campaign or a tag that is not there', async () => {
    const missing = '00000000-0000-4000-8000-000000000000'
    for (const [recipients, code] of [
      [{ groupIds: [missing] }, 'UNKNOWN_GROUP'],
      [{ tagIds: [missing] }, 'UNKNOWN_GROUP'],
      [{ ...typed(1), excludeCampaignIds: [missing] }, 'UNKNOWN_CAMPAIGN'],
    ] as const) {
      await expect(bench.create(phone, recipients)).rejects.toThrow(code)
    }
  })

  it('of a group keeps the group from being deleted until it is read', async () => {
    const groupId = await newList('groups', 'Sumindo', 1, 2)
    await bench.preparer.stop()
    const { campaignId } = await bench.create(phone, { groupIds: [groupId] })
    const early = await bench.call('DELETE', `/contact-groups/${groupId}`)
    bench.preparer.start()
    expect((await bench.untilPrepared(campaignId)).stats.total).toBe(2)
    const late = await bench.call('DELETE', `/contact-groups/${groupId}`)
    expect([early.statusCode, late.statusCode]).toEqual([409, 204])
    expect((await bench.call('GET', '/contacts')).json().items).toHaveLength(2)
  })
})

describe('a frequency cap', () => {
  const capped = (count: number, days: number) => ({ ...START, frequencyCap: { count, days } })

  it('of a campaign leaves out whom the account wrote to before it ever had a cap', async () => {
    await bench.dispatch.startWorker()
    await bench.untilCompleted((await bench.create(phone, typed(1, 2), START)).campaignId)
    const other = await bench.newPhone()
    const second = await bench.create(other, typed(1, 2, 3), capped(1, 7))
    const campaign = await bench.untilCompleted(second.campaignId)
    expect(await bench.written(other)).toEqual([mobile(3)])
    expect(campaign.totals).toMatchObject({ chosen: 3, recipients: 1, recentlyWritten: 2 })
    expect(await reasonsOf(second.campaignId)).toEqual({
      [mobile(1)]: 'RECENTLY_WRITTEN',
      [mobile(2)]: 'RECENTLY_WRITTEN',
    })
    expectSums(campaign)
    const third = await bench.create(other, typed(1, 3), capped(2, 7))
    expect((await bench.untilCompleted(third.campaignId)).totals).toMatchObject({ recipients: 2, recentlyWritten: 0 })
  })

  it('counts a message only as long as its days last, and not one that failed', async () => {
    await bench.dispatch.startWorker()
    await bench.dispatch.sandbox.setScript(phone.sandboxUser, {
      [mobile(3).slice(1)]: [{ kind: 'error', error: 'no LID found for 5511988000003@s.whatsapp.net from server' }],
    })
    const first = await bench.create(phone, typed(1, 2, 3), capped(1, 2))
    await bench.untilCompleted(first.campaignId)
    const daysAgo = new Date(Date.now() - 3 * 86_400_000)
    await bench.db.updateTable('contact_sends').set({ sent_at: daysAgo }).where('phone', '=', mobile(1)).execute()
    const other = await bench.newPhone()
    await bench.untilCompleted((await bench.create(other, typed(1, 2, 3), capped(1, 2))).campaignId)
    expect(await bench.written(other)).toEqual(mobiles(1, 3))
  })

  it('of the account holds for every campaign, also for those that were prepared before it was set', async () => {
    await bench.dispatch.startWorker()
    const draft = await bench.create(await bench.newPhone(), typed(1, 2, 3))
    await bench.untilPrepared(draft.campaignId)
    const set = { frequencyCap: { count: 1, days: 30 } }
    expect((await bench.call('PUT', '/frequency-cap', set)).json()).toEqual(set)
    expect((await bench.call('GET', '/frequency-cap')).json()).toEqual(set)
    await bench.untilCompleted((await bench.create(phone, typed(1), START)).campaignId)
    expect((await bench.call('POST', `/bulk-campaigns/${draft.campaignId}/start`)).statusCode).toBe(200)
    const late = await bench.untilCompleted(draft.campaignId)
    expect(late.stats).toMatchObject({ sent: 2, skipped: 1, total: 3 })
    expect(await reasonsOf(draft.campaignId)).toEqual({ [mobile(1)]: 'RECENTLY_WRITTEN' })
    expect((await bench.call('PUT', '/frequency-cap', { frequencyCap: null })).statusCode).toBe(200)
    const free = await bench.create(phone, typed(1, 2), START)
    expect((await bench.untilCompleted(free.campaignId)).totals).toMatchObject({ recipients: 2, recentlyWritten: 0 })
  })

  it('lets one message through to each person when two numbers start on the same people at once', async () => {
    const numbers = Array.from({ length: 300 }, (_, n) => n + 1)
    const other = await bench.newPhone()
    const both = [
      await bench.create(phone, typed(...numbers), { frequencyCap: { count: 1, days: 7 } }),
      await bench.create(other, typed(...numbers), { frequencyCap: { count: 1, days: 7 } }),
    ]
    for (const { campaignId } of both) await bench.untilPrepared(campaignId)
    await bench.dispatch.startWorker()
    await bench.dispatch.startWorker()
    await Promise.all(both.map(({ campaignId }) => bench.call('POST', `/bulk-campaigns/${campaignId}/start`)))
    const ended = await Promise.all(both.map(({ campaignId }) => bench.untilCompleted(campaignId)))
    const written = [...(await bench.written(phone)), ...(await bench.written(other))]
    expect(written.toSorted()).toEqual(mobiles(...numbers))
    expect(ended.map(({ stats }) => stats.total)).toEqual([300, 300])
    expect(ended.reduce((sum, { stats }) => sum + stats.skipped, 0)).toBe(300)
    for (const { campaignId } of both) {
      const campaign = { userId: bench.user.id, channelId: '', id: campaignId, tag: 0 }
      expect(await bench.dispatch.hasDrifted({ campaign, sandboxUser: '' })).toBe(false)
    }
  }, 60_000)

  it('does not break off a sequence that has begun', async () => {
    await bench.dispatch.startWorker()
    const messages = [
      { type: 'text', content: 'um' },
      { type: 'text', content: 'dois', delayBeforeMs: 1000 },
    ]
    const long = await bench.create(phone, typed(1), { ...capped(1, 7), messages })
    await bench.untilPrepared(long.campaignId)
    const other = await bench.newPhone()
    await bench.untilCompleted((await bench.create(other, typed(1), START)).campaignId)
    await bench.untilCompleted(long.campaignId)
    expect([await bench.written(other), await bench.written(phone)]).toEqual([mobiles(1), mobiles(1, 1)])
  })

  it.each([{ count: 0, days: 7 }, { count: 1, days: 91 }, { count: 1 }, { count: '1', days: 7 }])(
    'of %j is refused',
    async (frequencyCap) => {
      await expect(bench.create(phone, typed(1), { frequencyCap })).rejects.toThrow('VALIDATION_FAILED')
      expect((await bench.call('PUT', '/frequency-cap', { frequencyCap })).statusCode).toBe(400)
    },
  )
})

it('who is suppressed between preparing and sending is left out and in the books with the reason', async () => {
  await bench.dispatch.startWorker()
  await bench.call('POST', '/suppressions', { phones: [mobile(1)] })
  const { campaignId } = await bench.create(phone, typed(1, 2, 3))
  expect((await bench.untilPrepared(campaignId)).totals).toMatchObject({ recipients: 2, suppressed: 1 })
  await bench.call('POST', '/suppressions', { phones: [mobile(2)] })
  await bench.call('POST', `/bulk-campaigns/${campaignId}/start`)
  const campaign = await bench.untilCompleted(campaignId)
  expect(await bench.written(phone)).toEqual([mobile(3)])
  expect(await reasonsOf(campaignId)).toEqual({ [mobile(1)]: 'SUPPRESSED', [mobile(2)]: 'SUPPRESSED' })
  expectSums(campaign)
})
