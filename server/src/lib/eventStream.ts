import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** A reader that takes nothing for so long is let go: it comes back by itself if it is alive. */
const SLOW_MS = 15_000
/** Never held for one reader; what it is told next is newer anyway. */
const MAX_WAITING_BYTES = 1024 * 1024

export type ServerEvent = { event: string; data: unknown }

/**
 * Writes events (text/event-stream) until they end, or the reader has gone or is too slow. One event at most waits beside
 * what the socket holds. The head of the answer has been written before; the answer is ended by whoever wrote it.
 */
export async function writeEvents(
  answer: ServerResponse,
  events: AsyncIterable<ServerEvent>,
  { slowMs = SLOW_MS } = {},
): Promise<void> {
  for await (const { event, data } of events) {
    if (answer.destroyed) return
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    const isTaken = answer.write(text) || (await isTakenWithin(answer, slowMs))
    if (isTaken && answer.writableLength <= MAX_WAITING_BYTES) continue
    answer.destroy()
    return
  }
}

async function isTakenWithin(answer: ServerResponse, ms: number): Promise<boolean> {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), ms)
  const { signal } = over
  try {
    // Who goes away drains nothing any more.
    await Promise.race([once(answer, 'drain', { signal }), once(answer, 'close', { signal })])
    return !answer.destroyed
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}
