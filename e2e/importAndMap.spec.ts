import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expectAccessible } from './accessibility.ts'
import { ADMIN_SESSION, expect, fill, pt, test } from './fixtures.ts'

test.use({ storageState: ADMIN_SESSION })
test.describe.configure({ mode: 'serial' })

const FILE = 'freguesas antigas.csv'
const AGAIN = 'freguesas novas.csv'
const { mapping } = pt.imports

/** As an old till writes it: Latin-1, the better number in the second column, a column that nobody needs. */
function makeCsv(first: number): Buffer {
  const people = Array.from(
    { length: 30 },
    (_, i) => `Conceição ${first + i};;(81) 9${8000 + first + i}-${2000 + i};Olinda;sim`,
  )
  const lines = ['Freguesa;Fone de casa;Zap dela;Município;Fiado', ...people, 'Sem número;;;Olinda;sim']
  return Buffer.from(lines.join('\r\n'), 'latin1')
}

async function upload(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.goto('/imports')
  await page.getByLabel(pt.imports.drop).setInputFiles({ name, mimeType: 'text/csv', buffer })
  await page.getByRole('button', { name: pt.imports.start, exact: true }).click()
}

const card = (page: Page, name: string) => page.getByRole('article', { name })
const roleOf = (page: Page, header: string) => page.getByLabel(fill(mapping.roleOf, { header }))

test('what was chosen for the columns of a file outlives a reload, and every row is accounted for', async ({
  page,
}) => {
  await upload(page, FILE, makeCsv(100))
  await expect(page.getByText('windows-1252')).toBeVisible()
  await expect(page.getByText(mapping.delimiters.semicolon)).toBeVisible()
  await roleOf(page, 'Zap dela').selectOption(mapping.roles.phone)
  await roleOf(page, 'Freguesa').selectOption(mapping.roles.name)
  await roleOf(page, 'Fiado').selectOption(mapping.roles.leftOut)
  await page.getByLabel(fill(mapping.variableOf, { header: 'Município' })).fill('cidade')
  await expect(page.getByText('+55 81 98100-2000')).toBeVisible()
  await expect(page.getByText('Conceição 100', { exact: true })).toBeVisible()
  await expectAccessible(page, 'import-mapping')

  await page.reload()
  await expect(roleOf(page, 'Zap dela')).toHaveValue('phone')
  await expect(roleOf(page, 'Fiado')).toHaveValue('leftOut')
  await expect(page.getByLabel(fill(mapping.variableOf, { header: 'Município' }))).toHaveValue('cidade')

  await page.getByRole('button', { name: mapping.commit }).click()
  const balance = fill(pt.imports.balance, { accepted: 30, duplicates: 0, rejected: 1, rows: 31 })
  await expect(card(page, FILE).getByText(balance)).toBeVisible()
  const download = page.waitForEvent('download')
  await card(page, FILE).getByRole('link', { name: pt.imports.rejectedCsv }).click()
  expect(await readFile(await (await download).path(), 'utf8')).toContain('Sem número')
})

