import { parse } from 'csv-parse/sync'
import { MAX_STEPS, MAX_TEXT_LENGTH } from '#contract/campaigns.ts'
import { ApiProblem } from '../lab/ApiClient.ts'
import { arm } from '../lab/armed.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { findTrailProblems } from '../lab/trail.ts'
import { serverLines } from '../lab/serverLog.ts'
import type { Site } from '../lab/Site.ts'

const CAMPAIGNS = '/api/user/bulk-campaigns'
const FORGED = 'Fornada\r\n{"level":30,"msg":"forged"}\u001b[2J\u202e=cmd|calc'
const MOST_BYTES = 16_384
/** Changes that a server gets through at most before it is killed. */
const CHANGES = 12

/** Whoever writes into the trail writes only what happened, once, in a row of its own; and nobody takes it out. */
export async function forgedTrail(lab: Lab): Promise<Numbers> {
  const site = await lab.externalSite()
  const server = await site.start('api')
  await site.setUp()
  const rows = await injections(site)
  const refused = await tampering(site)
  await server.stop()
  return { 'rows with hostile values': rows, 'attempts to edit or remove': refused, ...(await kills(lab, site)) }
}

async function injections(site: Site): Promise<number> {
  const { campaignId } = await site.api.post<{ campaignId: string }>(CAMPAIGNS, plan(site, FORGED))
  const longest = 'á\n'.repeat(MAX_TEXT_LENGTH / 2)
  const messages = Array.from({ length: MAX_STEPS }, () => ({ type: 'text', content: longest }))
  await site.api.patch(`${CAMPAIGNS}/${campaignId}/config`, { name: `${FORGED} 2`, messages })
  await site.api.patch(`/api/user/channels/${site.channelId}`, { name: FORGED })
  await site.api.post('/api/user/api-keys', { name: FORGED.slice(0, 60) })
  const megabyte = JSON.stringify({ name: 'x'.repeat(1024 * 1024) })
  const before = await trailLength(site)
  const answer = await site.api.send('PATCH', `${CAMPAIGNS}/${campaignId}/config`, megabyte)
  check(answer.status === 400 || answer.status === 413, `A megabyte of name was answered with ${answer.status}.`)
  check((await trailLength(site)) === before, 'What was refused is in the trail.')
  await site.api.patch(`/api/user/channels/${site.channelId}`, { name: 'lab' })
  await noRowIsTooLong(site)
  await exportIsWhole(site)
  const broken = serverLines(site).filter((line) => line.includes('forged') && !/^\d+ \{.*\}$/.test(line))
  const forged = serverLines(site).filter((line) => /"msg":"forged"/.test(line))
  check(broken.length + forged.length === 0, `The log has ${broken.length + forged.length} forged lines.`)
  return before
}

async function noRowIsTooLong(site: Site): Promise<void> {
  const [row] = await site.query<{ longest: number; controls: number }>(
    `with t as (select details from campaign_audit_logs union all select details from audit_events)
     select (select max(octet_length(details::text)) from t) as longest,
       (select count(*)::int from t, jsonb_path_query(details, '$.**') v where (v #>> '{}') ~ '[[:cntrl:]]') as controls`,
  )
  check((row?.longest ?? 0) <= MOST_BYTES, `A row of the trail has ${row?.longest} bytes.`)
  check(row?.controls === 0, `${row?.controls} rows hold control characters.`)
}

/** The file has a line for each row, and no cell that begins a new one or a formula. */
async function exportIsWhole(site: Site): Promise<void> {
  const answer = await site.api.send('GET', '/api/admin/audit/export')
  const text = await answer.text()
  const rows: Record<string, string>[] = parse(text, { columns: true, bom: true })
  const lines = text.split('\r\n').length - 2
  const known = await trailLength(site)
  check(rows.length === known && lines === known, `${known} rows were exported as ${rows.length} in ${lines} lines.`)
  const bad = rows.flatMap((row) => Object.values(row)).filter((cell) => /^[=+\-@\t\r]|[\p{Cc}\u202e]/u.test(cell))
  check(bad.length === 0, `${bad.length} cells of the export are dangerous: ${JSON.stringify(bad[0])}.`)
}

