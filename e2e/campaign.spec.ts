import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expectAccessible } from './accessibility.ts'
import { expectBalance, shownBooks } from './books.ts'
import { ADMIN_SESSION, anyValue, createSimulator, expect, fill, pt, test } from './fixtures.ts'
import { acceptedBy } from './ledger.ts'
import { goTo } from './newCampaign.ts'

test.use({ storageState: ADMIN_SESSION })
test.describe.configure({ mode: 'serial' })

const PEOPLE = 40
const FILE = 'clientes da padaria.csv'
const CAMPAIGN = 'Fornada das cinco'

/** Forty people, one of them twice in another spelling, and three rows that cannot be used. */
function makeCsv(): Buffer {
  const people = Array.from({ length: PEOPLE }, (_, i) => `Pessoa ${i};(11) 9${8000 + i}-${1000 + i};São Paulo`)
  const broken = ['Sem telefone;;Santos', 'Planilha;5,51E+12;Santos', 'Curto;1234;Santos']
  return Buffer.from(
    ['nome;telefone;cidade', ...people, '"Pessoa, de novo";+55 11 98000-1000;Osasco', ...broken].join('\r\n'),
  )
}

/** Somebody new, somebody of the file in another spelling, and one whose plus stands in the wrong place. */
const TYPED = 'Ana Souza +11 98765-4321\nRui Sá 11 98000-1000'
/** Of the first minutes; no number of it fails. */
const SIMULATOR = new RegExp(String.raw`^${pt.channels.sandboxName}\s*${pt.channels.gateway.sandbox}`)

/** Everybody whom the campaign writes to. */
function phones(): string[] {
  return [...Array.from({ length: PEOPLE }, (_, i) => `+55119${8000 + i}${1000 + i}`), '+5511987654321']
}

/** A number that is typed wrongly is marked as it stands, and mended by one press. */
async function mendTyped(page: Page): Promise<void> {
  await page.getByRole('button', { name: fill(pt.newCampaign.useSuggestion, { phone: '+55 11 98765-4321' }) }).click()
  await expect(page.getByLabel(pt.newCampaign.typed)).toHaveValue('Ana Souza +5511987654321\nRui Sá 11 98000-1000')
}

test('a simulator is created and is ready to send', async ({ page }) => {
  const name = await createSimulator(page)
  const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })
  await expect(card.getByText(pt.channels.status.ready, { exact: true })).toBeVisible()
  await expectAccessible(page, 'channels')
})

test('a file is imported, its broken rows come back with their reasons', async ({ page }) => {
  await page.goto('/imports')
  await expectAccessible(page, 'imports-empty')
  await page.getByLabel(pt.imports.drop).setInputFiles({ name: FILE, mimeType: 'text/csv', buffer: makeCsv() })
  await page.getByRole('button', { name: pt.imports.start, exact: true }).click()
  await page.getByRole('button', { name: pt.imports.mapping.commit }).click()
  const rows = PEOPLE + 4
  await expect(
    page.getByText(fill(pt.imports.balance, { accepted: PEOPLE, duplicates: 1, rejected: 3, rows })),
  ).toBeVisible()
  await expectAccessible(page, 'imports')

  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: pt.imports.rejectedCsv }).click()
  const rejected = await readFile(await (await download).path(), 'utf8')
  expect(rejected.trim().split(/\r?\n/)).toHaveLength(4)
  for (const name of ['Sem telefone', 'Planilha', 'Curto']) expect(rejected).toContain(name)
})

