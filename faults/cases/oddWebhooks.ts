import { once } from 'node:events'
import { connect } from 'node:net'
import { check } from '../lab/check.ts'
import { bodyOf, inboxSize, untilApplied, type Hook } from '../lab/hooks.ts'
import { countedRows } from '../lab/hookBooks.ts'
import { hookSite, sentCampaign } from '../lab/hookSite.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { serverLines } from '../lab/serverLog.ts'
import type { Site } from '../lab/Site.ts'

const MANY = 10_000
const DEPTH = 1000
const MIB = 1024 * 1024
const ALLOWED = new Set([200, 400, 413])
const TYPES = ['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']

/** Well signed nonsense: too many, too deep, too large, of the wrong types. Refused or taken in part, never our fault. */
export async function oddWebhooks(lab: Lab): Promise<Numbers> {
  const { site, caller } = await hookSite(lab)
  const numbers: Numbers = {}
  for (const shape of ['wuzapi', 'cloud'] as const) {
    const { hook, campaign, ids } = await sentCampaign(lab, site, shape, 50)
    const seen: Record<number, number> = {}
    for (const [what, body] of oddBodies(hook, ids)) {
      for (const type of TYPES) {
        const { status, text } = await caller.call(hook, body, { type })
        check(ALLOWED.has(status), `${shape}, ${what}, as ${type}: answered with ${status} ${text}.`)
        seen[status] = (seen[status] ?? 0) + 1
      }
    }
    const tooLarge = await announce(site, hook, 4 * MIB + 1)
    check(tooLarge === 413, `${shape}: a body of more than 4 MB was answered with ${tooLarge}.`)
    seen[413] = 1
    await untilApplied(site, lab.limit(60_000))
    check((await countedRows(campaign))['sent'] === ids.length, `${shape}: nonsense moved somebody.`)
    const stored = await countOf(caller.call(hook, manyStatuses(hook, ids)))
    check(stored === (shape === 'wuzapi' ? 1 : MANY), `${shape}: of ${MANY} entries ${stored} were taken.`)
    const partly = await countOf(caller.call(hook, partlyGood(hook, ids)))
    const good = shape === 'wuzapi' ? 1 : ids.length
    check(partly === good, `${shape}: of the good and the odd ${partly} were taken.`)
    await untilApplied(site, lab.limit(60_000))
    check((await countedRows(campaign))['read'] === ids.length, `${shape}: the good ones among the odd were lost.`)
    for (const [status, n] of Object.entries(seen)) numbers[`${shape}: answered with ${status}`] = n
    numbers[`${shape}: entries in one call`] = MANY
  }
  const errors = serverLines(site).filter((line) => /"level":(50|60)/.test(line))
  check(errors.length === 0, `The server logged ${errors.length} errors, such as ${errors[0]?.slice(0, 300)}.`)
  check((await inboxSize(site)) === 0, 'Something was left in the inbox.')
  return { ...numbers, 'answered with 500': 0 }
}

