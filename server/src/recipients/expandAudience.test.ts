import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ContactList } from '#contract/contactLists.ts'
import type { Contact } from '#contract/contacts.ts'
import { transaction } from '#server/db/transaction.ts'
import { openAudienceTestBench, type AudienceTestBench } from '#server/reports/audienceTestBench.ts'
import { expandChunk, type ExpandedChunk } from './expandAudience.ts'
import { NOBODY_LEFT_OUT } from './leaveOut.ts'

let bench: AudienceTestBench

beforeAll(async () => {
  bench = await openAudienceTestBench()
  await bench.newUser()
  // The chunks are expanded by hand here.
  await bench.preparer.stop()
})
afterAll(() => bench.close())

it('takes somebody once who was deleted and added again while their list is read', async () => {
  const { id: labelId } = (await bench.call('POST', '/contact-groups', { name: 'Clientes' })).json<ContactList>()
  const add = async (phone: string) =>
    (await bench.call('POST', '/contacts', { phone, groupIds: [labelId] })).json<Contact>()
  const first = await add('+5511987650001')
  await add('+5511987650002')
  const { campaignId } = await bench.create(await bench.newPhone(), { groupIds: [labelId] })
  const nextChunk = (nextRecipient: number, afterKey: number): Promise<ExpandedChunk> =>
    transaction(bench.db, (trx) =>
      expandChunk(
        trx,
        { kind: 'label', labelId },
        {
          userId: bench.user.id,
          campaignId,
          nextRecipient,
          afterKey,
          limit: 2,
          isFirstSource: true,
          orderSeed: null,
          leaveOut: NOBODY_LEFT_OUT,
          needed: [],
        },
      ),
    )
  const one = await nextChunk(1, 0)
  expect(one).toMatchObject({ seen: 2, inserted: 2 })
  await bench.call('DELETE', `/contacts/${first.id}`)
  await add('+5511987650001')
  await add('+5511987650003')
  expect(await nextChunk(3, one.lastKey)).toMatchObject({ seen: 2, inserted: 1 })
  const rows = await bench.db
    .selectFrom('campaign_contacts as r')
    .innerJoin('campaign_counts as k', 'k.campaign_id', 'r.campaign_id')
    .select(['r.phone', 'k.pending'])
    .where('r.campaign_id', '=', campaignId)
    .orderBy('r.id')
    .execute()
  expect(rows.map(({ phone }) => phone)).toEqual(['+5511987650001', '+5511987650002', '+5511987650003'])
  expect(rows.map(({ pending }) => pending)).toEqual([3, 3, 3])
})

it('reads as many contacts for the last chunk of a long list as for the first', async () => {
  const { campaignId } = await bench.create(await bench.newPhone(), { contacts: [{ phone: '+5511987650009' }] })
  const [importId, userId] = [randomUUID(), bench.user.id]
  await sql`
    with made as (
      insert into contacts (user_id, phone) select ${userId}, '+55119' || n from generate_series(10000000, 10039999) n
      returning id
    )
    insert into import_contacts (user_id, import_id, contact_id, line, created)
    select ${userId}, ${importId}, id, 1, true from made
  `.execute(bench.db)
  await sql`analyze contacts, import_contacts`.execute(bench.db)
  const { rows: ids } = await sql<{ id: number }>`
    select contact_id as id from import_contacts where import_id = ${importId} order by 1 offset 38000 limit 1
  `.execute(bench.db)
  const read = await transaction(bench.db, async (trx) => {
    const chunk = await expandChunk(
      trx,
      { kind: 'import', importId },
      {
        userId,
        campaignId,
        nextRecipient: 1,
        afterKey: ids[0]?.id ?? 0,
        limit: 1000,
        isFirstSource: true,
        orderSeed: null,
        leaveOut: NOBODY_LEFT_OUT,
        needed: [],
      },
    )
    expect(chunk).toMatchObject({ seen: 1000, inserted: 1000 })
    const { rows } = await sql<{ read: number }>`
      select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables where relname = 'contacts'
    `.execute(trx)
    return rows[0]?.read
  })
  expect(read).toBeGreaterThanOrEqual(1000)
  expect(read).toBeLessThan(3000)
})
