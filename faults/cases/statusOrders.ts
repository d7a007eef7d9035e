import { setTimeout as sleep } from 'node:timers/promises'
import { check } from '../lab/check.ts'
import { bodyOf, untilApplied, type HookCaller, type State } from '../lab/hooks.ts'
import { countedRows, statesOf } from '../lab/hookBooks.ts'
import { hookSite, sentCampaign, type SentCampaign } from '../lab/hookSite.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { errorsOf } from '../lab/observe.ts'
import type { Site } from '../lab/Site.ts'

const STATES: State[] = ['sent', 'delivered', 'read', 'failed']
const ORDERS = permutations(STATES)
const MAX_TRIES = 20
const RETRY_MS = 250
/** Where a state may lead; nothing leaves `failed`, and `failed` after an arrival is only noted. */
const NEXT: Record<string, string[]> = {
  sent: ['delivered', 'read', 'failed'],
  delivered: ['read'],
  read: [],
  failed: [],
}

/**
 * All orders of the four statuses: one at a time, each applied before the next comes; all in one call; and all at once.
 * A recipient only moves forward, and a failure after the arrival is written down without moving anybody.
 */
export async function statusOrders(lab: Lab): Promise<Numbers> {
  const { site, caller } = await hookSite(lab)
  const sent = await sentCampaign(lab, site, 'cloud', ORDERS.length * 3)
  const third = (n: number) => sent.ids.slice(n * ORDERS.length, (n + 1) * ORDERS.length)
  const moves = await oneByOne(lab, site, caller, sent, third(0))
  await inOneCall(caller, sent, third(1))
  await atOnce(caller, sent, third(2))
  await untilApplied(site, lab.limit(30_000))
  const states = await statesOf(sent.campaign)
  for (const [index, state] of states.entries()) {
    const order = ORDERS[index % ORDERS.length] ?? []
    const allowed = index < ORDERS.length ? [lastOf(order)] : ['read', 'failed']
    check(allowed.includes(state), `${order.join(', ')} left the recipient ${state}; ${allowed.join(' or ')} is right.`)
  }
  const errors = await errorsOf(sent.campaign)
  const logged = new Set(errors.map(({ number }) => number))
  check(
    errors.length === states.length && logged.size === states.length,
    `${errors.length} failures of ${logged.size} people were written down; ${states.length} were reported.`,
  )
  const rows = await countedRows(sent.campaign)
  return {
    orders: ORDERS.length,
    'ways to come': 3,
    'moves watched': moves,
    'moves back': 0,
    'ended as read': rows['read'] ?? 0,
    'ended as failed': rows['failed'] ?? 0,
    'failures written down': errors.length,
  }
}

/** Every position of every order, applied before the next one comes. Returns how many moves were seen. */
async function oneByOne(lab: Lab, site: Site, caller: HookCaller, { hook, campaign }: SentCampaign, ids: string[]) {
  let before = (await statesOf(campaign)).slice(0, ids.length)
  let moves = 0
  for (let position = 0; position < STATES.length; position++) {
    const statuses = ids.map((id, index) => ({ id, state: ORDERS[index]?.[position] ?? 'sent' }))
    await deliver(caller, hook, bodyOf(hook, statuses))
    await untilApplied(site, lab.limit(10_000))
    const after = (await statesOf(campaign)).slice(0, ids.length)
    for (const [index, state] of after.entries()) {
      const was = before[index] ?? ''
      if (state === was) continue
      moves++
      const order = ORDERS[index]?.join(', ')
      check(NEXT[was]?.includes(state) === true, `With ${order} somebody went from ${was} to ${state}.`)
    }
    before = after
  }
  return moves
}

async function inOneCall(caller: HookCaller, { hook }: SentCampaign, ids: string[]): Promise<void> {
  const statuses = ids.flatMap((id, index) => (ORDERS[index] ?? []).map((state) => ({ id, state })))
  await deliver(caller, hook, bodyOf(hook, statuses))
}

async function atOnce(caller: HookCaller, { hook }: SentCampaign, ids: string[]): Promise<void> {
  const calls = ids.flatMap((id, index) => (ORDERS[index] ?? []).map((state) => bodyOf(hook, [{ id, state }])))
  await Promise.all(calls.map((body) => deliver(caller, hook, body)))
}

/** What the order comes to when each status is applied before the next. */
function lastOf(order: State[]): State {
  const isArrival = (state: State) => state === 'delivered' || state === 'read'
  return order.findIndex(isArrival) < order.indexOf('failed') ? 'read' : 'failed'
}

/** As gateways do: what is answered with 503 comes again. */
async function deliver(caller: HookCaller, hook: SentCampaign['hook'], body: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { status } = await caller.call(hook, body)
    if (status === 200) return
    check(status === 503 && tries < MAX_TRIES, `A call was answered with ${status}.`)
    await sleep(RETRY_MS)
  }
}

function permutations<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items]
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}
