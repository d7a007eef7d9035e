import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expectAccessible } from './accessibility.ts'
import { ADMIN_SESSION, anyValue, createSimulator, expect, fill, pt, test } from './fixtures.ts'

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

test('an unfinished campaign survives a reload, is sent, and its books balance', async ({ page }) => {
  await page.goto('/imports')
  await page.getByRole('link', { name: pt.imports.useInCampaign }).click()
  await expect(page.getByRole('checkbox', { name: new RegExp(FILE) })).toBeChecked()
  await expectAccessible(page, 'new-campaign-empty')
  await page.getByLabel(pt.newCampaign.name, { exact: true }).fill(CAMPAIGN)
  await page.getByLabel(pt.newCampaign.content, { exact: true }).fill('Oi, {{nome}} de {{cidade}}! Hoje tem fornada.')
  await page.getByRole('button', { name: pt.newCampaign.paces.instant }).click()
  await expectAccessible(page, 'new-campaign')

  await page.reload()
  await expect(page.getByLabel(pt.newCampaign.name, { exact: true })).toHaveValue(CAMPAIGN)
  await expect(page.getByLabel(pt.newCampaign.content, { exact: true })).toHaveValue(/fornada/)
  await expect(page.getByRole('checkbox', { name: new RegExp(FILE) })).toBeChecked()

  await page.getByRole('button', { name: pt.newCampaign.start }).click()
  await expect(page).toHaveURL(/\/campaigns\/[\w-]+$/)
  await expect(page.getByRole('heading', { level: 1, name: CAMPAIGN })).toBeVisible()
  await expectBalance(page, PEOPLE)
  const final = page.getByRole('heading', { name: pt.balance.heading.completed })
  await expect(final).toBeVisible({ timeout: 30_000 })
  const books = await expectBalance(page, PEOPLE)
  expect(books.waiting.sum, 'nobody waits any more').toBe(0)
  expect(books.accepted.sum, 'the simulator took messages').toBeGreaterThan(0)
  await expect(page.getByText(anyValue(pt.balance.nobodyLeftOut))).toContainText(`= ${PEOPLE}`)
  await expectAccessible(page, 'campaign-completed')
})

test('a sent draft is gone from the device', async ({ page }) => {
  await page.goto('/campaigns/new')
  await expect(page.getByLabel(pt.newCampaign.name, { exact: true })).toHaveValue('')
})

test('a slow campaign is paused, stands still across a reload, goes on and is cancelled', async ({ page }) => {
  await page.goto('/campaigns/new')
  await page.getByLabel(pt.newCampaign.name, { exact: true }).fill('Devagar')
  const numbers = Array.from({ length: 400 }, (_, i) => `Maria Souza 11 9${7000 + i}-${2000 + i}`)
  await page.getByLabel(pt.newCampaign.typed).fill(numbers.join('\n'))
  await page.getByLabel(pt.newCampaign.content, { exact: true }).fill('Oi, {{nome}}!')
  await page.getByLabel(pt.newCampaign.delayMin).fill('0.5')
  await page.getByLabel(pt.newCampaign.delayMax).fill('1')
  await page.getByRole('button', { name: pt.newCampaign.start }).click()

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

test('the list shows both campaigns and filters them by state', async ({ page }) => {
  await page.goto('/campaigns')
  await expect(page.getByRole('article')).toHaveCount(2)
  await expectAccessible(page, 'campaigns')
  await page.getByLabel(pt.campaigns.filter).selectOption({ label: pt.campaigns.status.completed })
  await expect(page.getByRole('article')).toHaveCount(1)
  await page.getByRole('link', { name: CAMPAIGN }).click()
  await expect(page.getByRole('heading', { level: 1, name: CAMPAIGN })).toBeVisible()
})

type Group = { sum: number; states: Record<string, number> }
type Books = { waiting: Group; accepted: Group; left: Group; total: number }

/** The books as the monitor shows them at one moment: three groups with their states, and the sentence that adds them up. */
async function shownBooks(page: Page): Promise<Books> {
  const region = page.getByRole('region', { name: pt.monitor.title, exact: true })
  const sentence = anyValue(pt.books.sum)
  await expect(region.getByText(sentence)).toBeVisible()
  const lines = (await region.innerText()).split('\n').filter((line) => line.trim() !== '')
  const [, parts = '', total = ''] = sentence.exec(lines.find((line) => sentence.test(line)) ?? '') ?? []
  const group = (label: string) => readGroup(lines.slice(lines.indexOf(label)))
  const books = {
    waiting: group(pt.books.waiting),
    accepted: group(pt.books.accepted),
    left: group(pt.books.left),
    total: toNumber(total),
  }
  const sums = [books.waiting.sum, books.accepted.sum, books.left.sum]
  expect(parts.split('+').map(toNumber).sort(byValue)).toEqual(sums.sort(byValue))
  return books
}

/** A heading with its sum, then a name and a number for each state. */
function readGroup([, sum = '', ...rest]: string[]): Group {
  const states: Record<string, number> = {}
  for (let i = 0; Object.values(pt.states).includes(rest[i] ?? ''); i += 2)
    states[rest[i] ?? ''] = toNumber(rest[i + 1] ?? '')
  return { sum: toNumber(sum), states }
}

/** Each group is the sum of its states, and the groups together are everybody. */
async function expectBalance(page: Page, people: number): Promise<Books> {
  await expect.poll(async () => (await shownBooks(page)).total).toBe(people)
  const books = await shownBooks(page)
  const { waiting, accepted, left, total } = books
  for (const group of [waiting, accepted, left]) {
    expect(Object.values(group.states).reduce((sum, count) => sum + count, 0)).toBe(group.sum)
  }
  expect(waiting.sum + accepted.sum + left.sum).toBe(total)
  expect([waiting, accepted, left].flatMap((group) => Object.keys(group.states)).sort()).toEqual(
    Object.values(pt.states).sort(),
  )
  return books
}

function toNumber(text: string): number {
  return Number(text.replaceAll('.', '').trim())
}

function byValue(a: number, b: number): number {
  return a - b
}