test('an unfinished campaign survives a reload, is checked, sent, and its books balance with the ledger', async ({
  page,
}) => {
  await page.goto('/imports')
  await page.getByRole('link', { name: pt.imports.useInCampaign }).click()
  await expect(page.getByRole('checkbox', { name: new RegExp(FILE) })).toBeChecked()
  await expectAccessible(page, 'new-campaign-empty')
  await page.getByLabel(pt.newCampaign.name, { exact: true }).fill(CAMPAIGN)
  await page.getByLabel(pt.newCampaign.typed).fill(TYPED)
  await mendTyped(page)
  await goTo(page, 'message')
  await page.getByLabel(pt.newCampaign.content, { exact: true }).fill('Oi, {{nome}} de {{cidade}}! Hoje tem fornada.')
  await expect(page.getByRole('figure')).toContainText('Oi, Ana Souza de')
  await expectAccessible(page, 'new-campaign-message')
  await goTo(page, 'pace')
  await page.getByLabel(SIMULATOR).check()
  await page.getByRole('button', { name: pt.newCampaign.paces.instant }).click()
  await expectAccessible(page, 'new-campaign-pace')
  await expect(page.getByText(pt.newCampaign.saving.saved)).toBeVisible()

  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: CAMPAIGN })).toBeVisible()
  await expect(page.getByRole('button', { name: pt.newCampaign.paces.instant })).toHaveAttribute('aria-pressed', 'true')
  await goTo(page, 'message')
  await expect(page.getByLabel(pt.newCampaign.content, { exact: true })).toHaveValue(/fornada/)
  await goTo(page, 'check')
  await expect(page.getByText(fill(pt.newCampaign.chosenSum, { parts: '41 + 1 + 0 + 0 + 0 + 0', n: 42 }))).toBeVisible()
  await page.getByRole('button', { name: new RegExp(pt.newCampaign.lines.duplicate) }).click()
  await expect(page.getByRole('dialog').getByText('Rui Sá')).toBeVisible()
  await page.keyboard.press('Escape')
  await expectAccessible(page, 'new-campaign-check')

  await page.getByRole('button', { name: new RegExp(pt.newCampaign.start) }).click()
  await expect(page).toHaveURL(/\/campaigns\/[\w-]+$/)
  await expect(page.getByRole('heading', { level: 1, name: CAMPAIGN })).toBeVisible()
  await expectBalance(page, PEOPLE + 1)
  const final = page.getByRole('heading', { name: pt.balance.heading.completed })
  await expect(final).toBeVisible({ timeout: 30_000 })
  const books = await expectBalance(page, PEOPLE + 1)
  expect(books.waiting.sum, 'nobody waits any more').toBe(0)
  const ids = await Promise.all(phones().map((phone) => acceptedBy(phone)))
  expect(Math.max(...ids.map(({ length }) => length)), 'nobody got it twice').toBe(1)
  const accepted = ids.filter(({ length }) => length === 1).length
  expect(books.accepted.sum, 'as many as the ledger has').toBe(accepted)
  expect(accepted).toBeGreaterThan(0)
  await expect(page.getByText(anyValue(pt.balance.nobodyLeftOut))).toContainText(`= ${PEOPLE + 1}`)
  await expectAccessible(page, 'campaign-completed')
})

test('a sent draft is gone; one that was begun is listed, goes on where it was, and is thrown away', async ({
  page,
}) => {
  await page.goto('/campaigns/new')
  await expect(page.getByLabel(pt.newCampaign.name, { exact: true })).toHaveValue('')
  await expect(page.getByText(pt.newCampaign.draftsTitle)).toBeHidden()
  await page.getByLabel(pt.newCampaign.name, { exact: true }).fill('Começada')
  await goTo(page, 'message')
  await page.getByLabel(pt.newCampaign.content, { exact: true }).fill('Ainda não')
  await expect(page.getByText(pt.newCampaign.saving.saved)).toBeVisible()
  await page.goto('/campaigns?view=drafts')
  await expectAccessible(page, 'outbox-drafts')
  await page.getByRole('link', { name: fill(pt.keptDrafts.continueNamed, { name: 'Começada' }) }).click()
  await expect(page.getByLabel(pt.newCampaign.content, { exact: true })).toHaveValue('Ainda não')
  await page.goto('/campaigns/new')
  await page.getByRole('button', { name: fill(pt.newCampaign.throwAwayNamed, { name: 'Começada' }) }).click()
  await expect(page.getByText(pt.newCampaign.draftsTitle)).toBeHidden()
})

