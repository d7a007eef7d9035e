import { messageIdOf } from '#server/recipients/messageId.ts'
import { createUser, knownAddress, sandboxChannel } from '../lab/channels.ts'
import { check, most, until } from '../lab/check.ts'
import { bodyOf, sandboxHook } from '../lab/hooks.ts'
import { callerOf } from '../lab/hookSite.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { logged } from '../lab/serverLog.ts'
import type { Site } from '../lab/Site.ts'
import { statusesOf, storm, type Storm } from '../lab/storm.ts'

const DELAY_MS = 5000
const ANSWER_MS = 3000
const MOST_OPEN = 1000
const BURST = 2500
const RECOVERY_MS = 15_000

/**
 * Every answer of the database comes five seconds late. Calls are told to come again within three, those that find no
 * room at once, and never do more than a thousand pile up; when the database is itself again, so are the answers.
 */
export async function slowDatabaseWebhooks(lab: Lab): Promise<Numbers> {
  const postgres = await lab.postgres()
  const proxy = await lab.proxy(postgres.socket)
  const site = await lab.externalSite({ ...(await knownAddress()), LOG_LEVEL: 'debug' }, { through: proxy })
  await site.start('api')
  await createUser(site)
  const hook = await sandboxHook(site, (await sandboxChannel(site)).id)
  const caller = callerOf(lab, site, BURST)
  const bodyFor = (n: number) => bodyOf(hook, [{ id: messageIdOf(0xffffffff, n + 1, 0), state: 'read' }])
  check((await caller.call(hook, bodyFor(0))).status === 200, 'The first call was refused.')

  proxy.delay(DELAY_MS)
  const plan = { perSecond: lab.rounds(500, 100), forMs: lab.rounds(20_000, 5000), mostOpen: BURST, bodyOf: bodyFor }
  const steady = await storm(caller, hook, plan)
  judge(lab, steady)

  const answers: { status: number; ms: number }[] = []
  const burst = Array.from({ length: BURST }, async (_, n) => void answers.push(await caller.call(hook, bodyFor(n))))
  await Promise.all(burst)
  const unusual = answers.find(({ status }) => status !== 503 && status !== 200)
  check(unusual === undefined, `A call of the burst was answered with ${unusual?.status}.`)

  proxy.delay(0)
  const backSince = performance.now()
  const again = async () => ((await caller.call(hook, bodyFor(1))).status === 200 ? true : null)
  await until('a call to be taken', again, { limitMs: lab.limit(RECOVERY_MS), everyMs: 100 })
  const { mostOpen, slowestMs } = seenByServer(site)
  check(mostOpen <= MOST_OPEN, `${mostOpen} calls were in the server at once.`)
  check(slowestMs <= lab.limit(ANSWER_MS), `A call was in the server for ${slowestMs} ms.`)
  return {
    'calls a second': steady.reached,
    'answered with': JSON.stringify(statusesOf(steady)),
    'answered after, most ms': most(steady.answered.map(({ ms }) => ms)),
    'calls in one burst': BURST,
    'in the server at once, most': mostOpen,
    'in the server for, most ms': slowestMs,
    'taken again after the database was back, ms': Math.round(performance.now() - backSince),
  }
}

function judge(lab: Lab, { answered }: Pick<Storm, 'answered'>): void {
  const strange = answered.find(({ status }) => status !== 503 && status !== 200)
  check(strange === undefined, `A call was answered with ${strange?.status}.`)
  const slowest = most(answered.map(({ ms }) => ms))
  check(slowest <= lab.limit(ANSWER_MS), `A call was answered after ${slowest} ms.`)
}

/**
 * By what the server says of when each call ended and how long it took: in a burst the wait for a connection is of the
 * length of the listener's queue, and nobody's pile.
 */
function seenByServer(site: Site): { mostOpen: number; slowestMs: number } {
  const calls = logged(site, 'request answered').filter(({ route }) => String(route).startsWith('/api/hooks/'))
  const steps = calls.flatMap(({ time, durationMs }) => {
    const endedAt = Date.parse(String(time))
    return [
      { at: endedAt - Number(durationMs), by: 1 },
      { at: endedAt, by: -1 },
    ]
  })
  let [inside, peak] = [0, 0]
  for (const { by } of steps.toSorted((a, b) => a.at - b.at || a.by - b.by)) peak = Math.max(peak, (inside += by))
  check(calls.length >= BURST, `The server logged ${calls.length} calls only.`)
  return { mostOpen: peak, slowestMs: most(calls.map(({ durationMs }) => Number(durationMs))) }
}