/** Nothing of the API edits or removes a row, whatever the method. */
async function tampering(site: Site): Promise<number> {
  const [{ id, campaign } = { id: '', campaign: '' }] = await site.query<{ id: string; campaign: string }>(
    'select id::text, campaign_id as campaign from campaign_audit_logs order by id limit 1',
  )
  const before = await trail(site)
  let attempts = 0
  for (const base of [`${CAMPAIGNS}/${campaign}/audit`, '/api/admin/audit', '/api/admin/audit/export']) {
    for (const path of [base, `${base}/${id}`, `${base}/campaign-${id}`]) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const { status } = await site.api.send(method, path, JSON.stringify({ action: 'edit', details: {} }))
        check(status === 404 || status === 405, `${method} ${path} was answered with ${status}.`)
        attempts += 1
      }
    }
  }
  check((await trail(site)) === before, 'The trail was changed through the API.')
  return attempts
}

/** The server dies right before a commit, and at moments of nobody's choice; what is and what the trail says agree. */
async function kills(lab: Lab, site: Site): Promise<Numbers> {
  const rounds = lab.rounds(40, 4)
  let changes = 0
  let deaths = 0
  for (let round = 0; round < rounds; round++) {
    const atCommit = round % 2 === 0
    const point = arm(site, { at: 'before_commit', do: 'kill', nth: Math.ceil(lab.random.between(0, CHANGES)) })
    const server = await site.start('api', atCommit ? point.settings : {})
    const timer = atCommit ? undefined : setTimeout(() => server.signal('SIGKILL'), lab.random.between(0, 300))
    changes += await changeUntilDeath(lab, site, round)
    clearTimeout(timer)
    if (server.hasEnded || (await endsSoon(server.ended))) deaths += 1
    else await server.kill()
    const problems = await findTrailProblems(site)
    check(problems.length === 0, `After round ${round}: ${problems.join(' ')}`)
    lab.tell(`round ${round + 1} of ${rounds}`)
  }
  check(deaths > rounds / 3, `Only ${deaths} of ${rounds} servers died in the middle.`)
  return { 'changes that were answered': changes, kills: deaths, 'changes without their one row': 0 }
}

/** How many changes were answered before nobody answered any more. */
async function changeUntilDeath(lab: Lab, site: Site, round: number): Promise<number> {
  let answered = 0
  try {
    while (answered < 4 * CHANGES) {
      const { campaignId } = await site.api.post<{ campaignId: string }>(CAMPAIGNS, plan(site, `Round ${round}`))
      const path = `${CAMPAIGNS}/${campaignId}`
      await site.api.patch(`${path}/config`, { delayMax: Math.ceil(lab.random.between(0, 300)) })
      await site.api.patch(`/api/user/channels/${site.channelId}`, { name: `Channel ${round} ${answered}` })
      await site.api.post('/api/user/api-keys', { name: `Key ${round}` })
      await site.api.post(`${path}/start`)
      await site.api.post(`${path}/cancel`)
      await site.api.send('DELETE', path)
      answered += 7
    }
  } catch (error) {
    if (error instanceof ApiProblem) throw error
  }
  return answered
}

function endsSoon(ended: Promise<unknown>): Promise<boolean> {
  return Promise.race([ended.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, 400, false))])
}

function plan(site: Site, name: string) {
  return {
    name,
    channelId: site.channelId,
    messages: [{ type: 'text', content: 'Olá {{nome}}' }],
    recipients: { contacts: [{ phone: '+5511960000001' }] },
    delayMin: 0,
    delayMax: 0,
  }
}

async function trailLength(site: Site): Promise<number> {
  const [row] = await site.query<{ n: number }>(
    'select (select count(*)::int from campaign_audit_logs) + (select count(*)::int from audit_events) as n',
  )
  return row?.n ?? 0
}

async function trail(site: Site): Promise<string> {
  return JSON.stringify(await site.query('select * from campaign_audit_logs order by id'))
}
