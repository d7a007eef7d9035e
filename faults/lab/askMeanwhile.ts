import { setTimeout as sleep } from 'node:timers/promises'
import { check } from './check.ts'
import type { Site } from './Site.ts'

const ASK_EVERY_MS = 20

/** Asks who is signed in, again and again, as other clients do; `stop` returns how long each answer took, in ms. */
export function askMeanwhile(site: Site): { stop: () => Promise<number[]> } {
  const times: number[] = []
  let stopped = false
  const asking = (async () => {
    while (!stopped) {
      const from = performance.now()
      const { status } = await site.api.send('GET', '/api/me')
      times.push(performance.now() - from)
      check(status === 200, `Somebody else was answered ${status}.`)
      await sleep(ASK_EVERY_MS)
    }
  })()
  return {
    stop: async () => {
      stopped = true
      await asking
      return times
    },
  }
}

/** What 99 of 100 waited at most, in ms. */
export function p99(times: number[]): number {
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0)
}
