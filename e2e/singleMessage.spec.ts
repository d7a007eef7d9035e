import type { Page, Request } from '@playwright/test'
import en from '../web/src/text/en.json' with { type: 'json' }
import { expectAccessible } from './accessibility.ts'
import { ADMIN_SESSION, expect, fill, pt, test } from './fixtures.ts'
import { acceptedBy } from './ledger.ts'
import { makeSimulator } from './people.ts'

test.use({ storageState: ADMIN_SESSION })

const READERS = [
  {
    reader: 'in Portuguese',
    language: 'pt',
    text: pt.singleMessage,
    viewport: null,
    typed: '71 9 98765-4327',
    meant: '+55 71 98765-4327',
  },
  {
    reader: 'in English on a phone',
    language: 'en',
    text: en.singleMessage,
    viewport: { width: 390, height: 844 },
    typed: '21 9 98765-4322',
    meant: '+55 21 98765-4322',
  },
] as const

for (const { reader, language, text, viewport, typed, meant } of READERS) {
  test(`a mistyped number is mended with one tap and written to once, ${reader}`, async ({ page }) => {
    const channel = `Balcão ${language}`
    await makeSimulator(page.request, channel)
    await page.addInitScript((chosen) => localStorage.setItem('revoada.language', chosen), language)
    if (viewport !== null) await page.setViewportSize(viewport)
    await page.goto('/messages')
    await page.getByLabel(text.channel, { exact: true }).selectOption({ label: channel })
    await page.getByLabel(text.phone).fill(typed)
    await expect(page.getByText(text.correction.NINTH_DIGIT_DOUBLED)).toBeVisible()
    if (language === 'pt') await expectAccessible(page, 'messages-suggestion')
    await page.getByRole('button', { name: fill(text.useNumber, { phone: meant }) }).click()
    await expect(page.getByText(fill(text.onWhatsapp, { phone: meant }))).toBeVisible()
    await page.getByLabel(text.content, { exact: true }).fill('Seu bolo está pronto.')
    await page.getByRole('button', { name: text.send, exact: true }).click()
    await expect(page.getByText(`${meant}: ${text.state.delivered}`)).toBeVisible()
    await expect(page.getByRole('article').filter({ hasText: meant })).toHaveCount(1)
    await expect(page.getByLabel(text.content, { exact: true })).toHaveValue('')
    expect(await acceptedBy(meant)).toHaveLength(1)
    if (language === 'pt') await expectAccessible(page, 'messages-sent')
  })
}

test.describe('an answer that gets lost', () => {
  test.use({ expectedProblem: /ERR_FAILED/ })

  test('leaves the text, and the repeat after a reload sends nothing twice', async ({ page }) => {
    const phone = '+55 31 98765-4323'
    await makeSimulator(page.request, 'Linha ruim')
    await page.goto('/messages')
    await page.getByLabel(pt.singleMessage.channel, { exact: true }).selectOption({ label: 'Linha ruim' })
    await page.getByLabel(pt.singleMessage.phone).fill(phone)
    await page.getByLabel(pt.singleMessage.content, { exact: true }).fill('Uma vez só.')
    // The request arrives; its answer does not.
    await page.route('**/api/user/messages', async (route) => {
      if (!isSend(route.request())) return route.continue()
      await route.fetch()
      return route.abort()
    })
    await page.getByRole('button', { name: pt.singleMessage.send, exact: true }).click()
    await expect(page.getByText(pt.singleMessage.unansweredTitle)).toBeVisible()
    await expectAccessible(page, 'messages-unanswered')
    await page.unroute('**/api/user/messages')
    await page.reload()
    await expect(page.getByLabel(pt.singleMessage.content, { exact: true })).toHaveValue('Uma vez só.')
    await page.getByRole('button', { name: pt.common.retry }).click()
    await expect(page.getByText(`${phone}: ${pt.singleMessage.state.delivered}`)).toBeVisible()
    await expect(page.getByRole('article').filter({ hasText: phone })).toHaveCount(1)
    expect(await acceptedBy(phone)).toHaveLength(1)
  })
})

test('a scheduled message names its clock, survives a reload and is cancelled before it goes', async ({ page }) => {
  const phone = '+55 41 98765-4324'
  await makeSimulator(page.request, 'Agenda')
  await page.goto('/messages')
  await page.getByLabel(pt.singleMessage.channel, { exact: true }).selectOption({ label: 'Agenda' })
  await page.getByLabel(pt.singleMessage.phone).fill(phone)
  await page.getByLabel(pt.singleMessage.content, { exact: true }).fill('Bom dia!')
  await page.getByText(pt.singleMessage.later, { exact: true }).click()
  await page.getByLabel(pt.singleMessage.at, { exact: true }).fill(tomorrowAtNine())
  await page.getByLabel(pt.singleMessage.timeZone).selectOption('America/Manaus')
  await page.reload()
  await expect(page.getByLabel(pt.singleMessage.timeZone)).toHaveValue('America/Manaus')
  await expect(page.getByLabel(pt.singleMessage.content, { exact: true })).toHaveValue('Bom dia!')
  await page.getByRole('button', { name: pt.singleMessage.schedule }).click()

  const row = page.getByRole('article').filter({ hasText: phone })
  await expect(row.getByText(/09:00, hora de Manaus/)).toBeVisible()
  await expectAccessible(page, 'messages-scheduled')
  await row.getByRole('button', { name: fill(pt.singleMessage.cancelNamed, { phone }) }).click()
  await page.getByRole('button', { name: pt.singleMessage.cancelConfirm }).click()
  await expect(row.getByText(pt.singleMessage.state.cancelled, { exact: true })).toBeVisible()
  await page.reload()
  await expect(row.getByText(pt.singleMessage.state.cancelled, { exact: true })).toBeVisible()
  expect(await stateOf(page, phone)).toBe('cancelled')
  expect(await acceptedBy(phone)).toEqual([])
})

function isSend(request: Request): boolean {
  return request.method() === 'POST'
}

/** A wall time that is ahead on every clock of the world. */
function tomorrowAtNine(): string {
  const day = new Date(Date.now() + 2 * 86_400_000)
  return `${day.toISOString().slice(0, 10)}T09:00`
}

async function stateOf(page: Page, phone: string): Promise<string | undefined> {
  const { items } = (await (await page.request.get('/api/user/messages')).json()) as {
    items: { phone: string; state: string }[]
  }
  return items.find((message) => message.phone === phone.replace(/[ -]/g, ''))?.state
}
