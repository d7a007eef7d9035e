import { check } from '../lab/check.ts'
import { bodyOf, inParallel, untilApplied, type Hook, type HookCaller, type State } from '../lab/hooks.ts'
import { countedRows } from '../lab/hookBooks.ts'
import { hookSite, sentCampaign, type SentCampaign } from '../lab/hookSite.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

/** Meta reports several in one call, WuzAPI one message each. */
const PER_CALL = { wuzapi: 1, cloud: 10 }
const AT_ONCE = 10
/** Of Meta's fewer: a number may send 80 messages a second, and they must have been sent before they are reported. */
const STATUSES = { wuzapi: 10_000, cloud: 3000 }

/**
 * Every status comes five times: three times at once, once more in the same bytes, and once in others that say the same.
 * The counters must be as if it had come once.
 */
export async function repeatedStatuses(lab: Lab): Promise<Numbers> {
  const { site, caller } = await hookSite(lab)
  const numbers: Numbers = {}
  for (const shape of ['wuzapi', 'cloud'] as const) {
    const size = lab.rounds(STATUSES[shape], 300)
    const sent = await sentCampaign(lab, site, shape, size)
    const calls = await repeatAll(caller, sent)
    await untilApplied(site, lab.limit(60_000))
    const rows = await countedRows(sent.campaign)
    const [delivered, read] = [Math.ceil(size / 2 / PER_CALL[shape]) * PER_CALL[shape], rows['read']]
    check(
      rows['delivered'] === delivered && read === size - delivered,
      `${shape}: ${rows['delivered']} delivered and ${read} read of ${size}; ${delivered} and ${size - delivered} were reported.`,
    )
    numbers[`${shape}: statuses`] = size
    numbers[`${shape}: calls`] = calls
    numbers[`${shape}: wrongly counted`] = 0
  }
  return numbers
}

/** Half of them are reported delivered, half read. Returns how many calls that took. */
async function repeatAll(caller: HookCaller, { hook, ids }: SentCampaign): Promise<number> {
  const size = PER_CALL[hook.shape]
  const groups = Array.from({ length: Math.ceil(ids.length / size) }, (_, n) => ids.slice(n * size, n * size + size))
  const answers = await inParallel(
    groups.map((group, index) => ({ group, index })),
    AT_ONCE,
    async ({ group, index }) => {
      const state: State = index < groups.length / 2 ? 'delivered' : 'read'
      const [first, other] = ['', 'again'].map((nonce) => bodyOf(hook, statusesOf(group, state), nonce)) as [
        string,
        string,
      ]
      const three = await Promise.all([first, first, first].map((body) => stored(caller, hook, body)))
      return [...three, await stored(caller, hook, first), await stored(caller, hook, other)]
    },
  )
  const wrong = answers.flat().find((status) => status !== 200)
  check(wrong === undefined, `A call was answered with ${wrong}.`)
  return answers.flat().length
}

function statusesOf(ids: string[], state: State) {
  return ids.map((id) => ({ id, state }))
}

/** A gateway that is told to come again does so. */
async function stored(caller: HookCaller, hook: Hook, body: string): Promise<number> {
  const { status } = await caller.call(hook, body)
  return status === 503 ? (await caller.call(hook, body)).status : status
}
