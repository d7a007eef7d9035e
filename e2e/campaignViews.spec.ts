import type { APIRequestContext } from '@playwright/test'
import { expectAccessible } from './accessibility.ts'
import { ADMIN_SESSION, expect, fill, pt, test } from './fixtures.ts'

test.use({ storageState: ADMIN_SESSION })
test.describe.configure({ mode: 'serial' })

type Made = { id: string; campaignId: string; items: { status: string }[] }

const PEOPLE = 30
const NAMES = ['Semana do pão', 'Semana do café']

async function post(request: APIRequestContext, path: string, data: object): Promise<Made> {
  const answer = await request.post(path, { data })
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true)
  return (await answer.json()) as Made
}

test('a finished campaign is opened from the overview: its people, its report, and beside another one', async ({
  page,
}) => {
  const { request } = page
  const channel = await post(request, '/api/user/channels', { name: 'Visões', gateway: 'sandbox' })
  const contacts = Array.from({ length: PEOPLE }, (_, i) => ({ phone: `119${85_000_000 + i}`, name: `Pessoa ${i}` }))
  for (const name of NAMES)
    await post(request, '/api/user/bulk-campaigns', {
      name,
      channelId: channel.id,
      messages: [{ type: 'text', content: 'Oi, {{nome}}!' }],
      recipients: { contacts },
      delayMin: 0,
      delayMax: 0,
      start: true,
    })

  await page.goto('/')
  const finished = page.getByRole('region', { name: pt.overview.finished })
  for (const name of NAMES) await expect(finished.getByRole('link', { name })).toBeVisible()
  await expectAccessible(page, 'overview')
  await finished.getByRole('link', { name: NAMES[0] ?? '' }).click()
  await expect(page.getByRole('heading', { name: pt.balance.heading.completed })).toBeVisible()

  await page.getByRole('tab', { name: pt.campaign.tab.people }).click()
  await expect(page.getByRole('table').getByText('Pessoa 0', { exact: true })).toBeVisible()
  await expect(page.getByRole('table')).toHaveAttribute('aria-rowcount', String(PEOPLE + 1))
  await expectAccessible(page, 'campaign-people')
  await page.reload()
  await expect(page.getByRole('tab', { name: pt.campaign.tab.people })).toHaveAttribute('aria-selected', 'true')

  await page.getByRole('tab', { name: pt.campaign.tab.report }).click()
  await expect(page.getByRole('region', { name: pt.report.overTime })).toBeVisible()
  await expectAccessible(page, 'campaign-report')
  await page.getByRole('tab', { name: pt.campaign.tab.trail }).click()
  await expect(page.getByText(pt.trail.action.create)).toBeVisible()
  await expectAccessible(page, 'campaign-trail')
})

test('two campaigns chosen in the outbox stand side by side', async ({ page }) => {
  await page.goto('/campaigns?view=finished')
  for (const name of NAMES) await page.getByRole('checkbox', { name: fill(pt.outbox.compareNamed, { name }) }).check()
  await expectAccessible(page, 'outbox-chosen')
  await page.getByRole('link', { name: pt.outbox.compare }).click()
  const table = page.getByRole('table')
  for (const name of NAMES) await expect(table.getByRole('link', { name })).toBeVisible()
  await expect(table.getByRole('row', { name: pt.compare.line.people })).toContainText(String(PEOPLE))
  await expectAccessible(page, 'compare')
})
