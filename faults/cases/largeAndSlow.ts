import { connect, type Socket } from 'node:net'
import { askMeanwhile, p99 as p99Among } from '../lab/askMeanwhile.ts'
import { check, most } from '../lab/check.ts'
import { createUser } from '../lab/channels.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { Site } from '../lab/Site.ts'

/** What the other clients may wait, 99 of 100. */
const P99_MS = 500
const BIG = 1024 * 1024 + 1
const DRIP_EVERY_MS = 500

const JSON_TYPE = { 'content-type': 'application/json' }

type Attack = { name: string; expected: number[]; send: (site: Site) => Promise<number> }

// Made once: the clients whose waiting is measured live in this process, too.
const TOO_LONG = `{"name":"${'x'.repeat(BIG)}"}`
const NESTED = '['.repeat(100_000) + ']'.repeat(100_000)
const MILLION_KEYS = keys(1_000_000)
const MANY_KEYS = keys(90_000)

const ATTACKS: Attack[] = [
  { name: 'a body beyond the limit', expected: [413], send: (site) => post(site, TOO_LONG) },
  {
    name: '100,000 nested arrays',
    expected: [400],
    send: (site) => post(site, NESTED),
  },
  { name: 'a million keys', expected: [413], send: (site) => post(site, MILLION_KEYS) },
  { name: 'as many keys as fit', expected: [400], send: (site) => post(site, MANY_KEYS) },
  { name: '10,000 parts', expected: [413], send: (site) => postParts(site, 10_000) },
  { name: '64 KB of headers', expected: [431], send: (site) => sendHeaders(site, 65_536) },
]

/**
 * Requests that are too large, too deep, too many-parted, and five hundred that never end: each is refused for what it
 * is, and everybody else is answered meanwhile.
 */
export async function largeAndSlow(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  const server = await site.start()
  await createUser(site)
  const numbers: Numbers = {}
  for (const attack of ATTACKS) {
    lab.tell(attack.name)
    const others = askMeanwhile(site)
    for (let round = 0; round < lab.rounds(20, 3); round++) {
      const status = await attack.send(site)
      check(
        attack.expected.includes(status),
        `${attack.name}: answered ${status}, not ${attack.expected.join(' or ')}.`,
      )
    }
    numbers[`${attack.name}: the others' p99, ms`] = p99Of(lab, attack.name, await others.stop())
  }
  const slow = await dripAtOnce(lab, site, lab.rounds(500, 40))
  check(!server.hasEnded, `The server ended: ${server.lastWords}`)
  return { ...numbers, ...slow }
}

/** Posts that come a byte at a time: ended by us with 408 or a closed door, and nobody else waits. */
async function dripAtOnce(lab: Lab, site: Site, count: number): Promise<Numbers> {
  lab.tell(`${count} slow posts`)
  const others = askMeanwhile(site)
  const from = performance.now()
  const ends = await Promise.all(Array.from({ length: count }, () => drip(site, lab.limit(60_000))))
  const longest = most(ends.map(({ at }) => at - from))
  const p99 = p99Of(lab, 'slow posts', await others.stop())
  const told = ends.filter(({ text }) => text.startsWith('HTTP/1.1 408')).length
  check(
    told === count,
    `Of ${count} slow posts ${told} were told so: ${ends.find(({ text }) => !text.includes('408'))?.text}`,
  )
  return { 'slow posts at once': count, 'answered 408': told, 'after at most, ms': longest, "the others' p99, ms": p99 }
}

function p99Of(lab: Lab, during: string, times: number[]): number {
  const p99 = p99Among(times)
  check(p99 <= lab.limit(P99_MS), `During ${during} one of 100 others waited ${p99} ms.`)
  return p99
}

async function post(site: Site, body: string): Promise<number> {
  const answer = await site.api.send('POST', '/api/user/api-keys', body, JSON_TYPE)
  await answer.arrayBuffer()
  return answer.status
}

function keys(count: number): string {
  return `{${Array.from({ length: count }, (_, n) => `"k${n}":0`).join(',')}}`
}

async function postParts(site: Site, count: number): Promise<number> {
  const form = new FormData()
  for (let n = 0; n < count; n++) form.append('defaultCountry', 'BR')
  const answer = await site.api.send('POST', '/api/user/imports', form)
  await answer.arrayBuffer()
  return answer.status
}

async function sendHeaders(site: Site, bytes: number): Promise<number> {
  const { text } = await speak(site, `GET /api/me HTTP/1.1\r\nhost: x\r\nx-long: ${'a'.repeat(bytes)}\r\n\r\n`)
  return Number(text.split(' ')[1])
}

async function drip(site: Site, limitMs: number): Promise<{ text: string; at: number }> {
  const head =
    'POST /api/auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n'
  return speak(site, head, limitMs)
}

/** Writes and then a space now and again, until the other side ends it. */
async function speak(site: Site, head: string, limitMs = 10_000): Promise<{ text: string; at: number }> {
  const { hostname, port } = new URL(site.api.address)
  const socket = connect(Number(port), hostname)
  socket.write(head)
  const writing = setInterval(() => socket.write(' '), DRIP_EVERY_MS)
  const giveUp = setTimeout(() => socket.destroy(), limitMs)
  const text = await readAll(socket)
  clearInterval(writing)
  clearTimeout(giveUp)
  return { text, at: performance.now() }
}

function readAll(socket: Socket): Promise<string> {
  return new Promise((done) => {
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString()))
    // What is still written to a door that has closed is of no interest.
    socket.on('error', () => undefined)
    socket.once('close', () => done(text))
  })
}
