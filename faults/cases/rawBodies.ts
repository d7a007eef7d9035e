import { check } from '../lab/check.ts'
import { bodyOf, inParallel, untilApplied, type Hook } from '../lab/hooks.ts'
import { countedRows } from '../lab/hookBooks.ts'
import { hookSite, sentCampaign } from '../lab/hookSite.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { Random } from '../lab/Random.ts'

const AT_ONCE = 8
const SPACES = ['', ' ', '\n', '\r\n', '\t', '   ']
const TEXTS = ['Zé 🐦', 'João — ação', '<&>"\\/', '日本語', 'e\u0301', '\u2028', '👨‍👩‍👧 + = % &']
const FORM = 'application/x-www-form-urlencoded'

/**
 * True calls in every spelling of JSON: emoji as bytes and as escapes, odd spacing, another order of fields, bytes that
 * are no text in a name, forms. The signature is over the bytes, so each is taken, and each moves its recipient.
 */
export async function rawBodies(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(1000, 100)
  const { site, caller } = await hookSite(lab)
  const numbers: Numbers = {}
  for (const shape of ['wuzapi', 'cloud'] as const) {
    const { hook, campaign, ids } = await sentCampaign(lab, site, shape, size)
    const refused = await inParallel(ids, AT_ONCE, async (id) => {
      const { body, type } = spelling(lab.random, hook, id)
      const { status, text } = await caller.call(hook, body, { type })
      return status === 200 && text === '{"stored":1}' ? null : `${status} ${text} for ${body.toString()}`
    })
    const first = refused.find((one) => one !== null)
    check(first === undefined, `${shape}: ${first}`)
    await untilApplied(site, lab.limit(30_000))
    const rows = await countedRows(campaign)
    check(rows['read'] === size, `${shape}: of ${size} recipients ${rows['read']} were moved.`)
    numbers[`${shape}: spellings accepted and applied`] = size
  }
  return numbers
}

function spelling(random: Random, hook: Hook, id: string): { body: Buffer; type: string } {
  const payload = JSON.parse(bodyOf(hook, [{ id, state: 'read' }])) as Record<string, unknown>
  payload['note'] = pick(random, TEXTS)
  const text = spaced(random, escaped(random, JSON.stringify(shuffledFields(random, payload))))
  if (hook.shape === 'wuzapi' && random.between(0, 3) < 1) {
    const form = new URLSearchParams({ instanceName: pick(random, TEXTS), jsonData: text, userID: '1' }).toString()
    return { body: Buffer.from(random.between(0, 1) < 0.5 ? form : form.replaceAll('+', '%20')), type: FORM }
  }
  const types = ['application/json', 'application/json; charset=utf-8', 'application/json;charset=UTF-8']
  return { body: withOddBytes(random, text), type: pick(random, types) }
}

/** `\u00e9` for `é`, half of the time; Meta does so always. */
function escaped(random: Random, json: string): string {
  if (random.between(0, 1) < 0.5) return json
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Space where JSON allows it: only at brackets, so that no text is changed. */
function spaced(random: Random, json: string): string {
  const before = pick(random, SPACES)
  return `${before}${json.replace(/^\{/, `{${pick(random, SPACES)}`).replace(/\}$/, `${pick(random, SPACES)}}`)}${pick(random, SPACES)}`
}

function withOddBytes(random: Random, json: string): Buffer {
  if (random.between(0, 1) < 0.7) return Buffer.from(json)
  const at = json.indexOf('{') + 1
  const odd = Buffer.concat([Buffer.from('"odd":"'), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('",')])
  return Buffer.concat([Buffer.from(json.slice(0, at)), odd, Buffer.from(json.slice(at))])
}

function shuffledFields(random: Random, payload: Record<string, unknown>): Record<string, unknown> {
  const fields = Object.entries(payload).map((field) => ({ field, at: random.between(0, 1) }))
  return Object.fromEntries(fields.toSorted((a, b) => a.at - b.at).map(({ field }) => field))
}

function pick<T>(random: Random, items: T[]): T {
  return items[Math.min(items.length - 1, Math.floor(random.between(0, items.length)))] as T
}
