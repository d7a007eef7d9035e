import { describe, expect, it } from 'vitest'
import { NO_COUNTS } from '#contract/states.ts'
import type { ChannelLimits } from '#server/channels/channelCap.ts'
import { finishWithCap, type PlannedWork } from './finishWithCap.ts'
import { estimateSecondsRemaining } from './getEnhancedProgress.ts'

/** A Monday, noon. */
const NOON = new Date('2026-11-23T12:00:00Z')
const HOUR_MS = 3_600_000

const work = (changes: Partial<PlannedWork>): PlannedWork => ({
  messages: 100,
  perMessageMs: 1000,
  window: null,
  timeZone: 'UTC',
  ...changes,
})
const limits = (changes: Partial<ChannelLimits> = {}): ChannelLimits => ({
  dailyCap: null,
  capUsed: 0,
  dayTurnsInMs: 12 * HOUR_MS,
  backOffInMs: 0,
  ...changes,
})
const endOf = (changes: Partial<PlannedWork>, limited?: Partial<ChannelLimits>) =>
  finishWithCap(work(changes), limited === undefined ? undefined : limits(limited), NOON)?.toISOString()

describe('the end of what is left', () => {
  it('is that of the pace where nothing else holds it up', () => {
    expect(endOf({})).toBe('2026-11-23T12:01:40.000Z')
    expect(endOf({}, { dailyCap: 100 })).toBe('2026-11-23T12:01:40.000Z')
  })

  it('comes after the back-off', () => {
    expect(endOf({}, { backOffInMs: 60_000 })).toBe('2026-11-23T12:02:40.000Z')
  })

  it.each([
    [101, 0, '2026-11-24T00:00:01.000Z'],
    [250, 0, '2026-11-25T00:00:50.000Z'],
    [200, 0, '2026-11-24T00:01:40.000Z'],
    [250, 100, '2026-11-26T00:00:50.000Z'],
    // More left than a cap that was lowered allows.
    [100, 130, '2026-11-24T00:01:40.000Z'],
  ])('of %i messages with %i of the cap used lies on the day that the cap allows', (messages, capUsed, end) => {
    expect(endOf({ messages }, { dailyCap: 100, capUsed })).toBe(end)
  })

  it('knows that the window opens later in the day, and not at the weekend', () => {
    const window = { startTime: '09:00', endTime: '18:00', days: [1, 2, 3, 4, 5] }
    expect(endOf({ messages: 150, window }, { dailyCap: 100 })).toBe('2026-11-24T09:00:50.000Z')
    // Monday to Friday 100 each, Monday again the rest.
    expect(endOf({ messages: 510, window }, { dailyCap: 100 })).toBe('2026-11-30T09:00:10.000Z')
  })

  it('is that of the pace where a day is too short for the cap', () => {
    expect(endOf({ messages: 48, perMessageMs: HOUR_MS }, { dailyCap: 40 })).toBe('2026-11-25T12:00:00.000Z')
  })

  it('is not told when it lies years ahead', () => {
    expect(endOf({ messages: 1_000_000 }, { dailyCap: 100 })).toBeUndefined()
  })
})

describe('the estimate of a campaign', () => {
  const campaign = {
    status: 'running' as const,
    delay_min_ms: 0,
    delay_max_ms: 0,
    messages: [
      { type: 'text' as const, content: 'um' },
      { type: 'text' as const, content: 'dois' },
    ],
    sending_window: null,
    time_zone: 'UTC',
  }
  const counts = { ...NO_COUNTS, pending: 100 }

  it('counts every message of the sequence against the cap, and needs no speed to know the day', () => {
    const seconds = estimateSecondsRemaining(campaign, counts, 0, NOON, limits({ dailyCap: 100 }))
    expect(seconds).toBe(12 * 3600)
    expect(estimateSecondsRemaining(campaign, counts, 0, NOON, limits({ dailyCap: 200 }))).toBe(null)
  })

  it('does not take the hours in which the cap was reached for slowness', () => {
    const paced = { ...campaign, delay_min_ms: 1000, delay_max_ms: 1000 }
    const half = { ...counts, sent: 100 }
    const seconds = estimateSecondsRemaining(paced, half, 20 * HOUR_MS, NOON, limits({ dailyCap: 500 }))
    expect(seconds).toBe(200)
  })
})
