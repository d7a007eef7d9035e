import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Preflight, PreflightLine, PreflightPerson } from '#contract/preflight.ts'
import { transaction } from '#server/db/transaction.ts'
import { saveAnswers } from '#server/phone/phoneCheckQueries.ts'
import { openAudienceTestBench, planOf, type AudienceTestBench, type Phone } from './audienceTestBench.ts'

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

const mobile = (n: number) => `+5511988${String(n).padStart(6, '0')}`
const CODE = [{ type: 'text', content: 'Olá {{nome}}, {{cupom}} {{codigo_postal}} {{loja | default: "Centro"}}' }]

async function look(recipients: object, more: object = {}, headers = {}): Promise<Preflight> {
  const answer = await bench.call('POST', '/bulk-campaigns/preflight', planOf(phone, recipients, more), headers)
  expect([answer.statusCode, answer.body]).toEqual([200, expect.anything()])
  return answer.json<Preflight>()
}

/** Everybody in a line, read page by page. */
async function peopleIn(line: PreflightLine, recipients: object, more: object = {}, limit = 2) {
  const people: PreflightPerson[] = []
  for (let cursor = ''; ;) {
    const path = `/bulk-campaigns/preflight/people?line=${line}&limit=${limit}${cursor}`
    const answer = await bench.call('POST', path, planOf(phone, recipients, more))
    expect([answer.statusCode, answer.body]).toEqual([200, expect.anything()])
    const page = answer.json<{ items: PreflightPerson[]; nextCursor: string | null }>()
    people.push(...page.items)
    if (page.nextCursor === null) return people
    cursor = `&cursor=${page.nextCursor}`
  }
}

