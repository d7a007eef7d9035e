import { setTimeout as sleep } from 'node:timers/promises'
import type { CreatedCampaign } from '#contract/campaigns.ts'
import { createUser, sandboxChannel } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const CREATIONS = '/api/user/bulk-campaigns'
const LIMIT = 10
const POSTS = 20
/** A creation with so many people takes some tens of milliseconds: time to die in. */
const PEOPLE = 3000
const WITHIN_MS = 120

type Answer = { status: number; text: string; isReplay: boolean }

/** One key, many posts: one campaign. Repeats do not count against the limit, another body is refused, a crash changes nothing. */
export async function doubleCreate(lab: Lab): Promise<Numbers> {
  const clicks = await doubleClicks(lab)
  return { ...clicks, ...(await crashes(lab, lab.rounds(20, 3))) }
}

async function doubleClicks(lab: Lab): Promise<Numbers> {
  const { site, channelId } = await limitedSite(lab, String(LIMIT))
  for (let n = 1; n <= LIMIT; n++) {
    const posts = Array.from({ length: POSTS }, () =>
      post(site, `key ${n}`.replace(' ', '-'), plan(channelId, `${n}`, 20)),
    )
    const answers = await Promise.all(posts)
    const different = new Set(answers.map(({ status, text }) => `${status} ${text}`))
    check(
      different.size === 1,
      `${POSTS} posts with one key got ${different.size} answers: ${[...different].join(' | ')}`,
    )
    check(answers[0]?.status === 201, `A creation was answered ${answers[0]?.status}.`)
    check(answers.filter(({ isReplay }) => !isReplay).length === 1, 'More than one answer was no replay.')
  }
  const [row] = await site.query<{ n: number }>('select count(*)::int as n from campaigns')
  check(row?.n === LIMIT, `${LIMIT} keys made ${row?.n} campaigns.`)
  const other = await post(site, 'key-1', plan(channelId, 'another', 20))
  check(other.status === 422, `Another body under a used key was answered ${other.status}.`)
  const eleventh = await post(site, 'key-11', plan(channelId, '11', 20))
  check(eleventh.status === 429, `Creation ${LIMIT + 1} within a minute was answered ${eleventh.status}.`)
  const again = await post(site, 'key-1', plan(channelId, '1', 20))
  check(again.status === 201 && again.isReplay, `Beyond the limit a repeat was answered ${again.status}.`)
  return { keys: LIMIT, 'posts a key, at once': POSTS, campaigns: row.n }
}

/** The process dies at a random moment of the creation; afterwards the same post finds or makes the one campaign. */
async function crashes(lab: Lab, rounds: number): Promise<Numbers> {
  const { site, channelId, server: first } = await limitedSite(lab, '100000')
  let server: ServerProcess = first
  let madeBefore = 0
  let unanswered = 0
  for (let round = 1; round <= rounds; round++) {
    lab.tell(`crash ${round} of ${rounds}`)
    const [key, body] = [`crash-${round}`, plan(channelId, `crash ${round}`, PEOPLE)]
    const cut = post(site, key, body).catch(() => null)
    await sleep(lab.random.between(0, lab.limit(WITHIN_MS)))
    await site.killEverything(server)
    if ((await cut) === null) unanswered += 1
    server = await site.start()
    const before = await campaignsNamed(site, `crash ${round}`)
    const replay = await post(site, key, body)
    check(replay.status === 201, `After the crash the repeat was answered ${replay.status}: ${replay.text}`)
    const { campaignId } = JSON.parse(replay.text) as CreatedCampaign
    const after = await campaignsNamed(site, `crash ${round}`)
    check(
      after.length === 1 && after[0] === campaignId,
      `The crash left ${after.length} campaigns, not the one answered.`,
    )
    check(
      before.length === 0 || before[0] === campaignId,
      'The repeat made another campaign than the one that was there.',
    )
    const said = await cut
    check(said === null || said.text === replay.text, 'The repeat was answered differently than the first post.')
    if (before.length > 0) madeBefore += 1
  }
  return { crashes: rounds, 'of these before any answer': unanswered, 'with the campaign already made': madeBefore }
}

async function limitedSite(lab: Lab, limit: string): Promise<{ site: Site; channelId: string; server: ServerProcess }> {
  const site = lab.embeddedSite({ CAMPAIGN_CREATE_LIMIT: limit })
  const server = await site.start()
  await createUser(site)
  return { site, channelId: (await sandboxChannel(site)).id, server }
}

async function post(site: Site, key: string, body: object): Promise<Answer> {
  const response = await site.api.send('POST', CREATIONS, JSON.stringify(body), { 'idempotency-key': key })
  const isReplay = response.headers.get('idempotency-replayed') === 'true'
  return { status: response.status, text: await response.text(), isReplay }
}

function plan(channelId: string, name: string, people: number): object {
  const contacts = Array.from({ length: people }, (_, i) => ({ phone: `+55119${70_000_000 + i}` }))
  const messages = [{ type: 'text', content: 'Oi' }]
  return { name, channelId, messages, recipients: { contacts }, delayMin: 0, delayMax: 0 }
}

async function campaignsNamed(site: Site, name: string): Promise<string[]> {
  return (await site.query<{ id: string }>('select id from campaigns where name = $1', [name])).map(({ id }) => id)
}
