import { sandboxChannel, siteBefore } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { accept } from '../lab/replies.ts'
import type { Site } from '../lab/Site.ts'
import { uploadText } from '../lab/uploads.ts'

const CANARY = 'canary-Q7w9Zt4Lm2Xp8Rb6'
const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__']
const POLLUTION = [
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"name":"x","__proto__":{"polluted":1}}',
]
const TEXTS = [
  '{{constructor.constructor("return process")()}}',
  '{{ process.env.CANARY }}',
  '{{ env "CANARY" }}',
  '{{ nome.constructor.constructor }}',
  '{{__proto__}}',
  '{{ __proto__.polluted }}',
  '{{ "CANARY" | env }}',
  '{% include "/proc/self/environ" %}',
  '{% render "package.json" %}',
  '${7*7}${process.env.CANARY}',
  '<%= process.env.CANARY %>',
  '#{ENV["CANARY"]}',
]

/**
 * Names of prototypes as fields, queries, parts, columns and variables, and texts that want to compute: refused or taken
 * literally, and nothing of the process comes out.
 */
export async function hostileTexts(lab: Lab): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  const sent: string[] = []
  gateway.reply = (send) => {
    sent.push(send.body.toString())
    return accept(send)
  }
  const { site, server } = await siteBefore(lab, gateway, { CANARY })
  await refusePollution(site)
  await importNames(lab, site)
  const channel = await sandboxChannel(site)
  // Without the first, which no body may hold.
  const variables = JSON.stringify(Object.fromEntries(NAMES.slice(1).map((name) => [name, `{{${name}}} \${7*7}`])))
  let accepted = 0
  for (const [n, text] of [...TEXTS, ...NAMES.map((name) => `{{ ${name} }}`)].entries()) {
    const message = JSON.stringify({ type: 'text', content: `${text}.` })
    const body = `{"channelId":"${channel.id}","phone":"+55119${72_000_000 + n}","message":${message},"variables":${variables}}`
    const { status } = await site.api.send('POST', '/api/user/messages', body)
    check([201, 400, 422].includes(status), `The text ${text} was answered ${status}.`)
    if (status === 201) accepted += 1
  }
  await until('all messages', () => (sent.length >= accepted ? true : null), { limitMs: lab.limit(60_000) })
  check(accepted > NAMES.length, `Only ${accepted} texts were taken: that proves nothing.`)
  const leaked = sent.find((body) => body.includes(CANARY) || /\b49\b|native code/.test(textOf(body)))
  check(leaked === undefined, `A message tells of the process: ${leaked}`)
  check(!server.hasEnded, `The server ended: ${server.lastWords}`)
  return { 'texts tried': TEXTS.length + NAMES.length, 'sent as text': sent.length, 'of the process in them': 0 }
}

/** What WuzAPI is to show: its ids and phones may hold any digits. */
function textOf(body: string): string {
  return (JSON.parse(body) as { Body?: string }).Body ?? ''
}

async function refusePollution(site: Site): Promise<void> {
  for (const body of POLLUTION) {
    const { status } = await site.api.send('POST', '/api/user/api-keys', body)
    check(status === 400, `${body} was answered ${status}.`)
  }
  for (const name of NAMES) {
    const { status } = await site.api.send('GET', `/api/user/messages?${name}=1&${name}[polluted]=1`)
    check(status === 400, `The query ${name} was answered ${status}.`)
    const form = new FormData()
    form.set(name, 'BR')
    const answer = await site.api.send('POST', '/api/user/imports', form)
    check(answer.status === 400, `A part named ${name} was answered ${answer.status}.`)
  }
  const me = await site.api.get<object>('/api/me')
  check(!('polluted' in me), 'Every object has a field of somebody else.')
}

/** Such columns are columns like any other. */
async function importNames(lab: Lab, site: Site): Promise<void> {
  const answer = await uploadText(site, `telefone;${NAMES.join(';')}\n11987654321;${NAMES.map(() => 'x').join(';')}\n`)
  check(answer.status === 202, `A file with such columns was answered ${answer.status}.`)
  const { id } = (await answer.json()) as { id: string }
  const done = async () => {
    const { status, accepted } = await site.api.get<{ status: string; accepted: number }>(`/api/user/imports/${id}`)
    return status === 'completed' ? accepted : null
  }
  const accepted = await until('the import', done, { limitMs: lab.limit(30_000) })
  check(accepted === 1, `Of one person ${accepted} were accepted.`)
}
