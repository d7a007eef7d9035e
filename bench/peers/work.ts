import { Liquid } from 'liquidjs'
import { Pool } from 'undici'

/** What a job of every peer holds: one person with the variables of the text. */
export type Person = { phone: string; primeiro_nome: string; pedido: string; cidade: string; saudacao: string }

/** A run of one round: so many people in the queue first, then all of them sent to this gateway. */
export type PeerRun = { gatewayUrl: string; count: number; inFlight: number; storeUrl: string }

/** When the outcome of the last one was written, in milliseconds since 1970. */
export type PeerResult = { finishedAt: number }

const TEXT = 'Olá {{primeiro_nome}}, seu pedido {{pedido}} sai hoje de {{cidade}}. {{saudacao}}!'
const HEADERS = { token: 'bench-token', 'content-type': 'application/json', accept: 'application/json' }

export function makePeople(count: number): Person[] {
  return Array.from({ length: count }, (_, n) => ({
    phone: `55119${80_000_000 + n}`,
    primeiro_nome: 'Ana',
    pedido: String(n),
    cidade: 'Ribeirão Preto',
    saudacao: 'Bom dia',
  }))
}

/** Renders the text of the campaign (compiled once) and sends it, as the product does, to the same gateway. */
export function createSender(gatewayUrl: string, inFlight: number) {
  const template = new Liquid().parse(TEXT)
  const liquid = new Liquid()
  const pool = new Pool(gatewayUrl, { connections: inFlight, pipelining: 1 })
  const send = async (person: Person): Promise<string> => {
    const id = `3EB0${Number(person.pedido).toString(16).toUpperCase().padStart(18, '0')}`
    const text = String(liquid.renderSync(template, person))
    const body = JSON.stringify({ Phone: person.phone, Id: id, Body: text, LinkPreview: false })
    const answer = await pool.request({ method: 'POST', path: '/chat/send/text', headers: HEADERS, body })
    const { data } = (await answer.body.json()) as { data: { Id: string } }
    if (answer.statusCode !== 200 || data.Id !== id) throw new Error(`The gateway answered ${answer.statusCode}.`)
    return id
  }
  return { send, close: () => pool.close() }
}
