import { setImmediate as tick } from 'node:timers/promises'
import pino from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { Poller } from './Poller.ts'

const FAR_AWAY_MS = 3_600_000
const silent = pino({ level: 'silent' })
const pollers: Poller[] = []

afterEach(async () => {
  for (const round of open.splice(0)) round.end()
  await Promise.all(pollers.splice(0).map((poller) => poller.stop()))
})

type Round = { end: (more?: boolean) => void; fail: () => void }
const open: Round[] = []

/** A poller whose rounds end when the test says so. `most` is how many were ever under way together. */
function newPoller(intervalMs = FAR_AWAY_MS) {
  const seen = { begun: 0, ended: 0, underWay: 0, most: 0 }
  const work = async () => {
    seen.begun++
    seen.most = Math.max(seen.most, ++seen.underWay)
    try {
      return await new Promise<boolean>((resolve, reject) => {
        open.push({ end: (more = false) => resolve(more), fail: () => reject(new Error('round failed')) })
      })
    } finally {
      seen.underWay--
      seen.ended++
    }
  }
  const poller = new Poller({ work, intervalMs, log: silent })
  pollers.push(poller)
  return { poller, seen }
}

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await tick()
}

async function endRound(more = false): Promise<void> {
  await settle()
  open.shift()?.end(more)
  await settle()
}

describe('a poller', () => {
  it('works at once when it starts, and then waits', async () => {
    const { poller, seen } = newPoller()
    expect(seen.begun).toBe(0)
    poller.start()
    await endRound()
    expect(seen.begun).toBe(1)
  })

  it('goes on at once while there is more to do', async () => {
    const { poller, seen } = newPoller()
    poller.start()
    await endRound(true)
    await endRound(true)
    await endRound(false)
    expect(seen.begun).toBe(3)
  })

  it('works again at a nudge', async () => {
    const { poller, seen } = newPoller()
    poller.start()
    await endRound()
    poller.nudge()
    await settle()
    expect(seen.begun).toBe(2)
  })

  it('does not lose a nudge that comes during a round, and makes one round of many', async () => {
    const { poller, seen } = newPoller()
    poller.start()
    await settle()
    for (let i = 0; i < 10; i++) poller.nudge()
    await endRound()
    expect(seen.begun).toBe(2)
    await endRound()
    expect(seen.begun).toBe(2)
  })

  it('never has two rounds under way, however it is nudged, started and stopped', async () => {
    const { poller, seen } = newPoller()
    poller.start()
    poller.start()
    poller.nudge()
    await settle()
    const stopped = poller.stop()
    poller.start()
    poller.nudge()
    await settle()
    expect(seen.most).toBe(1)
    for (let i = 0; i < 5; i++) {
      poller.nudge()
      await endRound()
    }
    expect(seen.begun).toBe(6)
    const stoppedAgain = poller.stop()
    await endRound()
    await Promise.all([stopped, stoppedAgain])
    expect(seen.most).toBe(1)
  })

  it('works again after the interval without a nudge', async () => {
    const { poller, seen } = newPoller(5)
    poller.start()
    await endRound()
    await expect.poll(() => seen.begun).toBeGreaterThan(1)
  })

  it('goes on after a round that failed', async () => {
    const { poller, seen } = newPoller(5)
    poller.start()
    await settle()
    open.shift()?.fail()
    await expect.poll(() => seen.begun).toBeGreaterThan(1)
  })

  it('starts again after it was stopped', async () => {
    const { poller, seen } = newPoller()
    poller.start()
    await endRound()
    await poller.stop()
    poller.start()
    await endRound()
    expect(seen.begun).toBe(2)
  })
})

describe('stopping', () => {
  it('waits for the round under way', async () => {
    const { poller, seen } = newPoller()
    poller.start()
    await settle()
    let stopped = false
    const stopping = poller.stop().then(() => (stopped = true))
    await settle()
    expect(stopped).toBe(false)
    await endRound(true)
    await stopping
    expect(seen).toMatchObject({ begun: 1, ended: 1 })
  })

  it('does not wait for the interval, and twice or before the start is fine', async () => {
    const { poller, seen } = newPoller()
    await poller.stop()
    poller.start()
    await endRound()
    await Promise.all([poller.stop(), poller.stop()])
    poller.nudge()
    await settle()
    expect(seen.begun).toBe(1)
  })
})
