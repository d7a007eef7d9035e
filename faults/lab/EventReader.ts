import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** One open stream of server-sent events, as a browser has it. */
export class EventReader {
  readonly status: number
  /** When the stream was over, `performance.now()`; never rejects. */
  readonly ended: Promise<number>
  readonly #answer: IncomingMessage
  #text = ''

  private constructor(answer: IncomingMessage) {
    this.#answer = answer
    this.status = answer.statusCode ?? 0
    answer.setEncoding('utf8')
    answer.on('data', (chunk: string) => (this.#text += chunk))
    answer.on('error', () => undefined)
    this.ended = new Promise((resolve) => answer.once('close', () => resolve(performance.now())))
  }

  /** Opens it; `headers` sign in. Returns when the head of the answer is there. */
  static async open(url: string, headers: Record<string, string>): Promise<EventReader> {
    const asking = request(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false })
    asking.on('error', () => undefined)
    asking.end()
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    return new EventReader(answer)
  }

  /** Everything that was told so far. */
  get text(): string {
    return this.#text
  }

  get socket(): Socket {
    return this.#answer.socket
  }

  /** Returns when something has been told. */
  async first(): Promise<void> {
    if (this.#text === '') await once(this.#answer, 'data')
  }

  /** Reads nothing any more and stays. */
  stall(): void {
    this.#answer.pause()
    this.socket.pause()
  }

  /** Goes away: in good order, or by a reset. */
  leave(how: 'end' | 'reset'): void {
    if (how === 'end') this.socket.destroy()
    else this.socket.resetAndDestroy()
  }
}
