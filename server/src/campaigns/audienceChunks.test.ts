import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { untilTrue } from '#server/dispatch/dispatchTestBench.ts'
import { Bell } from '#server/lib/Bell.ts'
import { getCounts } from '#server/recipients/recipientQueries.ts'
import { openAudienceTestBench, type AudienceTestBench } from '#server/reports/audienceTestBench.ts'
import { withFaults } from '#server/test/withFaults.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { AudiencePreparer } from './AudiencePreparer.ts'

/** Small chunks, so that a list of a thousand is a long one. */
const CHUNK = 20
const PEOPLE = 1050

let bench: AudienceTestBench
const preparers: AudiencePreparer[] = []

beforeAll(async () => {
  bench = await openAudienceTestBench()
  await bench.preparer.stop()
})
beforeEach(() => bench.newUser())
afterEach(async () => {
  await Promise.all(preparers.splice(0).map((preparer) => preparer.stop()))
})
afterAll(() => bench.close())

function startPreparer(db = bench.db): AudiencePreparer {
  const options = { audit: new AuditLogger(), bell: new Bell(), log: testLog, pollMs: 20, chunkSize: CHUNK }
  const preparer = new AudiencePreparer({ db, ...options })
  preparers.push(preparer)
  preparer.start()
  return preparer
}

const CSV = `nome;telefone\n${Array.from({ length: PEOPLE }, (_, i) => `Ana ${i};+55 11 98${1_000_000 + i}`).join('\n')}\n`

async function rowsOf(campaignId: string): Promise<{ id: number; name: string | null }[]> {
  const rows = bench.db.selectFrom('campaign_contacts').select(['id', 'name']).where('campaign_id', '=', campaignId)
  return rows.orderBy('id').execute()
}

async function chunksLeft(): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from campaign_chunks`.execute(bench.db)
  return rows[0]?.n ?? -1
}

const inOrder = (count: number) => Array.from({ length: count }, (_, i) => ({ id: i + 1, name: `Ana ${i}` }))

it('expanded beside each other, by several processes, make each person one recipient in the order of the list', async () => {
  const importId = await bench.importCsv(CSV)
  const { campaignId } = await bench.create(await bench.newPhone(), { importIds: [importId] })
  for (let i = 0; i < 3; i++) startPreparer()
  expect(await bench.untilPrepared(campaignId)).toMatchObject({ totals: { chosen: PEOPLE, duplicates: 0 } })
  expect(await rowsOf(campaignId)).toEqual(inOrder(PEOPLE))
  expect(await getCounts(bench.db, bench.user.id, campaignId)).toMatchObject({ pending: PEOPLE, skipped: 0 })
  expect(await chunksLeft()).toBe(0)
})

it('are all there before the next list begins: who is in both belongs to the first', async () => {
  const first = await bench.importCsv(CSV)
  const groupId = (await bench.call('POST', '/contact-groups', { name: 'Todas' })).json<{ id: string }>().id
  await sql`
    insert into contact_label_members (user_id, label_id, contact_id)
    select user_id, ${groupId}, contact_id from import_contacts where import_id = ${first}
  `.execute(bench.db)
  const { campaignId } = await bench.create(await bench.newPhone(), { importIds: [first], groupIds: [groupId] })
  startPreparer()
  startPreparer()
  expect(await bench.untilPrepared(campaignId)).toMatchObject({ totals: { chosen: 2 * PEOPLE, duplicates: PEOPLE } })
  expect(await rowsOf(campaignId)).toHaveLength(PEOPLE)
})

it('that fail, or whose process ends, are expanded by whoever comes next: nobody is missing, nobody counted twice', async () => {
  const importId = await bench.importCsv(CSV)
  const { campaignId } = await bench.create(await bench.newPhone(), { importIds: [importId] })
  let insertions = 0
  const isThird = (text: string) => text.includes('insert into campaign_contacts') && ++insertions % 3 === 0
  const shaky = startPreparer(withFaults(bench.db, (text) => (isThird(text) ? 'refuse' : 'none')))
  await untilTrue('a part is there', async () => (await rowsOf(campaignId)).length >= 10 * CHUNK)
  await shaky.stop()
  startPreparer()
  expect(await bench.untilPrepared(campaignId)).toMatchObject({ totals: { chosen: PEOPLE, duplicates: 0 } })
  expect(await rowsOf(campaignId)).toEqual(inOrder(PEOPLE))
  expect(await getCounts(bench.db, bench.user.id, campaignId)).toMatchObject({ pending: PEOPLE, skipped: 0 })
})

it("are not planned of a group: whoever joins it meanwhile takes nobody's place", async () => {
  const importId = await bench.importCsv(CSV)
  const groupId = (await bench.call('POST', '/contact-groups', { name: 'Pares' })).json<{ id: string }>().id
  const join = (rest: number) =>
    sql`
      insert into contact_label_members (user_id, label_id, contact_id)
      select user_id, ${groupId}, contact_id from import_contacts where import_id = ${importId} and line % 2 = ${rest}
    `.execute(bench.db)
  await join(0)
  const { campaignId } = await bench.create(await bench.newPhone(), { groupIds: [groupId] })
  let held = true
  const isInsertion = (text: string) => text.includes('insert into campaign_contacts')
  startPreparer(withFaults(bench.db, (text) => (held && isInsertion(text) ? 'refuse' : 'none')))
  await sleep(200)
  await join(1)
  held = false
  await bench.untilPrepared(campaignId)
  expect(await rowsOf(campaignId)).toHaveLength(PEOPLE)
})

it('of a campaign that is deleted meanwhile are left, and nothing waits for them', async () => {
  const importId = await bench.importCsv(CSV)
  const { campaignId } = await bench.create(await bench.newPhone(), { importIds: [importId] })
  let held = true
  const isInsertion = (text: string) => text.includes('insert into campaign_contacts')
  startPreparer(withFaults(bench.db, (text) => (held && isInsertion(text) ? 'refuse' : 'none')))
  await untilTrue('chunks are planned', async () => (await chunksLeft()) > 0)
  const gone = { status: 'cancelled', deleted_at: new Date() } as const
  await bench.db.updateTable('campaigns').set(gone).where('id', '=', campaignId).execute()
  held = false
  await untilTrue('nothing is left of them', async () => (await chunksLeft()) === 0)
  const campaign = bench.db.selectFrom('campaigns').select('preparing').where('id', '=', campaignId)
  await untilTrue('it is not prepared any more', async () => (await campaign.executeTakeFirst())?.preparing === false)
})
