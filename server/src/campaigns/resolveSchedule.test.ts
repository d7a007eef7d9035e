import { describe, expect, it } from 'vitest'
import { resolveSchedule } from './resolveSchedule.ts'

const NOW = new Date('2026-02-01T12:00:00Z')
const resolve = (text: string, zone = 'America/Sao_Paulo') => resolveSchedule(text, zone, NOW)

describe('a start is refused that', () => {
  it.each([
    ['does not exist', '2026-02-30T10:00'],
    ['has an hour 24', '2026-03-01T24:00'],
    ['lies in the year 9999', '9999-01-01T10:00'],
    ['is the epoch', '1970-01-01T00:00:00Z'],
    ['is seconds', '1790000000'],
    ['is milliseconds', '1790000000000'],
    ['has an offset that nobody uses', '2026-03-01T10:00+14:30:61'],
    ['lies further east than anybody lives', '2026-03-01T10:00:00+14:30'],
    ['lies further west than anybody lives', '2026-03-01T10:00:00-12:30'],
    ['has a leap second', '2026-06-30T23:59:60Z'],
    ['has a leap second in wall time', '2026-06-30T23:59:60'],
    ['has no minutes', '2026-03-01T10Z'],
    ['is empty', ''],
    ['has passed', '2026-02-01T08:59'],
    ['is a date alone', '2026-03-01'],
    ['is a text', 'amanhã'],
    ['has a second 60', '2026-03-01T10:00:61'],
  ])('%s: %s', (_why, text) => {
    expect(() => resolve(text)).toThrow(
      expect.objectContaining({ code: 'UNPROCESSABLE', details: [expect.objectContaining({ field: 'scheduledAt' })] }),
    )
  })

  it('the clocks skip', () => {
    expect(() => resolve('2026-03-08T02:30', 'America/New_York')).toThrow(
      expect.objectContaining({
        details: [{ field: 'scheduledAt', message: 'The clocks skip this time on that day.' }],
      }),
    )
  })

  it.each(['America/Sao_Paolo', '+03:00', '', 'Mars/Olympus'])('names the zone %j', (zone) => {
    expect(() => resolve('2026-03-01T10:00', zone)).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ field: 'timeZone' })] }),
    )
  })
})

describe('a start', () => {
  it('in wall time is the instant that the zone says, and remembers what was meant', () => {
    expect(resolve('2026-03-01T09:00')).toEqual({
      instant: new Date('2026-03-01T12:00:00Z'),
      timeZone: 'America/Sao_Paulo',
      wallTime: '2026-03-01T09:00',
      offset: '-03:00',
    })
  })

  it('in Asunción knows that the clock stays at -03 since 2024', () => {
    expect(resolve('2026-07-01T09:00', 'America/Asuncion').instant).toEqual(new Date('2026-07-01T12:00:00Z'))
  })

  it('that occurs twice is the first of the two', () => {
    expect(resolve('2026-11-01T01:30', 'America/New_York').instant).toEqual(new Date('2026-11-01T05:30:00Z'))
  })

  it.each([
    ['2026-03-01T09:00:00+14:00', '2026-02-28T19:00:00Z'],
    ['2026-03-01T09:00:00-12:00', '2026-03-01T21:00:00Z'],
    ['2026-03-01T09:00:00.123456Z', '2026-03-01T09:00:00.123Z'],
    ['2026-03-01T09:00-03:00', '2026-03-01T12:00:00Z'],
  ])('written %s is an instant', (text, instant) => {
    expect(resolve(text).instant).toEqual(new Date(instant))
  })

  it('with an offset is that instant, whatever the zone', () => {
    expect(resolve('2026-03-01T09:00:00Z')).toMatchObject({
      instant: new Date('2026-03-01T09:00:00Z'),
      wallTime: '2026-03-01T06:00',
      offset: '-03:00',
    })
  })
})