test.describe('what two tabs change', () => {
  test.use({ expectedProblem: /status of 409 .*\/campaign-drafts\// })

  test('in one draft: the later one is told, and chooses', async ({ page, context }) => {
    await page.goto('/campaigns/new')
    await page.getByLabel(pt.newCampaign.name, { exact: true }).fill('Das duas abas')
    await expect(page.getByText(pt.newCampaign.saving.saved)).toBeVisible()
    const other = await context.newPage()
    await other.goto(page.url())
    await other.getByLabel(pt.newCampaign.name, { exact: true }).fill('Da segunda aba')
    await expect(other.getByText(pt.newCampaign.saving.saved)).toBeVisible()
    await page.getByLabel(pt.newCampaign.typed).fill('11987654321')
    const dialog = page.getByRole('dialog', { name: pt.newCampaign.conflictTitle })
    await expect(dialog.getByText('Da segunda aba')).toBeVisible()
    await expectAccessible(page, 'new-campaign-conflict')
    await dialog.getByRole('button', { name: pt.newCampaign.keepTheirs }).click()
    await expect(page.getByLabel(pt.newCampaign.name, { exact: true })).toHaveValue('Da segunda aba')
    await other.close()
    await page.goto('/campaigns/new')
    await page.getByRole('button', { name: fill(pt.newCampaign.throwAwayNamed, { name: 'Da segunda aba' }) }).click()
    await expect(page.getByText(pt.newCampaign.draftsTitle)).toBeHidden()
  })
})

test('a slow campaign is paused, stands still across a reload, goes on and is cancelled', async ({ page }) => {
  await page.goto('/campaigns/new')
  await page.getByLabel(pt.newCampaign.name, { exact: true }).fill('Devagar')
  const numbers = Array.from({ length: 400 }, (_, i) => `Maria Souza 11 9${7000 + i}-${2000 + i}`)
  await page.getByLabel(pt.newCampaign.typed).fill(numbers.join('\n'))
  await goTo(page, 'message')
  await page.getByLabel(pt.newCampaign.content, { exact: true }).fill('Oi, {{nome}}!')
  await goTo(page, 'pace')
  await page.getByLabel(SIMULATOR).check()
  await page.getByLabel(pt.newCampaign.delayMin).fill('0.5')
  await page.getByLabel(pt.newCampaign.delayMax).fill('1')
  await goTo(page, 'check')
  await page.getByRole('button', { name: new RegExp(pt.newCampaign.start) }).click()

  await expect.poll(async () => (await shownBooks(page)).accepted.sum).toBeGreaterThan(1)
  await expectBalance(page, numbers.length)
  await expectAccessible(page, 'campaign-running')
  await page.getByRole('button', { name: pt.monitor.pause }).click()
  await expect(page.getByText(pt.pause.user.title)).toBeVisible()
  // What was under way when the pause came still arrives.
  await expect.poll(async () => (await shownBooks(page)).waiting.states[pt.states.sending]).toBe(0)
  const paused = await expectBalance(page, numbers.length)
  await expectAccessible(page, 'campaign-paused')
  await page.reload()
  await expect(page.getByText(pt.pause.user.title)).toBeVisible()
  const again = await expectBalance(page, numbers.length)
  expect([again.waiting.sum, again.left.sum], 'nobody is written to while it is paused').toEqual([
    paused.waiting.sum,
    paused.left.sum,
  ])

  await page.getByRole('button', { name: pt.monitor.resume }).click()
  await expect.poll(async () => (await shownBooks(page)).accepted.sum).toBeGreaterThan(paused.accepted.sum)
  await page.getByRole('button', { name: pt.monitor.cancel }).click()
  await expectAccessible(page, 'campaign-cancel-question')
  await page.getByRole('button', { name: pt.monitor.cancelConfirm }).click()
  await expect(page.getByRole('heading', { name: pt.balance.heading.cancelled })).toBeVisible()
  await expect.poll(async () => (await shownBooks(page)).waiting.sum).toBe(0)
  await expectBalance(page, numbers.length)
})

test('the list shows the campaigns and filters them by state', async ({ page }) => {
  await page.goto('/campaigns')
  await expect(page.getByRole('link', { name: CAMPAIGN })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Devagar' })).toBeVisible()
  await expectAccessible(page, 'campaigns')
  await page.getByLabel(pt.campaigns.filter).selectOption({ label: pt.campaigns.status.completed })
  await expect(page.getByRole('link', { name: 'Devagar' })).toBeHidden()
  await page.getByRole('link', { name: CAMPAIGN }).click()
  await expect(page.getByRole('heading', { level: 1, name: CAMPAIGN })).toBeVisible()
})
