import { expectBalance, shownBooks } from './books.ts'
import { ADMIN, expect, pt, test as base } from './fixtures.ts'
import { acceptedBy } from './ledger.ts'
import { hurry, startSlowly } from './newCampaign.ts'
import { OwnServer } from './ownServer.ts'
import { makeSimulator } from './people.ts'

const PHONES = Array.from({ length: 40 }, (_, i) => `+55829920${String(i).padStart(5, '0')}`)

/** Everything happens on a server of its own: the one of the other tests is not to die. */
const test = base.extend<{ server: OwnServer }>({
  // Playwright reads from this pattern which fixtures are needed, and accepts nothing else in its place: none are.
  // oxlint-disable-next-line no-empty-pattern
  server: async ({}, provide) => {
    const server = await OwnServer.make()
    try {
      await server.start()
      await provide(server)
    } finally {
      await server.stop()
    }
  },
  baseURL: async ({ server }, provide) => provide(server.url),
})

// What a browser says of a server that is not there.
test.use({ expectedProblem: /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY/ })

test('a paused campaign outlives a kill -9 of the server; its page comes back by itself, and exactly the rest goes out', async ({
  page,
  server,
}) => {
  expect((await page.request.post('/api/setup', { data: ADMIN })).ok()).toBe(true)
  const channelId = await makeSimulator(page.request, 'Moinho')
  const campaignId = await startSlowly(page.request, { name: 'Trigo', channelId, phones: PHONES })
  await page.goto(`/campaigns/${campaignId}`)
  await expect.poll(async () => (await shownBooks(page)).accepted.sum).toBeGreaterThan(1)
  await page.getByRole('button', { name: pt.monitor.pause }).click()
  await expect(page.getByText(pt.pause.user.title)).toBeVisible()
  await expect.poll(async () => (await shownBooks(page)).waiting.states[pt.states.sending]).toBe(0)
  const paused = await expectBalance(page, PHONES.length)
  expect(await reached(server), 'the page says what the ledger says').toBe(paused.accepted.sum)

  await server.kill()
  await expect(page.locator('[data-connection=polling]')).toBeVisible()
  await server.start()
  // Nobody touches the page meanwhile.
  await expect(page.locator('[data-connection=live]')).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
  const recovered = await expectBalance(page, PHONES.length)
  expect([recovered.waiting.sum, recovered.left.sum]).toEqual([paused.waiting.sum, paused.left.sum])
  expect(await reached(server), 'a start sends nothing by itself').toBe(paused.accepted.sum)

  await hurry(page.request, campaignId)
  await page.getByRole('button', { name: pt.monitor.resume }).click()
  await expect(page.getByRole('heading', { name: pt.balance.heading.completed })).toBeVisible()
  const books = await expectBalance(page, PHONES.length)
  expect([books.waiting.sum, books.accepted.sum, books.left.sum]).toEqual([0, PHONES.length, 0])
  for (const phone of PHONES) expect(await acceptedBy(phone, server.directory), phone).toHaveLength(1)
})

async function reached({ directory }: OwnServer): Promise<number> {
  const ids = await Promise.all(PHONES.map((phone) => acceptedBy(phone, directory)))
  return ids.filter(({ length }) => length > 0).length
}
