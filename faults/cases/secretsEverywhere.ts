import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from '#contract/channels.ts'
import { cloudChannel, knownAddress, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import { EventReader } from '../lab/EventReader.ts'
import { leaksInDatabase } from '../lab/findLeaks.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { RawGateway, RawSend } from '../lab/RawGateway.ts'
import { accept, answer, closeAfterRead, hang, resetAfterRead } from '../lab/replies.ts'
import { serverLines } from '../lab/serverLog.ts'
import type { Site } from '../lab/Site.ts'

const PASSWORD_OF_USER = `canary-user-${randomBytes(9).toString('hex')}`
const PASSWORD_OF_DATABASE = `canary-database-${randomBytes(9).toString('hex')}`

type Canaries = Record<string, string>
/** Texts that the product gave out, by what they are. */
type Given = { what: string; text: string }[]

/**
 * Every secret goes through success, refusal, failure, silence, a lost database and a crash, also where it does not belong;
 * then everything that was written, stored or answered is searched for it.
 */
export async function secretsEverywhere(lab: Lab): Promise<Numbers> {
  const proxy = await lab.proxy((await lab.postgres()).socket)
  const gateway = await lab.rawGateway()
  gateway.reply = everyAnswer()
  const settings = { LOG_LEVEL: 'trace', GATEWAY_DEADLINE_MS: '800', API_DOCS: 'true', ...(await knownAddress()) }
  const site = await lab.externalSite(settings, { through: proxy })
  const url = new URL(site.settings['DATABASE_URL'] ?? '')
  url.password = PASSWORD_OF_DATABASE
  const secured = { DATABASE_URL: url.href }
  const server = await site.start('all', secured)
  const { canaries, campaign } = await plantSecrets(lab, site, gateway)
  const given: Given = []
  const stream = await EventReader.open(
    `${site.api.address}/api/user/bulk-campaigns/${campaign.id}/events`,
    site.api.headers(),
  )
  await sendOnEveryWay(site, gateway, canaries, given)
  await misuse(site, canaries, given)
  await sleep(lab.rounds(8000, 3000))
  given.push({ what: 'the event stream', text: stream.text })
  await readEverything(site, campaign, given)
  proxy.refuse(true)
  proxy.reset()
  for (let i = 0; i < 10; i++) await ask(site, 'GET', '/api/user/channels', given)
  await sleep(2000)
  proxy.refuse(false)
  server.signal('SIGKILL')
  await server.ended
  await failToStart(site, canaries, given)
  return search(lab, site, canaries, given)
}

/** Each request gets the next: the gateway repeats the caller's secrets wherever it can. */
function everyAnswer() {
  const echo = (status: number) => (send: RawSend) => {
    const words = `invalid token ${send.token}, Authorization: Bearer ${send.token}`
    const body = { code: status, error: words, success: false }
    const meta = { error: { message: words, type: 'OAuthException', code: 131000, fbtrace_id: send.token } }
    return answer(status, JSON.stringify(send.shape === 'cloud' ? meta : body), { 'x-token': send.token })(send)
  }
  const page = (send: RawSend) => answer(502, `<html>${send.token}</html>`)(send)
  const garbage = (send: RawSend) => answer(200, `{"token":"${send.token}"`)(send)
  const replies = [accept, echo(400), echo(500), echo(503), page, garbage, hang, resetAfterRead, closeAfterRead]
  let next = 0
  return (send: RawSend) => replies[next++ % replies.length]?.(send)
}

async function plantSecrets(
  lab: Lab,
  site: Site,
  gateway: RawGateway,
): Promise<{ canaries: Canaries; campaign: ObservedCampaign }> {
  const { api } = site
  await api.post('/api/setup', { name: 'Lab', email: 'lab@revoada.local', password: PASSWORD_OF_USER })
  const cloudToken = `canary-cloud-${randomBytes(12).toString('hex')}`
  const appSecret = `canary-app-${randomBytes(12).toString('hex')}`
  const wuzapiToken = `canary-wuzapi-${randomBytes(12).toString('hex')}`
  const webhookKey = `canary-hmac-${randomBytes(12).toString('hex')}`
  const cloud = await cloudChannel(site, gateway.url, { token: cloudToken, appSecret })
  const wuzapi = { name: 'w', gateway: 'wuzapi', baseUrl: gateway.url, token: wuzapiToken, webhookKey }
  await api.post<Channel>('/api/user/channels', wuzapi)
  const { key } = await api.post<{ key: string }>('/api/user/api-keys', { name: 'canary' })
  const offer = await api.post<{ secret: string }>('/api/user/second-factor', { currentPassword: PASSWORD_OF_USER })
  const hooks = [...gateway.webhooks.values()].map((hook) => hook.split('/').at(-1) ?? '')
  check(hooks.length > 0, 'No webhook was registered.')
  const canaries: Canaries = {
    'session id': api.headers()['cookie']?.split('=')[1] ?? '',
    'API key': key,
    'cloud token': cloudToken,
    'app secret': appSecret,
    'wuzapi token': wuzapiToken,
    'webhook key': webhookKey,
    'database password': PASSWORD_OF_DATABASE,
    'user password': PASSWORD_OF_USER,
    'second factor': offer.secret,
    'master key': site.settings['SECRET_KEY'] ?? '',
    ...Object.fromEntries(hooks.map((hook, index) => [`webhook secret ${index}`, hook])),
  }
  for (const [name, value] of Object.entries(canaries))
    check(value.length >= 16, `The canary ${name} is ${value.length} characters.`)
  return { canaries, campaign: await startCampaign(site, cloud, gateway, lab.rounds(200, 60)) }
}

async function ask(
  site: Site,
  method: string,
  path: string,
  given: Given,
  more: { body?: string; headers?: Record<string, string> } = {},
): Promise<number> {
  const answered = await site.api.send(method, path, more.body, more.headers).catch(() => null)
  if (answered === null) return 0
  const head = JSON.stringify([...answered.headers].filter(([name]) => name !== 'set-cookie'))
  given.push({ what: `the answer to ${method} ${path.slice(0, 60)}`, text: head + (await answered.text()) })
  return answered.status
}

async function sendOnEveryWay(site: Site, gateway: RawGateway, canaries: Canaries, given: Given): Promise<void> {
  const channels = (await site.api.get<{ items: Channel[] }>('/api/user/channels')).items
  for (const { id } of channels) {
    for (let i = 0; i < 6; i++) {
      const body = JSON.stringify({ channelId: id, phone: `+55119${80_000_000 + i}`, type: 'text', content: 'Oi' })
      await ask(site, 'POST', '/api/user/messages', given, { body })
    }
    gateway.statusOf = () => 500
    await ask(site, 'GET', `/api/user/channels/${id}/status`, given)
    gateway.statusOf = () => ({ connected: true, loggedIn: true })
    await ask(site, 'GET', `/api/user/channels/${id}/status`, given)
  }
  for (const token of [canaries['cloud token'] ?? '', 'wrong-token-of-nobody']) {
    const body = JSON.stringify({ phone: '+5511980000099', type: 'text', content: 'Oi' })
    await ask(site, 'POST', '/api/user/messages', given, { body, headers: { token } })
  }
  for (const hook of gateway.webhooks.values()) {
    const { pathname } = new URL(hook)
    for (const body of ['{}', '{"event":', `{"token":"${canaries['wuzapi token']}"}`])
      await ask(site, 'POST', pathname, given, { body })
    await ask(
      site,
      'GET',
      `${pathname}?hub.mode=subscribe&hub.verify_token=${canaries['app secret']}&hub.challenge=1`,
      given,
    )
  }
}

/** Secrets where they do not belong: in addresses, bodies, headers and fields of another meaning. */
async function misuse(site: Site, canaries: Canaries, given: Given): Promise<void> {
  for (const [name, secret] of Object.entries(canaries)) {
    const encoded = encodeURIComponent(secret)
    // What a caller sends as an address is theirs; an answer must not repeat it, nor may a log.
    await ask(site, 'GET', `/api/user/channels?token=${encoded}`, given)
    await ask(site, 'GET', `/api/nothing/${encoded}?key=${encoded}`, given)
    await ask(site, 'GET', `/nothing/${encoded}`, given)
    await ask(site, 'POST', `/api/hooks/${encoded}/${encoded}`, given, { body: '{}' })
    await ask(site, 'POST', '/api/auth/sign-in', given, { body: `{"email":"a@b.example","password":"${secret}"}` })
    await ask(site, 'POST', '/api/user/channels', given, { body: `{"token":"${secret}","${name}":` })
    await ask(site, 'GET', '/api/me', given, { headers: { authorization: `Bearer ${secret}` } })
    await ask(site, 'GET', '/api/me', given, { headers: { cookie: `revoada_session=${secret}x` } })
    given.push({
      what: 'a core error page',
      text: await raw(site, `GET /%zz/${secret} HTTP/1.1\r\nhost: x\r\ncookie: a=${secret}\r\n\r\n`),
    })
    given.push({
      what: 'a core error page',
      text: await raw(site, `GET /x HTTP/9 ${secret}\r\ntoken ${secret}\r\n\r\n`),
    })
    given.push({
      what: 'a core error page',
      text: await raw(site, `GET / HTTP/1.1\r\nhost: x\r\ntoken: ${secret.repeat(2000)}\r\n\r\n`),
    })
  }
}

async function raw(site: Site, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(site.api.address).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.setTimeout(2000, () => socket.destroy())
  socket.write(bytes)
  socket.end()
  return text(socket).catch(() => '')
}

async function readEverything(site: Site, campaign: ObservedCampaign, given: Given): Promise<void> {
  const document = await site.api.get<{ paths: Record<string, { get?: object }> }>('/api/openapi.json')
  given.push({ what: 'the OpenAPI document', text: JSON.stringify(document) })
  const paths = Object.entries(document.paths).filter(
    ([path, { get }]) => get !== undefined && !path.endsWith('/events'),
  )
  check(paths.length > 15, `The OpenAPI document names ${paths.length} addresses to read.`)
  const channels = (await site.api.get<{ items: Channel[] }>('/api/user/channels')).items
  for (const [path] of paths) {
    for (const id of path.includes('{') ? [campaign.id, ...channels.map((channel) => channel.id)] : ['']) {
      await ask(site, 'GET', path.replaceAll(/\{\w+\}/g, id), given)
    }
  }
  for (const path of ['/metrics', '/api/docs', '/', '/channels']) await ask(site, 'GET', path, given)
}

async function failToStart(site: Site, canaries: Canaries, given: Given): Promise<void> {
  const nowhere = `postgres://revoada:${PASSWORD_OF_DATABASE}@127.0.0.1:9/revoada`
  const broken: Record<string, string>[] = [
    { DATABASE_URL: nowhere },
    { DATABASE_URL: `${nowhere} broken` },
    { SECRET_KEY: (canaries['master key'] ?? '').slice(0, 20) },
    { SECRET_KEY: `${canaries['master key']}x` },
    { PUBLIC_URL: `http://x:${PASSWORD_OF_DATABASE}@host/` },
  ]
  for (const settings of broken) {
    const server = site.spawn('all', settings)
    const { code } = await server.ended
    check(code !== 0, 'A start with broken settings ended well.')
    given.push({ what: 'the last words of a start', text: server.lastWords })
  }
}

async function search(lab: Lab, site: Site, canaries: Canaries, given: Given): Promise<Numbers> {
  const secrets = Object.values(canaries)
  const leaks = Object.entries(canaries).flatMap(([name, secret]) =>
    given.filter(({ text: said }) => said.includes(secret)).map(({ what }) => `The ${name} stands in ${what}.`),
  )
  leaks.push(
    ...(await leaksInDatabase(site, [...secrets, ...secrets.map((secret) => Buffer.from(secret).toString('hex'))])),
  )
  const list = join(lab.directory, 'canaries')
  writeFileSync(list, secrets.join('\n'))
  const found = await grep(list, lab.directory)
  check(found.includes(list), 'The search finds nothing at all.')
  const files = found.filter((file) => file !== list)
  for (const file of files) {
    const inside = await Promise.all(
      Object.entries(canaries).map(async ([name, secret]) => ((await hasText(file, secret)) ? name : [])),
    )
    leaks.push(`The ${inside.flat().join(', ')} stands in ${file}.`)
  }
  rmSync(list)
  const phones = serverLines(site).filter((line) => /55119[78]\d{7}/.test(line))
  if (phones.length > 0) leaks.push(`${phones.length} lines of the servers show a whole phone.`)
  check(leaks.length === 0, [...new Set(leaks)].join('\n'))
  return {
    'secrets that were used and misused': secrets.length,
    'answers searched': given.length,
    'log lines searched': serverLines(site).length,
    hits: leaks.length,
  }
}

function grep(list: string, directory: string): Promise<string[]> {
  return lines(['-rlaF', '-f', list, directory])
}

async function hasText(file: string, secret: string): Promise<boolean> {
  return (await lines(['-laF', secret, file])).length > 0
}

function lines(args: string[]): Promise<string[]> {
  return new Promise((resolve) => {
    execFile('grep', args, { maxBuffer: 1e8 }, (_error, out) => resolve(out.split('\n').filter(Boolean)))
  })
}
