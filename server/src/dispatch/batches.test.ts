import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HeldRows } from '#server/recipients/lostClaims.ts'
import type { Settlement } from '#server/recipients/settleRecipients.ts'
import { buildCampaign, buildChannel, buildUser, holdLane, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { findRunningCampaign } from './dispatchQueries.ts'
import { QueueManager } from './QueueManager.ts'
import { SuppressionWatch } from './SuppressionWatch.ts'

const MOST_AT_ONCE = 100
const HORIZON_MS = 10_000
const LARGEST = 1600

let test: TestDatabase
let campaign: BuiltCampaign

beforeAll(async () => {
  test = await createTestDatabase()
  const userId = await buildUser(test.db)
  const { id: channelId } = await buildChannel(test.db, userId)
  campaign = await buildCampaign(test.db, { userId, channelId }, { recipients: LARGEST })
})
afterAll(() => test.close())

/** The first `size` are open, the others are done. */
async function open(size: number): Promise<void> {
  await sql`
    update campaign_contacts set status = case when id <= ${size} then 'pending' else 'sent' end, claim_epoch = null
    where campaign_id = ${campaign.id} and status <> case when id <= ${size} then 'pending' else 'sent' end
  `.execute(test.db)
}

async function claimed(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from campaign_contacts where campaign_id = ${campaign.id} and status = 'sending'
  `.execute(test.db)
  return rows[0]?.n ?? 0
}

const pace = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 300, max: 60_000 }))

it('of more than 1,000 recipients no claim takes more than 100, nor more than the pace lets start within ten seconds', async () => {
  const scene = fc.record({
    recipients: fc.integer({ min: 1001, max: LARGEST }),
    asked: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 101, max: 5000 })),
    maxInFlight: fc.integer({ min: 1, max: 200 }),
    isIdempotent: fc.boolean(),
    campaignGapMs: pace,
    channelGapMs: pace,
    claims: fc.integer({ min: 1, max: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(scene, async ({ recipients, asked, maxInFlight, isIdempotent, ...more }) => {
      await open(recipients)
      const lane = await holdLane(test.db, campaign)
      const running = await findRunningCampaign(test.db, campaign.id)
      if (running === undefined) throw new Error('The campaign does not run.')
      const settled: Settlement[] = []
      const queue = new QueueManager({
        db: test.db,
        lane,
        campaign: running,
        pace: {
          delayMinMs: more.campaignGapMs,
          delayMaxMs: more.campaignGapMs,
          window: null,
          timeZone: 'UTC',
          isSlow: false,
        },
        held: new HeldRows(),
        settle: (settlement) => void settled.push(settlement),
        maxBatch: asked,
        mayHaveSuspects: false,
        loadMedium: async () => null,
        suppressions: new SuppressionWatch(test.db, campaign.userId),
        gateway: { isIdempotent, limits: { deadlineMs: 1000, maxInFlight } },
      })
      const gapMs = Math.max(more.campaignGapMs, more.channelGapMs)
      const startable = gapMs === 0 ? Infinity : Math.max(1, Math.floor(HORIZON_MS / gapMs))
      const expected = Math.min(asked, MOST_AT_ONCE, startable, isIdempotent ? Infinity : maxInFlight)
      for (let claims = 1; claims <= more.claims; claims++) {
        await queue.processContactsBatch(Infinity, more.channelGapMs)
        expect([await claimed(), queue.readyCount]).toEqual([claims * expected, claims * expected])
      }
      expect(settled).toEqual([])
    }),
    { numRuns: 100 },
  )
}, 120_000)
