import { check } from '../lab/check.ts'
import { bodyOf, inboxSize, signatureOf, type CallOptions, type Hook, type HookCaller } from '../lab/hooks.ts'
import { countedRows } from '../lab/hookBooks.ts'
import { hookSite, sentCampaign } from '../lab/hookSite.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

type Forgery = CallOptions & { body?: string | Buffer }

const HEADER = { wuzapi: 'x-hmac-signature', cloud: 'x-hub-signature-256' }

/**
 * Calls that somebody else makes up, with everything about the signature wrong that can be, at addresses whose secret
 * has leaked and at guessed ones: refused alike, never an error of ours, and no row.
 */
export async function forgedWebhooks(lab: Lab): Promise<Numbers> {
  const { site, caller } = await hookSite(lab)
  const numbers: Numbers = {}
  for (const shape of ['wuzapi', 'cloud'] as const) {
    const mine = await sentCampaign(lab, site, shape, 5)
    const other = await sentCampaign(lab, site, shape, 1)
    const body = bodyOf(
      mine.hook,
      mine.ids.map((id) => ({ id, state: 'read' })),
    )
    const forgeries = forgeriesOf(mine.hook, other.hook, body, lab.rounds(body.length, 20))
    for (const [what, forgery] of forgeries) await refused(caller, mine.hook, what, body, forgery)
    check((await inboxSize(site)) === 0, `${await inboxSize(site)} rows were stored.`)
    const rows = await countedRows(mine.campaign)
    check(rows['sent'] === mine.ids.length, `The recipients are ${JSON.stringify(rows)}.`)
    const { status, text } = await caller.call(mine.hook, body)
    check(status === 200, `The true call was answered with ${status} ${text}.`)
    numbers[`${shape}: forgeries refused`] = forgeries.length
  }
  return { ...numbers, 'rows stored': 0 }
}

function forgeriesOf(mine: Hook, other: Hook, body: string, changes: number): [string, Forgery][] {
  const name = HEADER[mine.shape]
  const prefix = mine.shape === 'cloud' ? 'sha256=' : ''
  const hex = (signatureOf(mine, body)[name] ?? '').slice(prefix.length)
  const as = (value: string): Forgery => ({ headers: { [name]: value } })
  return [
    ['no signature', { headers: {} }],
    ['an empty one', as('')],
    ['a wrong one', as(`${prefix}${'0'.repeat(64)}`)],
    ['sha1', as(`sha1=${hex.slice(0, 40)}`)],
    ['sha1 before the right digits', as(`sha1=${hex}`)],
    ['the digits with the other prefix', as(mine.shape === 'cloud' ? hex : `sha256=${hex}`)],
    ['63 digits', as(`${prefix}${hex.slice(1)}`)],
    ['65 digits', as(`${prefix}${hex}0`)],
    ['upper case', as(`${prefix}${hex.toUpperCase()}`)],
    ['letters of two bytes', as(`${prefix}${'é'.repeat(64)}`)],
    ['half as many letters of two bytes', as(`${prefix}${'é'.repeat(32)}`)],
    ['16,000 characters', as('a'.repeat(12_000))],
    ["another number's key", { headers: signatureOf(mine, body, other.key) }],
    ["another number's address secret", { secret: other.secret }],
    ['half of the address secret', { secret: mine.secret.slice(0, 20) }],
    ['no address secret to speak of', { secret: '%00' }],
    ['the header of the other shape', { headers: { [HEADER[mine.shape === 'cloud' ? 'wuzapi' : 'cloud']]: hex } }],
    ...Array.from({ length: changes }, (_, n): [string, Forgery] => {
      const at = Math.floor((n * body.length) / changes)
      return [`byte ${at} changed`, { ...as(prefix + hex), body: withByteChanged(body, at) }]
    }),
  ]
}

function withByteChanged(body: string, at: number): Buffer {
  const bytes = Buffer.from(body)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

async function refused(caller: HookCaller, hook: Hook, what: string, good: string, forgery: Forgery): Promise<void> {
  const { body = good, ...options } = forgery
  const { status, text } = await caller.call(hook, body, { headers: signatureOf(hook, good), ...options })
  check(status === 401 || status === 403, `${hook.shape}, ${what}: answered with ${status} ${text}.`)
}
