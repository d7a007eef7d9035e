import { expectAccessible } from './accessibility.ts'
import { expectBalance, shownBooks } from './books.ts'
import { ADMIN_SESSION, expect, fill, pt, test } from './fixtures.ts'
import { acceptedBy } from './ledger.ts'
import { hurry, startSlowly } from './newCampaign.ts'
import { makeSimulator } from './people.ts'
import { sandbox } from './sandbox.ts'

test.use({ storageState: ADMIN_SESSION })

const CHANNEL = 'Quitanda da praça'
const PHONES = Array.from({ length: 40 }, (_, i) => `+55849910${String(i).padStart(5, '0')}`)
/** The overview says it in its own words, below. */
const PAGES = ['/campaigns', '/contacts', '/settings', '/messages']

test('a number that is logged out pauses its campaign, is paired again by its code, and exactly the rest goes out', async ({
  page,
}) => {
  const channelId = await makeSimulator(page.request, CHANNEL)
  await sandbox.behave(CHANNEL, { autoPairMs: 2000, connectWaitMs: 200 })
  const campaignId = await startSlowly(page.request, { name: 'Feira', channelId, phones: PHONES })
  await page.goto(`/campaigns/${campaignId}`)
  await expect.poll(async () => (await shownBooks(page)).accepted.sum).toBeGreaterThan(1)
  await sandbox.setState(CHANNEL, { state: 'absent', event: 'LoggedOut' })

  const notice = page.getByRole('complementary', { name: pt.overview.autoPause.label })
  const title = fill(pt.overview.autoPause.disconnected, { channel: CHANNEL })
  await expect(notice.getByText(title)).toBeVisible()
  await expect(page.getByText(pt.pause.disconnected.title)).toBeVisible()
  await expect.poll(async () => (await shownBooks(page)).waiting.states[pt.states.sending]).toBe(0)
  const { waiting } = await expectBalance(page, PHONES.length)
  const before = await reached()
  // Of the message that was under way when the session went, only the ledger knows whether it arrived.
  expect([waiting.sum - 1, waiting.sum]).toContain(PHONES.length - before.length)

  const since = anyTime(pt.overview.autoPause.since)
  const wait = fill(pt.overview.autoPause.waiting_other, { n: waiting.sum })
  for (const path of PAGES) {
    await page.goto(path)
    await expect(notice.getByText(title), path).toBeVisible()
    await expect(notice.getByText(since), path).toContainText(wait)
  }
  await expectAccessible(page, 'auto-pause')
  await page.goto('/')
  const needs = page.getByRole('region', { name: pt.overview.needsYou })
  await expect(needs.getByText(title)).toBeVisible()

  await needs.getByRole('link', { name: fill(pt.overview.autoPause.reconnect, { channel: CHANNEL }) }).click()
  const dialog = page.getByRole('dialog', { name: fill(pt.channels.pairTitle, { name: CHANNEL }) })
  await expect(dialog.getByRole('img', { name: pt.channels.pairCode })).toBeVisible()
  await expect(dialog.getByText(fill(pt.channels.paired, { name: CHANNEL }))).toBeVisible()
  await dialog.getByRole('button', { name: pt.channels.pairDone }).click()
  await expect(notice.getByText(fill(pt.overview.autoPause.back, { channel: CHANNEL }))).toBeVisible()
  expect(await reached(), 'nothing goes out before somebody says so').toEqual(before)

  await notice.getByRole('link', { name: pt.overview.autoPause.open }).click()
  await hurry(page.request, campaignId)
  await page.getByRole('button', { name: pt.monitor.resume }).click()
  await expect(notice).toBeHidden()
  await expect(page.getByRole('heading', { name: pt.balance.heading.completed })).toBeVisible()
  const books = await expectBalance(page, PHONES.length)
  expect([books.waiting.sum, books.accepted.sum, books.left.sum]).toEqual([0, PHONES.length, 0])
  for (const phone of PHONES) expect(await acceptedBy(phone), phone).toHaveLength(1)
})

async function reached(): Promise<string[]> {
  const ids = await Promise.all(PHONES.map((phone) => acceptedBy(phone)))
  return PHONES.filter((_, i) => (ids[i] ?? []).length > 0)
}

/** A sentence with some hour in it, wherever it stands. */
function anyTime(sentence: string): RegExp {
  const [start = '', end = ''] = sentence.split('{{at}}')
  return new RegExp(`${start}\\d\\d:\\d\\d${end.replace('.', '\\.')}`)
}
