import { setTimeout as sleep } from 'node:timers/promises'
import type { SingleMessage } from '#contract/messages.ts'
import { parseMessageId } from '#server/recipients/messageId.ts'
import { balanceAtEnd, findProblems, type Books } from '../lab/balance.ts'
import { check, ExpectationFailed, median, most, until } from '../lab/check.ts'
import type { LedgerLine } from '../lab/GatewayControl.ts'
import { campaignFromFile } from '../lab/importPeople.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import { IN_FLIGHT, type Site } from '../lab/Site.ts'

const MESSAGES = '/api/user/messages'
const POSTERS = 4
/** A kill never comes later than this after the one before. */
const WITHIN_MS = 1500
/** Messages of the campaign that leave while one single message is stored and taken: those under way twice over. */
const OVERTAKEN_AT_MOST = 4 * IN_FLIGHT

/**
 * Single messages are asked for while a campaign runs and the server is killed again and again. Each is the very next
 * one on its channel; none is missing, none went under two ids, and nobody has to resume them: only the campaign.
 */
export async function singleFirst(lab: Lab): Promise<Numbers> {
  const singles = lab.rounds(500, 60)
  const site = lab.embeddedSite()
  const server = await site.start()
  await site.setUp({ latencyMinMs: 10, latencyMaxMs: 40 })
  const campaign = await campaignFromFile(lab, site, lab.rounds(15_000, 2000))
  await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
  const waits = await overtake(lab, site, campaign, lab.rounds(20, 5))
  const posting = postAll(lab, site, singles)
  const kills = lab.rounds(20, 2)
  await killRepeatedly(lab, site, campaign, server, kills)
  const posts = await posting
  await until('the end of all single messages', () => areOver(site, singles + waits.length), {
    limitMs: lab.limit(60_000),
    everyMs: 100,
  })
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  const repeated = await checkSingles(site)
  return {
    kills,
    'single messages': singles,
    'posts repeated after a kill': posts - singles,
    'campaign messages while one was stored and sent, median': median(waits),
    'campaign messages while one was stored and sent, most': most(waits),
    'repeated requests of single messages (same id)': repeated,
    'campaign recipients': books.recipients,
  }
}

/** How many messages of the campaign the gateway accepted between the request for a single one and its acceptance. */
async function overtake(lab: Lab, site: Site, campaign: ObservedCampaign, rounds: number): Promise<number[]> {
  const made: SingleMessage[] = []
  for (let n = 1; n <= rounds; n++) {
    const message = JSON.parse(await post(site, `first-${n}`, 80_000_000 + n)) as SingleMessage
    made.push(message)
    const isSent = async () => {
      const { state } = await site.api.get<SingleMessage>(`${MESSAGES}/${message.messageId}`)
      return state === 'sent' ? true : null
    }
    await until('a single message', isSent, { limitMs: lab.limit(2000), everyMs: 20 })
  }
  check((await campaign.progress()).status === 'running', 'The campaign ended before the single messages were sent.')
  const accepted = (await site.gateway.ledger()).filter(({ kind }) => kind === 'accepted')
  const waits = made.map(({ gatewayMessageId, createdAt }) => {
    const place = accepted.findIndex(({ messageId }) => messageId === gatewayMessageId)
    return accepted.slice(0, place).filter(({ t }) => t > createdAt).length
  })
  const limit = lab.limit(OVERTAKEN_AT_MOST)
  check(
    most(waits) <= limit,
    `${most(waits)} messages of the campaign went before a single one; ${limit} are the most.`,
  )
  return waits
}

/** Each is asked for under a key of its own until it is answered; returns the number of posts. */
async function postAll(lab: Lab, site: Site, count: number): Promise<number> {
  let next = 1
  let posts = 0
  const poster = async () => {
    while (next <= count) {
      const n = next++
      for (let isAnswered = false; !isAnswered;) {
        posts++
        isAnswered = await post(site, `single-${n}`, 70_000_000 + n).then(
          () => true,
          () => sleep(100).then(() => false),
        )
      }
      await sleep(lab.random.between(10, 60))
    }
  }
  await Promise.all(Array.from({ length: POSTERS }, poster))
  return posts
}

async function post(site: Site, key: string, number: number): Promise<string> {
  const body = {
    channelId: site.channelId,
    phone: `+55119${number}`,
    message: { type: 'text', content: `Recado ${key}: {{telefone}}` },
  }
  const answer = await site.api.send('POST', MESSAGES, JSON.stringify(body), { 'idempotency-key': key })
  const text = await answer.text()
  if (answer.status !== 201) throw new Error(`${answer.status} ${text}`)
  return text
}

async function killRepeatedly(
  lab: Lab,
  site: Site,
  campaign: ObservedCampaign,
  first: ServerProcess,
  kills: number,
): Promise<void> {
  let server = first
  for (let kill = 1; kill <= kills; kill++) {
    await sleep(lab.random.between(100, WITHIN_MS))
    await server.kill()
    server = await site.start()
    lab.tell(`kill ${kill} of ${kills}`)
    // A person sees to the campaign, at leisure; the single messages need nobody.
    await sleep(lab.random.between(0, 300))
    if ((await campaign.progress()).status === 'paused') await campaign.resume()
  }
}

async function areOver(site: Site, expected: number): Promise<true | null> {
  const rows = await site.query<{ status: string; n: number }>(
    `select status, count(*)::int as n from campaigns where kind = 'single' group by status`,
  )
  const total = rows.reduce((sum, { n }) => sum + n, 0)
  check(total <= expected, `${total} single messages were made where ${expected} were asked for.`)
  return rows.length === 1 && rows[0]?.status === 'completed' && total === expected ? true : null
}

type Row = { id: string; phone: string; steps: number } & Omit<Books, 'rows' | 'completed'> & {
    row: Books['rows'][number]
  }

/** The oracle for each of them; returns how many requests were repeats. */
async function checkSingles(site: Site): Promise<number> {
  const rows = await site.query<Row>(
    `select c.id, c.status, c.message_tag::int8::float8 as tag, 1 as steps, r.phone, to_jsonb(k) as counts,
      jsonb_build_object('id', r.id, 'phone', r.phone, 'status', r.status) as row,
      (select jsonb_agg(jsonb_build_object('action', a.action, 'details', a.details) order by a.id)
        from campaign_audit_logs a where a.campaign_id = c.id) as audit
    from campaigns c
    join campaign_contacts r on r.user_id = c.user_id and r.campaign_id = c.id
    join campaign_counts k on k.user_id = c.user_id and k.campaign_id = c.id
    where c.kind = 'single'`,
  )
  const ledger = Map.groupBy(await site.gateway.ledger(), ({ messageId }) => parseMessageId(messageId)?.tag)
  const problems: string[] = []
  let repeated = 0
  for (const { row, phone, ...head } of rows) {
    const lines: LedgerLine[] = ledger.get(head.tag) ?? []
    problems.push(...findProblems({ ...head, rows: [row], completed: true }, [phone], lines))
    repeated += lines.filter(({ kind }) => kind === 'read').length - 1
  }
  if (problems.length === 0) return repeated
  throw new ExpectationFailed(`${problems.length} things do not hold, such as:\n${problems.slice(0, 5).join('\n')}`)
}
