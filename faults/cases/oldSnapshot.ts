import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Database, Db } from '#server/db/Database.ts'
import { claimRecipients, type LaneHold } from '#server/recipients/claimRecipients.ts'
import { buildCampaign, buildChannel, buildUser, holdLane } from '#server/test/builders.ts'
import { check, median } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const BATCH = 100
/** Where in the campaign it is measured, and what 95 of 100 claims may take, in ms. */
const POINTS = [
  { done: 0.1, limitMs: 50 },
  { done: 0.9, limitMs: 200 },
]
const INDEX = 'campaign_contacts_pending_idx'

/**
 * Somebody holds an old snapshot (a forgotten transaction, a long report): no dead row can be removed for the whole
 * campaign. Claims stay quick, because they read one index and never from its beginning.
 */
export async function oldSnapshot(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(1_000_000, 50_000)
  const site = await lab.externalSite()
  await (await site.start('api')).stop()
  const { db, statements, close } = openWatched(await site.connection())
  lab.atEnd(close)
  const lane = await fill(db, size)
  const release = await holdSnapshot(await site.connection())
  const numbers: Numbers = { recipients: size }
  for (const { done, limitMs } of POINTS) {
    const { p95, middle, first } = await measure(lab, db, lane, Math.floor(size * done), limitMs)
    numbers[`claims at ${done * 100} %: p95 ms`] = p95
    numbers[`claims at ${done * 100} %: median ms`] = middle
    numbers[`claims at ${done * 100} %: the first of a worker, from the beginning, ms`] = first
    await checkPlan(db, statements)
  }
  await checkCounters(db, lane.campaignId, lab.rounds(100, 40))
  await release()
  return { ...numbers, 'claims read by': INDEX }
}

type Lane = LaneHold & { campaignId: string }

/** Takes away everybody before `done`, as sending would, and claims on from there. */
async function measure(lab: Lab, db: Db, lane: Lane, done: number, limitMs: number) {
  await sql`update campaign_contacts set status = 'sent', status_at = clock_timestamp()
    where user_id = ${lane.userId} and campaign_id = ${lane.campaignId} and id <= ${done} and status <> 'sent'`.execute(
    db,
  )
  const tookMs: number[] = []
  let after = Number.MIN_SAFE_INTEGER
  const claims = lab.rounds(100, 40)
  for (let claim = 0; claim < claims; claim++) {
    const startedAt = performance.now()
    const { recipients: claimed } = await claimRecipients(db, lane, lane.campaignId, { after, limit: BATCH })
    tookMs.push(performance.now() - startedAt)
    check(claimed.length === BATCH, `A claim got ${claimed.length} of ${BATCH}.`)
    after = claimed.at(-1)?.processingOrder ?? after
  }
  const p95 = Math.round(tookMs.toSorted((a, b) => a - b)[Math.floor(claims * 0.95) - 1] ?? 0)
  check(p95 <= lab.limit(limitMs), `With ${done} people done, 95 of 100 claims took ${p95} ms; ${limitMs} are allowed.`)
  return { p95, middle: median(tookMs), first: Math.round(tookMs[0] ?? 0) }
}

async function fill(db: Db, size: number): Promise<Lane> {
  // Nobody here opens what the builder seals, and the ring would refuse what is sealed with a key that it does not have.
  await sql`truncate secret_keys`.execute(db)
  const userId = await buildUser(db)
  const channel = await buildChannel(db, userId)
  const campaign = await buildCampaign(db, { userId, channelId: channel.id }, { recipients: 1 })
  const lane = await holdLane(db, campaign)
  await sql`update channels set lane_expires_at = clock_timestamp() + interval '1 hour'`.execute(db)
  await sql`insert into campaign_contacts (user_id, campaign_id, id, processing_order, phone, name)
    select ${userId}, ${campaign.id}, n, n, '+5511' || (800000000 + n), 'Pessoa ' || n from generate_series(2, ${size}) n`.execute(
    db,
  )
  await sql`update campaign_counts set pending = ${size} where campaign_id = ${campaign.id}`.execute(db)
  await sql`analyze campaign_contacts`.execute(db)
  return { ...lane, campaignId: campaign.id }
}

async function holdSnapshot(connection: pg.ClientConfig): Promise<() => Promise<void>> {
  const client = new pg.Client(connection)
  client.on('error', () => undefined)
  await client.connect()
  await client.query('begin isolation level repeatable read')
  await client.query('select count(*) from campaigns')
  return () => client.end()
}

/** The statement that was just carried out, as PostgreSQL plans it: by the index of those who wait, and no other way. */
async function checkPlan(db: Db, statements: { sql: string; parameters: readonly unknown[] }[]): Promise<void> {
  const claim = statements.findLast(({ sql: text }) => text.includes('claimed as ('))
  check(claim !== undefined, 'No claim was seen.')
  const { rows } = await db.executeQuery<{ 'QUERY PLAN': string }>({
    ...claim,
    sql: `explain ${claim.sql}`,
  } as Parameters<Db['executeQuery']>[0] as never)
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  check(plan.includes(INDEX), `The claim does not use ${INDEX}:\n${plan}`)
  check(!/Seq Scan on campaign_contacts/.test(plan), `The claim reads the whole table:\n${plan}`)
}

async function checkCounters(db: Db, campaignId: string, claims: number): Promise<void> {
  const { rows } = await sql<{ counted: number }>`
    select sending::int as counted from campaign_counts where campaign_id = ${campaignId}`.execute(db)
  // The lab moved the sending of the first point on to sent by itself; what claims counted must be what they claimed.
  const claimed = POINTS.length * claims * BATCH
  check(rows[0]?.counted === claimed, `The counter says ${rows[0]?.counted} were claimed; it were ${claimed}.`)
}

function openWatched(connection: pg.ClientConfig) {
  const statements: { sql: string; parameters: readonly unknown[] }[] = []
  const pool = new pg.Pool({ ...connection, max: 2 })
  pool.on('error', () => undefined)
  const db: Db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void statements.push(query),
  })
  return { db, statements, close: () => db.destroy() }
}