describe('a preflight', () => {
  it('says what the campaign then does, line by line, with the people behind each, and does nothing itself', async () => {
    await bench.dispatch.startWorker()
    const before = await bench.newPhone()
    const contacts = [1, 2].map((n) => ({ phone: mobile(n) }))
    const first = await bench.create(before, { contacts }, { start: true })
    await bench.untilCompleted(first.campaignId)
    await bench.call('PUT', '/frequency-cap', { frequencyCap: { count: 1, days: 7 } })
    await bench.call('POST', '/suppressions', { phones: [mobile(3), mobile(8)] })
    const importId = await bench.importCsv(
      `nome;telefone;Cupom;Código Postal\nAna;${mobile(1)};A;1\nBia;${mobile(4)};B;2\nCaio;${mobile(5)};;3\nDora;${mobile(8)};D;4\n`,
    )
    const typed = [mobile(3), mobile(6), mobile(6), mobile(4), 'Maria', '']
    const recipients = {
      contacts: [...typed.filter(Boolean).map((n) => ({ phone: n })), { phone: mobile(2), name: 'Bento' }],
      importIds: [importId, importId],
      excludeCampaignIds: [first.campaignId],
    }
    const plan = { messages: CODE }
    const absent = [3, 4, 5].map((n) => ({ phone: mobile(n), isOnWhatsapp: false, jid: null, sendTo: null }))
    const there = { phone: mobile(6), isOnWhatsapp: true, jid: null, sendTo: null }
    await transaction(bench.db, (trx) => saveAnswers(trx, bench.user.id, before.channelId, [...absent, there]))
    const { lines, refused, samples } = await look(recipients, plan)
    expect(lines).toEqual({
      chosen: 14,
      valid: 3,
      duplicate: 6,
      invalid: 1,
      suppressed: 2,
      excluded: 2,
      recentlyWritten: 0,
      notOnWhatsapp: 2,
      lackingVariables: 3,
    })
    expect(refused).toMatchObject([{ index: 4, input: 'Maria', reason: 'NOT_A_NUMBER' }])
    expect(samples).toEqual([
      { phone: mobile(6), name: null, texts: ['Olá ,   Centro'] },
      { phone: mobile(4), name: null, texts: ['Olá ,   Centro'] },
      { phone: mobile(5), name: 'Caio', texts: ['Olá Caio,  3 Centro'] },
    ])
    const phones = async (line: PreflightLine) =>
      (await peopleIn(line, recipients, plan)).map((person) => person.phone).toSorted()
    expect(await phones('valid')).toEqual([4, 5, 6].map(mobile))
    expect(await phones('suppressed')).toEqual([3, 8].map(mobile))
    expect(await phones('excluded')).toEqual([1, 2].map(mobile))
    expect(await phones('invalid')).toEqual(['Maria'])
    expect(await phones('notOnWhatsapp')).toEqual([4, 5].map(mobile))
    const repeated = await peopleIn('duplicate', recipients, plan)
    expect(Object.fromEntries(repeated.map((person) => [person.phone, person.times]))).toEqual({
      [mobile(1)]: 2,
      [mobile(4)]: 3,
      [mobile(5)]: 2,
      [mobile(6)]: 2,
      [mobile(8)]: 2,
    })
    const gaps = await peopleIn('lackingVariables', recipients, plan)
    expect(Object.fromEntries(gaps.map((person) => [person.phone, person.lacking]))).toEqual({
      [mobile(4)]: ['nome', 'cupom', 'codigo_postal'],
      [mobile(5)]: ['cupom'],
      [mobile(6)]: ['nome', 'cupom', 'codigo_postal'],
    })
    expect((await bench.call('GET', '/bulk-campaigns')).json().items).toHaveLength(1)
    expect(await bench.dispatch.sandbox.ledger(phone.sandboxUser)).toEqual([])
    const { campaignId } = await bench.create(phone, recipients, plan)
    const { totals } = await bench.untilPrepared(campaignId)
    expect(totals).toEqual({
      chosen: 14,
      recipients: lines.valid,
      duplicates: lines.duplicate,
      invalid: lines.invalid,
      suppressed: lines.suppressed,
      excluded: lines.excluded,
      recentlyWritten: lines.recentlyWritten,
      lackingVariables: lines.lackingVariables,
    })
  })

  it('counts and pages through lists that overlap, in more than one stretch, each person once', async () => {
    const ids: string[] = []
    for (const name of ['Um', 'Dois']) {
      ids.push((await bench.call('POST', '/contact-groups', { name })).json<{ id: string }>().id)
    }
    const people = 45_000
    await sql`
      insert into contacts (user_id, phone) select ${bench.user.id}, '+5511' || (980000000 + n) from generate_series(1, ${people}::int) n
    `.execute(bench.db)
    // All in the first, every third in the second.
    await bench.call('POST', `/contact-groups/${ids[0]}/add`, { filter: {} })
    await sql`
      insert into contact_label_members (user_id, label_id, contact_id)
      select user_id, ${ids[1]}, id from contacts where user_id = ${bench.user.id} and right(phone, 4)::int % 3 = 0
    `.execute(bench.db)
    const both = (await bench.call('GET', '/contact-groups')).json().items as { name: string; contacts: number }[]
    expect(both.find(({ name }) => name === 'Um')?.contacts).toBe(people)
    const inSecond = both.find(({ name }) => name === 'Dois')?.contacts ?? 0
    await bench.call('POST', '/suppressions', { phones: ['+5511980000001', '+5511980045000'] })
    const recipients = { groupIds: ids, contacts: [{ phone: '+5511980030000' }] }
    const { lines } = await look(recipients, { messages: [{ type: 'text', content: 'Oi' }] })
    expect(lines).toMatchObject({
      chosen: people + inSecond + 1,
      valid: people - 2,
      suppressed: 2,
      lackingVariables: 0,
    })
    expect(lines.duplicate).toBe(inSecond + 1)
    const left = (await peopleIn('suppressed', recipients)).map((person) => person.phone)
    expect(left).toEqual(['+5511980000001', '+5511980045000'])
  }, 60_000)

  it('says when it would be over, by the pace, from the time it is to start', async () => {
    const contacts = Array.from({ length: 10 }, (_, n) => ({ phone: mobile(n) }))
    const scheduledAt = new Date(Date.now() + 3600_000).toISOString()
    const { estimatedSeconds, finishesAt } = await look({ contacts }, { delayMin: 10, delayMax: 20, scheduledAt })
    expect(estimatedSeconds).toBe(150)
    expect(finishesAt).toBe(new Date(Date.parse(scheduledAt) + 150_000).toISOString())
    expect(await look({ contacts })).toMatchObject({ estimatedSeconds: null, finishesAt: null })
  })

  it('names its channel by the token, and refuses what a creation would', async () => {
    const plan = { ...planOf(phone, { contacts: [{ phone: mobile(1) }] }), channelId: undefined }
    const wrong = await bench.call('POST', '/bulk-campaigns/preflight', plan, { token: 'nobodys-token' })
    expect(wrong.json().error.code).toBe('CHANNEL_TOKEN_REJECTED')
    const text = [{ type: 'text', content: '{% if %}' }]
    const bad = await bench.call('POST', '/bulk-campaigns/preflight', planOf(phone, {}, { messages: text }))
    expect(bad.json().error.code).toBe('TEMPLATE_INVALID')
    for (const query of ['line=nope', 'cursor=x', 'limit=0', 'line=valid&cursor=q7']) {
      const body = planOf(phone, { contacts: [{ phone: mobile(1) }] })
      expect((await bench.call('POST', `/bulk-campaigns/preflight/people?${query}`, body)).statusCode).toBe(400)
    }
  })
})