test('its people are in the table of contacts, with the variables that were named', async ({ page }) => {
  await page.goto('/contacts')
  await page.getByRole('searchbox').fill('Conceição 11')
  const rows = page.getByRole('row').filter({ hasText: 'Conceição 11' })
  await expect(rows).toHaveCount(10)
  await expect(page).toHaveURL(/search=/)
  await rows.filter({ hasText: 'Conceição 112' }).getByRole('button').click()
  const sheet = page.getByRole('dialog', { name: 'Conceição 112' })
  await expect(sheet.getByLabel(fill(pt.contacts.variableValue, { name: 'cidade' }))).toHaveValue('Olinda')
  await expect(sheet.getByLabel(fill(pt.contacts.variableValue, { name: 'Fiado' }))).toHaveCount(0)
  await expectAccessible(page, 'contact')
  await sheet.getByRole('button', { name: pt.common.close }).click()
  await expect(rows).toHaveCount(10)

  await page.getByRole('checkbox', { name: pt.contacts.selectShown }).check()
  await page.getByRole('button', { name: pt.contacts.addTo }).click()
  await page.getByLabel(pt.lists.group.orNew).fill('Olinda')
  await page.getByRole('button', { name: pt.lists.add, exact: true }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(rows.filter({ hasText: 'Olinda' })).toHaveCount(10)
  await expectAccessible(page, 'contacts')

  await page.goto('/contacts/lists')
  await expect(page.getByText(fill(pt.lists.people_other, { n: 10 }))).toBeVisible()
  await expectAccessible(page, 'contact-lists')
  await page.getByRole('link', { name: 'Olinda' }).click()
  await expect(rows).toHaveCount(10)
})

test('the next file with the same columns is read as this one was, and can be taken back', async ({ page }) => {
  await upload(page, AGAIN, makeCsv(300))
  await expect(page.getByText(mapping.remembered)).toBeVisible()
  await expect(roleOf(page, 'Fiado')).toHaveValue('leftOut')
  await page.getByRole('button', { name: mapping.commit }).click()
  await expect(card(page, AGAIN).getByText(fill(pt.imports.created_other, { n: 30 }))).toBeVisible()
  await card(page, AGAIN)
    .getByRole('button', { name: fill(pt.imports.undoNamed, { name: AGAIN }) })
    .click()
  await page.getByRole('button', { name: pt.imports.undoConfirm }).click()
  await expect(card(page, AGAIN).getByText(fill(pt.imports.undoRemoved_other, { n: 30 }))).toBeVisible()
  await page.goto('/contacts?search=Concei%C3%A7%C3%A3o%2031')
  await expect(page.getByText(pt.contacts.noneFound)).toBeVisible()
})

test('the example workbook can be downloaded and imported as it is', async ({ page }) => {
  await page.goto('/imports')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Excel (XLSX)' }).click()
  const path = await (await download).path()
  await upload(page, 'exemplo.xlsx', await readFile(path))
  await expect(page.getByText(mapping.workbook).last()).toBeVisible()
  await page.getByRole('button', { name: mapping.commit }).click()
  await expect(card(page, 'exemplo.xlsx').getByText(fill(pt.imports.accepted_other, { n: 4 }))).toBeVisible()
})

test('a template is written, seen as a contact gets it, and found again', async ({ page }) => {
  await page.goto('/templates')
  await expectAccessible(page, 'templates-empty')
  await page.getByRole('button', { name: pt.templates.new }).click()
  await page.getByLabel(pt.templates.name).fill('Fornada da tarde')
  await page.getByLabel(pt.templates.text, { exact: true }).fill('Oi, **! Hoje tem fornada.')
  await page.getByLabel(pt.templates.text, { exact: true }).evaluate((area: HTMLTextAreaElement) => {
    area.setSelectionRange(5, 5)
  })
  await page.getByRole('button', { name: fill(pt.templates.insert, { variable: 'nome' }) }).click()
  await expect(page.getByLabel(pt.templates.text, { exact: true })).toHaveValue('Oi, *{{nome}}*! Hoje tem fornada.')
  const person = page.getByLabel(pt.templates.previewFor)
  await person.fill('Conceição 115')
  await page.getByRole('option', { name: /Conceição 115/ }).click()
  await expect(page.getByRole('strong').filter({ hasText: 'Conceição 115' })).toBeVisible()
  await expectAccessible(page, 'template')
  await page.reload()
  await expect(page.getByText(pt.templates.kept)).toBeVisible()
  await page.getByRole('button', { name: pt.templates.save }).click()
  await expect(page.getByRole('button', { name: 'Fornada da tarde', exact: true })).toBeVisible()
  await expectAccessible(page, 'templates')
})

test('whoever is unsubscribed is in the list until they are released', async ({ page }) => {
  await page.goto('/suppressions')
  await page.getByRole('button', { name: pt.suppressions.add }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(pt.contacts.phone).fill('81 98115-2015')
  await expect(dialog.getByText(/✓ \+55 81 98115-2015/)).toBeVisible()
  await expectAccessible(page, 'suppression-add')
  await dialog.getByRole('button', { name: pt.suppressions.add }).click()
  const row = page.getByRole('row').filter({ hasText: '98115-2015' })
  await expect(row).toBeVisible()
  await expectAccessible(page, 'suppressions')
  await row.getByRole('button', { name: fill(pt.suppressions.removeNamed, { phone: '+55 81 98115-2015' }) }).click()
  await page.getByRole('button', { name: pt.suppressions.removeConfirm }).click()
  await expect(row).toHaveCount(0)
})
