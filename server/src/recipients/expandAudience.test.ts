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
