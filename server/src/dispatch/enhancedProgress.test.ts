import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { acceptedOf, NO_COUNTS, RECIPIENT_STATUSES, type Counts, type RecipientStatus } from '#contract/states.ts'
import { moveCampaigns } from '#server/campaigns/campaignQueries.ts'
import { transaction } from '#server/db/transaction.ts'
import { logCampaignErrors } from '#server/recipients/recipientQueries.ts'
import { buildCampaign, buildChannel, buildUser, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { getEnhancedProgress } from './getEnhancedProgress.ts'

let test: TestDatabase
let owner: { userId: string; channelId: string }

beforeAll(async () => {
  test = await createTestDatabase()
  const userId = await buildUser(test.db)
  owner = { userId, channelId: (await buildChannel(test.db, userId)).id }
})
afterAll(() => test.close())

const progressOf = ({ userId, id }: BuiltCampaign) => getEnhancedProgress(test.db, userId, id)

async function move({ id }: BuiltCampaign, to: 'running' | 'paused' | 'completed'): Promise<void> {
  await transaction(test.db, (trx) => moveCampaigns(trx, to, { id }))
}

/** As if the campaign had run for so much longer. */
const letRun = ({ id }: BuiltCampaign, ms: number) =>
  sql`update campaigns set running_since = running_since - ${ms}::double precision * interval '1 millisecond' where id = ${id}`.execute(
    test.db,
  )

const counted = fc.record(
  Object.fromEntries(RECIPIENT_STATUSES.map((status) => [status, fc.nat(1_000_000)])) as Record<
    RecipientStatus,
    fc.Arbitrary<number>
  >,
)

it('the speed is what was accepted, by the minutes spent running: pauses do not count, nor does the time after the end', async () => {
  const stretch = fc.integer({ min: 60_000, max: 40_000_000 })
  const life = fc.record({
    counts: counted,
    ran: fc.array(stretch, { minLength: 1, maxLength: 4 }),
    ends: fc.constantFrom<'running' | 'paused' | 'completed'>('running', 'paused', 'completed'),
  })
  await fc.assert(
    fc.asyncProperty(life, async ({ counts, ran, ends }) => {
      const campaign = await buildCampaign(test.db, owner, { recipients: 0, status: 'draft' })
      await test.db.updateTable('campaign_counts').set(counts).where('campaign_id', '=', campaign.id).execute()
      const begun = performance.now()
      for (const [n, ms] of ran.entries()) {
        if (n > 0) await move(campaign, 'paused')
        await move(campaign, 'running')
        await letRun(campaign, ms)
      }
      if (ends !== 'running') await move(campaign, ends)
      const { averageSpeed } = await progressOf(campaign)
      const tookMs = performance.now() - begun + 50
      const accepted = acceptedOf(counts)
      const planned = ran.reduce((sum, ms) => sum + ms, 0)
      if (accepted === 0) return expect(averageSpeed).toBeNull()
      expect(averageSpeed).toBeLessThanOrEqual(accepted / ((planned - 5) / 60_000))
      expect(averageSpeed).toBeGreaterThanOrEqual(accepted / ((planned + tookMs) / 60_000))
    }),
    { numRuns: 200 },
  )
}, 60_000)

it('there is no speed before anything was accepted, or before anything ran', async () => {
  const campaign = await buildCampaign(test.db, owner, { recipients: 3, status: 'draft' })
  expect((await progressOf(campaign)).averageSpeed).toBeNull()
  const counts: Counts = { ...NO_COUNTS, sent: 3 }
  await test.db.updateTable('campaign_counts').set(counts).where('campaign_id', '=', campaign.id).execute()
  expect((await progressOf(campaign)).averageSpeed).toBeNull()
})

it('of all errors at most five are shown: the newest, the last first, and none of another campaign', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(2), { maxLength: 16 }), async (whose) => {
      const campaigns = await Promise.all([0, 1, 2].map(() => buildCampaign(test.db, owner, { recipients: 0 })))
      const codes: string[][] = campaigns.map(() => [])
      for (const [n, of] of whose.entries()) {
        const entry = { userId: owner.userId, campaignId: campaigns[of]?.id ?? '', code: `CODE_${n}`, message: 'x' }
        await transaction(test.db, (trx) => logCampaignErrors(trx, [{ ...entry, category: 'API_ERROR' }]))
        codes[of]?.push(entry.code)
      }
      for (const [of, campaign] of campaigns.entries()) {
        const { recentErrors } = await progressOf(campaign)
        expect(recentErrors.map(({ code }) => code)).toEqual(codes[of]?.slice(-5).toReversed())
      }
    }),
    { numRuns: 100 },
  )
}, 60_000)