/** Announces a body of so many bytes and sends none of it: who writes on after the refusal may not read it any more. */
async function announce(site: Site, hook: Hook, bytes: number): Promise<number> {
  const { hostname, port } = new URL(site.api.address)
  const socket = connect({ host: hostname, port: Number(port) })
  const path = `/api/hooks/${hook.channelId}/${hook.secret}`
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`,
  )
  try {
    const [head] = (await once(socket, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
    return Number(head.toString().split(' ')[1])
  } finally {
    socket.destroy()
  }
}

async function countOf(call: Promise<{ status: number; text: string }>): Promise<number> {
  const { status, text } = await call
  check(status === 200, `A call was answered with ${status} ${text}.`)
  return (JSON.parse(text) as { stored: number }).stored
}

/** Ten thousand that are nobody's, and ours among them: in one event, or as an entry each. */
function manyStatuses(hook: Hook, ids: string[]): string {
  const all = Array.from(
    { length: MANY },
    (_, n) => ids[n] ?? `3EB0${'F'.repeat(8)}${n.toString(16).toUpperCase().padStart(9, '0')}0`,
  )
  if (hook.shape === 'wuzapi')
    return bodyOf(
      hook,
      all.map((id) => ({ id, state: 'delivered' })),
    )
  const entries = all.map(
    (id) => (JSON.parse(bodyOf(hook, [{ id, state: 'delivered' }])) as { entry: unknown[] }).entry[0],
  )
  return JSON.stringify({ object: 'whatsapp_business_account', entry: entries.map(withoutContacts) })
}

/** As small as a report can be, so that ten thousand fit into what a call may have. */
function withoutContacts(entry: unknown): unknown {
  const { changes } = entry as { changes: { field: string; value: Record<string, unknown> }[] }
  return {
    changes: changes.map(({ field, value: { metadata, statuses } }) => ({ field, value: { metadata, statuses } })),
  }
}

/** One call in which ours stand among things that are no reports at all. */
function partlyGood(hook: Hook, ids: string[]): string {
  const odd = [null, 7, 'x', [], {}, { id: 3 }, { id: '\u0000', status: 'read' }, { status: [] }]
  if (hook.shape === 'wuzapi') {
    const payload = JSON.parse(
      bodyOf(
        hook,
        ids.map((id) => ({ id, state: 'read' })),
      ),
    ) as { event: { MessageIDs: unknown[] } }
    payload.event.MessageIDs.push(...odd)
    return JSON.stringify(payload)
  }
  const good = ids.map((id) => ({ id: `wamid.${id}`, status: 'read', biz_opaque_callback_data: id }))
  const value = { metadata: { phone_number_id: hook.phoneNumberId }, statuses: [...odd, ...good] }
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [...odd, { changes: [...odd, { field: 'messages', value }] }],
  })
}

function oddBodies(hook: Hook, ids: string[]): [string, string | Buffer][] {
  const nested = (open: string, close: string, n: number) => open.repeat(n) + close.repeat(n)
  const good = bodyOf(
    hook,
    ids.slice(0, 1).map((id) => ({ id, state: 'read' })),
  )
  const first = ids[0] ?? ''
  return [
    ['nothing', ''],
    ['half of it', good.slice(0, good.length / 2)],
    ['lists a thousand deep', nested('[', ']', DEPTH)],
    ['objects a thousand deep', `{"type":"ReadReceipt","entry":${nested('{"a":', '', DEPTH)}1${'}'.repeat(DEPTH)}}`],
    ['lists 200,000 deep', nested('[', ']', 200_000)],
    ['2 MB of nothing', 'x'.repeat(2 * MIB)],
    ['2 MB in a name', JSON.stringify({ type: 'ReadReceipt', object: 'x', note: 'x'.repeat(2 * MIB) })],
    ['a list', `[${good}]`],
    ['a number', '7'],
    ['null', 'null'],
    ['no text', Buffer.from([0xff, 0x00, 0x80, 0x7b])],
    ['UTF-16', Buffer.from(good, 'utf16le')],
    ['wrong types', '{"type":{"a":1},"state":[],"event":{"MessageIDs":{"0":"x"}},"object":7,"entry":{"0":1}}'],
    [
      'wrong types within',
      JSON.stringify({
        object: 'whatsapp_business_account',
        entry: [{ changes: [{ field: [], value: { statuses: 'x' } }] }],
      }),
    ],
    [
      'ids of every kind',
      JSON.stringify({
        type: 'ReadReceipt',
        state: 'Read',
        event: { MessageIDs: [1, null, {}, '', '\u0000', '\ud800', 'x'.repeat(200)] },
      }),
    ],
    ['a name of the prototype', `{"__proto__":${good},"constructor":{"MessageIDs":["${first}"]}}`],
    ['a state that nobody knows', good.replace(/"(Read|read)"/g, '"teleported"')],
  ]
}
