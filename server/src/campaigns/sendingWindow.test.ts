import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SendingWindow } from '#contract/campaigns.ts'
import { finishWithin, windowStateAt } from './sendingWindow.ts'

const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
const SAO_PAULO = 'America/Sao_Paulo'
const NEW_YORK = 'America/New_York'

const state = (window: SendingWindow, zone: string, at: string) => {
  const { isOpen, until } = windowStateAt(window, zone, new Date(at))
  return [isOpen, until?.toISOString() ?? null]
}

describe('a window within a day', () => {
  const office: SendingWindow = { startTime: '09:00', endTime: '18:00', days: [1, 2, 3, 4, 5] }

  it.each([
    ['before it opens', '2026-11-23T11:59:59.999Z', [false, '2026-11-23T12:00:00.000Z']],
    ['the instant it opens', '2026-11-23T12:00:00Z', [true, '2026-11-23T21:00:00.000Z']],
    ['the instant it closes', '2026-11-23T21:00:00Z', [false, '2026-11-24T12:00:00.000Z']],
    ['on Friday evening, until Monday', '2026-11-27T21:30:00Z', [false, '2026-11-30T12:00:00.000Z']],
    ['on Saturday in São Paulo that is Friday elsewhere', '2026-11-28T03:00:00Z', [false, '2026-11-30T12:00:00.000Z']],
  ])('%s', (_when, at, expected) => {
    expect(state(office, SAO_PAULO, at)).toEqual(expected)
  })
})

describe('a window that crosses midnight', () => {
  const night: SendingWindow = { startTime: '22:00', endTime: '06:00', days: [5] }

  it.each([
    ['is open on Friday night', '2026-11-28T02:00:00Z', [true, '2026-11-28T09:00:00.000Z']],
    ['and on the morning after, which is no Friday', '2026-11-28T08:59:00Z', [true, '2026-11-28T09:00:00.000Z']],
    ['but not on the morning of Friday itself', '2026-11-27T08:00:00Z', [false, '2026-11-28T01:00:00.000Z']],
  ])('%s', (_when, at, expected) => {
    expect(state(night, SAO_PAULO, at)).toEqual(expected)
  })
})

describe('a change of the clock', () => {
  it('that skips the opening moves it by as much', () => {
    const window = { startTime: '02:30', endTime: '05:00', days: EVERY_DAY }
    expect(state(window, NEW_YORK, '2026-03-08T07:29:00Z')).toEqual([false, '2026-03-08T07:30:00.000Z'])
    expect(state(window, NEW_YORK, '2026-03-08T07:30:00Z')).toEqual([true, '2026-03-08T09:00:00.000Z'])
  })

  it('that swallows the window leaves it closed until the next one', () => {
    const sundays = { startTime: '02:00', endTime: '03:00', days: [0] }
    expect(state(sundays, NEW_YORK, '2027-03-07T08:00:00Z')).toEqual([false, '2027-03-21T06:00:00.000Z'])
    const early = { startTime: '02:30', endTime: '03:00', days: EVERY_DAY }
    expect(state(early, NEW_YORK, '2027-03-13T08:00:00Z')).toEqual([false, '2027-03-15T06:30:00.000Z'])
  })

  it('that repeats an hour lets the window open at the first', () => {
    const window = { startTime: '01:30', endTime: '03:00', days: EVERY_DAY }
    expect(state(window, NEW_YORK, '2026-11-01T05:29:59Z')).toEqual([false, '2026-11-01T05:30:00.000Z'])
    expect(state(window, NEW_YORK, '2026-11-01T07:59:59Z')).toEqual([true, '2026-11-01T08:00:00.000Z'])
  })
})

it('windows that touch are one, and around the clock it never closes', () => {
  expect(state({ startTime: '08:00', endTime: '08:00', days: EVERY_DAY }, SAO_PAULO, '2026-11-23T12:00:00Z')).toEqual([
    true,
    null,
  ])
  expect(state({ startTime: '08:00', endTime: '08:00', days: [1, 2] }, SAO_PAULO, '2026-11-23T12:00:00Z')).toEqual([
    true,
    '2026-11-25T11:00:00.000Z',
  ])
})

const time = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`)
const windows = fc.record({ startTime: time, endTime: time, days: fc.uniqueArray(fc.nat(6), { minLength: 1 }) })
const zones = fc.constantFrom(SAO_PAULO, NEW_YORK, 'Asia/Tokyo', 'America/Asuncion', 'Australia/Lord_Howe', 'UTC')
const instants = fc.date({ min: new Date('2026-01-01'), max: new Date('2028-01-01'), noInvalidDate: true })

it('what it says holds until the instant it names, and changes there', () => {
  fc.assert(
    fc.property(windows, zones, instants, fc.double({ min: 0, max: 1, noNaN: true }), (window, zone, at, part) => {
      const { isOpen, until } = windowStateAt(window, zone, at)
      if (until === null) return
      expect(until.getTime()).toBeGreaterThan(at.getTime())
      const between = new Date(at.getTime() + Math.floor((until.getTime() - at.getTime() - 1) * part))
      expect(windowStateAt(window, zone, between)).toEqual({ isOpen, until })
      expect(windowStateAt(window, zone, until).isOpen).toBe(!isOpen)
    }),
    { numRuns: 300 },
  )
})

it('an open instant lies at or after the opening on a day of the window, or before the close of the day after', () => {
  fc.assert(
    fc.property(windows, zones, instants, (window, zone, at) => {
      if (!windowStateAt(window, zone, at).isOpen) return
      const parts = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        weekday: 'short',
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      }).formatToParts(at)
      const part = (type: string) => parts.find((p) => p.type === type)?.value ?? ''
      const now = `${part('hour')}:${part('minute')}`
      const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(part('weekday'))
      const crosses = window.endTime <= window.startTime
      const today = window.days.includes(day) && now >= window.startTime && (crosses || now < window.endTime)
      const yesterday = crosses && window.days.includes((day + 6) % 7) && now < window.endTime
      // Within an hour of a clock change wall times do not compare.
      const offset = (ms: number) =>
        new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
          .formatToParts(ms)
          .find((p) => p.type === 'timeZoneName')?.value
      if (offset(at.getTime() - 86_400_000) !== offset(at.getTime() + 86_400_000)) return
      expect(today || yesterday).toBe(true)
    }),
    { numRuns: 300 },
  )
})

describe('the estimate', () => {
  const office: SendingWindow = { startTime: '09:00', endTime: '18:00', days: [1, 2, 3, 4, 5] }

  it('counts only time inside the window', () => {
    const hour = 3_600_000
    const from = new Date('2026-11-27T19:00:00Z')
    expect(finishWithin(office, SAO_PAULO, from, hour)?.toISOString()).toBe('2026-11-27T20:00:00.000Z')
    expect(finishWithin(office, SAO_PAULO, from, 3 * hour)?.toISOString()).toBe('2026-11-30T13:00:00.000Z')
    expect(finishWithin(office, SAO_PAULO, from, 2 * hour + 45 * hour)?.toISOString()).toBe('2026-12-04T21:00:00.000Z')
  })

  it('says nothing about what lies years ahead', () => {
    expect(finishWithin(office, SAO_PAULO, new Date('2026-11-27T19:00:00Z'), 1e13)).toBeNull()
  })
})
