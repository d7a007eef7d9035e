import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { writeEvents, type ServerEvent } from './eventStream.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

type Told = { answer: ServerResponse; reader: Socket; ended: Promise<void> }

async function tell(events: AsyncIterable<ServerEvent>, slowMs: number): Promise<Told> {
  const { promise, resolve } = Promise.withResolvers<Omit<Told, 'reader'>>()
  const server = createServer((_request, answer) => {
    answer.writeHead(200)
    resolve({ answer, ended: writeEvents(answer, events, { slowMs }) })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1')
  reader.on('error', () => undefined)
  closing.push(
    () => server.close(),
    () => reader.destroy(),
  )
  reader.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  return { reader, ...(await promise) }
}

let produced = 0
async function* endless(bytes: number): AsyncGenerator<ServerEvent> {
  for (produced = 0; ; produced++) {
    yield { event: 'progress', data: 'x'.repeat(bytes) }
    await sleep(1)
  }
}

it('whoever reads nothing is dropped, and little is held for them meanwhile', async () => {
  const { answer, reader, ended } = await tell(endless(100_000), 200)
  reader.pause()
  let held = 0
  const timer = setInterval(() => (held = Math.max(held, answer.writableLength)), 5)
  await ended
  clearInterval(timer)
  expect(answer.destroyed).toBe(true)
  expect(held).toBeLessThan(1024 * 1024)
  expect(answer.listenerCount('drain') + answer.listenerCount('error')).toBeLessThan(3)
})

it('whoever goes away while something waits for them ends it at once', async () => {
  const { reader, ended } = await tell(endless(100_000), 60_000)
  reader.pause()
  await sleep(300)
  reader.resetAndDestroy()
  await ended
  const before = produced
  await sleep(50)
  expect(produced).toBe(before)
})

it('a reader that is slow and steady gets everything, in order', async () => {
  const events = async function* () {
    for (let n = 0; n < 30; n++) yield { event: 'progress', data: { n, filler: 'é'.repeat(50_000) } }
  }
  const { answer, reader, ended } = await tell(events(), 5000)
  let text = ''
  reader.setEncoding('utf8')
  reader.on('data', (chunk: string) => {
    text += chunk
    reader.pause()
    setTimeout(() => reader.resume(), 1)
  })
  await ended
  answer.end()
  await once(answer, 'close')
  await expect
    .poll(() => [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n)))
    .toEqual(Array.from({ length: 30 }, (_, n) => n))
})
