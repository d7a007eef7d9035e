import { createUser, refusal, sandboxChannel, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const UNPROCESSABLE = 422
const WRONG_SHAPE = 400
const YEAR = new Date().getUTCFullYear() + 1

/** Well formed, or nearly, and no time at which anything could start. */
const IMPOSSIBLE = [
  `${YEAR}-02-30T10:00`,
  `${YEAR}-02-30T10:00:00Z`,
  `${YEAR}-13-01T10:00`,
  `${YEAR}-00-10T10:00`,
  `${YEAR}-04-31T10:00`,
  '2027-02-29T10:00',
  `${YEAR}-05-01T24:00`,
  `${YEAR}-05-01T24:00:00Z`,
  `${YEAR}-05-01T10:60`,
  `${YEAR}-06-30T23:59:60`,
  `${YEAR}-06-30T23:59:60Z`,
  '9999-12-31T23:59',
  '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00Z',
  '1970-01-01T00:00:00Z',
  '0000-01-01T00:00',
  '0',
  '1790000000',
  '1790000000000',
  `${YEAR}-05-01T10:00:00+14:30`,
  `${YEAR}-05-01T10:00:00-12:30`,
  `${YEAR}-05-01T10:00:00+25:00`,
  `${YEAR}-05-01T10:00:00-00:60`,
  `${YEAR}-05-01T10:00:00[America/Sao_Paulo]`,
  `${YEAR}-05-01`,
  '10:00',
  `01/05/${YEAR} 10:00`,
  'tomorrow',
  '',
  ' ',
]

const IMPOSSIBLE_ZONES = ['Mars/Olympus', 'America/Sao Paulo', '+03:00', 'GMT+3', '', ' ', '../etc/passwd', 'EST5EDT4']
const WRONG_SHAPES: unknown[] = [0, 1_790_000_000, 1_790_000_000_000, true, null, [], {}, 'x'.repeat(41)]

/** Dates that do not exist, that lie where none is meant, or that are no dates: refused each, none moved to another day. */
export async function badDates(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const channel = await sandboxChannel(site)
  const create = (body: object) => refusal(startCampaign(site, channel, site.gateway, 1, { start: false, ...body }))
  for (const scheduledAt of IMPOSSIBLE) {
    const status = await create({ scheduledAt })
    check(status === UNPROCESSABLE, `"${scheduledAt}" was answered with ${status}.`)
  }
  for (const timeZone of IMPOSSIBLE_ZONES) {
    const status = await create({ timeZone, scheduledAt: `${YEAR}-05-01T10:00` })
    // An empty name has the wrong shape.
    const wanted = timeZone === '' ? WRONG_SHAPE : UNPROCESSABLE
    check(status === wanted, `The zone "${timeZone}" was answered with ${status}.`)
  }
  for (const scheduledAt of WRONG_SHAPES) {
    const status = await create({ scheduledAt })
    check(status === WRONG_SHAPE, `${JSON.stringify(scheduledAt)} as a date was answered with ${status}.`)
  }
  const { items } = await site.api.get<{ items: unknown[] }>('/api/user/bulk-campaigns')
  check(items.length === 0, `${items.length} campaigns were made all the same.`)
  return {
    'dates refused': IMPOSSIBLE.length,
    'zones refused': IMPOSSIBLE_ZONES.length,
    'wrong shapes refused': WRONG_SHAPES.length,
  }
}
