import type { Page, Request } from '@playwright/test'
import { expectAccessible } from './accessibility.ts'
import { ADMIN_SESSION, expect, fill, pt, test } from './fixtures.ts'
import { acceptedBy } from './ledger.ts'
import { makeSimulator } from './people.ts'
import { READERS, readAs } from './readers.ts'

test.use({ storageState: ADMIN_SESSION })

/** How a number is mistyped, and which one is meant. */
const MISTYPED = {
  pt: { typed: '71 9 98765-4327', meant: '+55 71 98765-4327' },
  en: { typed: '21 9 98765-4322', meant: '+55 21 98765-4322' },
} as const
/** Nine in Manaus, as a plan says it. */
const NINE = { pt: /09:00, hora de Manaus/, en: /9:00\sAM, Manaus time/ } as const

for (const reader of READERS) {
  const { language } = reader
  const text = reader.text.singleMessage

  test(`a mistyped number is mended with one tap and written to once, ${reader.reader}`, async ({ page }) => {
    const { typed, meant } = MISTYPED[language]
    const channel = `Balcão ${language}`
    await makeSimulator(page.request, channel)
    await readAs(page, reader)
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

  test(`a scheduled message names its clock, survives a reload and is cancelled before it goes, ${reader.reader}`, async ({
    page,
  }) => {
    const phone = language === 'pt' ? '+55 41 98765-4324' : '+55 41 98765-4325'
    const channel = `Agenda ${language}`
    await makeSimulator(page.request, channel)
    await readAs(page, reader)
    await page.goto('/messages')
    await page.getByLabel(text.channel, { exact: true }).selectOption({ label: channel })
    await page.getByLabel(text.phone).fill(phone)
    await page.getByLabel(text.content, { exact: true }).fill('Bom dia!')
    await page.getByText(text.later, { exact: true }).click()
    await page.getByLabel(text.at, { exact: true }).fill(tomorrowAtNine())
    await page.getByLabel(text.timeZone).selectOption('America/Manaus')
    await page.reload()
    await expect(page.getByLabel(text.timeZone)).toHaveValue('America/Manaus')
    await expect(page.getByLabel(text.content, { exact: true })).toHaveValue('Bom dia!')
    await page.getByRole('button', { name: text.schedule }).click()

    const row = page.getByRole('article').filter({ hasText: phone })
    await expect(row).toContainText(NINE[language])
    if (language === 'pt') await expectAccessible(page, 'messages-scheduled')
    await row.getByRole('button', { name: fill(text.cancelNamed, { phone }) }).click()
    await page.getByRole('button', { name: text.cancelConfirm }).click()
    await expect(row.getByText(text.state.cancelled, { exact: true })).toBeVisible()
    await page.reload()
    await expect(row.getByText(text.state.cancelled, { exact: true })).toBeVisible()
    expect(await stateOf(page, phone)).toBe('cancelled')
    expect(await acceptedBy(phone)).toEqual([])
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
