import { Pool } from 'undici'
import { answerParent } from '../lib/answerParent.ts'
import type { BareRun, BareResult } from '../lib/BareLoop.ts'

/*
 * The limit: nothing but requests. The JSON is built and the answer parsed, as everybody who sends must; nothing is
 * rendered, remembered or written.
 */

answerParent(async ({ url, count, inFlight }: BareRun): Promise<BareResult> => {
  const pool = new Pool(url, { connections: inFlight, pipelining: 1 })
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  let next = 0
  const lane = async () => {
    while (next < count) await send(pool, next++)
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  await pool.close()
  return { messagesPerSecond: count / seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6 }
})

const HEADERS = { token: 'bench-token', 'content-type': 'application/json', accept: 'application/json' }

async function send(pool: Pool, n: number): Promise<void> {
  const id = `3EB0${n.toString(16).toUpperCase().padStart(18, '0')}`
  const text = `Olá Ana, seu pedido ${n} sai hoje de Ribeirão Preto. Bom dia!`
  const body = JSON.stringify({ Phone: `55119${80_000_000 + n}`, Id: id, Body: text, LinkPreview: false })
  const answer = await pool.request({ method: 'POST', path: '/chat/send/text', headers: HEADERS, body })
  const { data } = (await answer.body.json()) as { data: { Id: string } }
  if (answer.statusCode !== 200 || data.Id !== id) throw new Error(`The gateway answered ${answer.statusCode}.`)
}
