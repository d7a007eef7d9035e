import { balance, balanceAtEnd } from '../lab/balance.ts'
import { cloudChannel, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { errorsOf, rowsOf } from '../lab/observe.ts'
import type { Reply } from '../lab/RawGateway.ts'
import { accept, answer } from '../lab/replies.ts'

const HTML = { 'content-type': 'text/html' }

/** Answers with 2xx that are no success by any contract. */
const NONSENSE: Record<string, Reply> = {
  empty: answer(200, ''),
  'no content': answer(204, ''),
  HTML: answer(200, '<!doctype html><title>Sent</title><p>{"success":true}', HTML),
  'an open brace': answer(200, '{'),
  'UTF-16': answer(200, Buffer.from('{"code":200,"data":{"Details":"Sent"},"success":true}', 'utf16le')),
  'success false': answer(200, '{"success":false}'),
  'success as text': answer(200, '{"code":200,"data":{"Details":"Sent"},"success":"true"}'),
  'an array': answer(200, '[]'),
  'a number': answer(200, '42'),
  null: answer(200, 'null'),
  'data of the wrong type': answer(200, '{"code":200,"data":"Sent","success":true,"messages":{"id":"wamid.1"}}'),
  'ids of the wrong type': answer(200, '{"code":200,"data":{"Id":{}},"success":true,"messages":[{"id":7}]}'),
  'somebody else’s id': answer(
    200,
    '{"code":200,"data":{"Details":"Sent","Id":"3EB0"},"success":true,"messages":[{"id":""}]}',
  ),
  'an error under 200': answer(200, '{"error":{"message":"no","code":131026}}'),
  'invalid bytes': answer(200, Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28])),
  'cut short': answer(200, '{"code":200,"data":{"Details":"Se', { 'content-length': '500' }),
  'a NUL': answer(200, '\0{"success":true}\0'),
  'deep nesting': answer(200, `${'['.repeat(30_000)}${']'.repeat(30_000)}`),
  'a prototype': answer(200, '{"__proto__":{"success":true,"data":{"Details":"Sent"},"messages":[{"id":"wamid.1"}]}}'),
}

/** Answers that say yes in a way that no contract knows: never believed, never denied. */
export async function nonsenseAnswers(lab: Lab): Promise<Numbers> {
  const kinds = Object.entries(NONSENSE)
  // Between two of them somebody gets a proper answer.
  const size = 2 * kinds.length
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway, { GATEWAY_DEADLINE_MS: '3000' })
  const kindOf = (number: string) => {
    const index = Number(number.slice(-8)) - 70_000_000
    return index % 2 === 0 ? kinds[index / 2] : undefined
  }
  gateway.reply = (send) => {
    const kind = send.earlier === 0 ? kindOf(send.number) : undefined
    return kind === undefined ? accept(send) : kind[1](send)
  }
  const wuzapi = await startCampaign(site, await sandboxChannel(site), gateway, size)
  const cloud = await startCampaign(site, await cloudChannel(site, gateway.url), gateway, size)
  const books = await balanceAtEnd(wuzapi, lab.limit(60_000))
  check(
    books.repeatedRequests === kinds.length,
    `${books.repeatedRequests} requests were repeated for ${kinds.length} kinds of nonsense.`,
  )
  await cloud.untilCompleted(lab.limit(60_000))
  const { unknown } = await balance(cloud)
  check(unknown === kinds.length, `${unknown} are unknown on the Cloud API for ${kinds.length} kinds of nonsense.`)
  for (const campaign of [wuzapi, cloud]) {
    const odd = (await errorsOf(campaign)).find(({ category, code }) => !isProtocol(category, code))
    check(odd === undefined, `"${kindOf(odd?.number ?? '')?.[0]}" became ${odd?.category} ${odd?.code}.`)
  }
  const believed = (await rowsOf(cloud)).find(({ number, status }) => kindOf(number) !== undefined && status === 'sent')
  check(believed === undefined, `"${kindOf(believed?.number ?? '')?.[0]}" was taken for a success.`)
  return {
    'kinds of nonsense': kinds.length,
    'the same id again on WuzAPI': books.repeatedRequests,
    'unknown on the Cloud API': unknown,
  }
}

/** An answer that is announced longer than it comes ends with the connection: lost, and as much a maybe. */
function isProtocol(category: string, code: string): boolean {
  return (category === 'API_ERROR' && code === 'PROTOCOL') || category === 'TIMEOUT'
}
