import { expect, it } from 'vitest'
import { isTimeZone } from './isTimeZone.ts'

it.each(['America/Sao_Paulo', 'america/sao_paulo', 'UTC', 'Etc/GMT+3', 'Europe/Lisbon'])('%s is a zone', (name) => {
  expect(isTimeZone(name)).toBe(true)
})

it.each([
  '+03:00',
  '-0300',
  'Marte/Olympus',
  '',
  '2027-09-19T05:23:10.915Z',
  '2027-09-19T05:23:10[America/Sao_Paulo]',
  ' UTC',
])('%j is none, though some of it could be read as one', (name) => {
  expect(isTimeZone(name)).toBe(false)
})
