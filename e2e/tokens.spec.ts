import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { expectAccessible } from './accessibility.ts'
import { ADMIN_SESSION, expect, pt, test } from './fixtures.ts'

/** A campaign that does not exist, for where none was made before. */
const NO_CAMPAIGN = '6f1c2a3b-0000-4000-8000-1234567890ab'

test.use({ storageState: ADMIN_SESSION, expectedProblem: new RegExp(`status of 404 .*${NO_CAMPAIGN}`) })

const CANARY = 'canario-Q7w9Zt4Lm2Xp8Rb6'
const NEXT_CANARY = 'canario-H3k5Vn1Cs9Jf7Yd2'
const NAME = 'Loja do centro'
/** Nothing listens on the discard port: the gateway of this channel never answers. */
const NOBODY = 'http://127.0.0.1:9'

test('a gateway token is typed once and then found nowhere in the browser, on no page', async ({ page }) => {
  const seen = watch(page)
  await connect(page)
  await changeToken(page)
  for (const path of [...pagesOf(await campaignId(page)), '/nothing-here']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expectNoToken(page, seen)
  }
})

/** Every address that the router knows; one that is added is visited too. */
function pagesOf(campaign: string | null): string[] {
  const router = readFileSync(new URL('../web/src/app/router.tsx', import.meta.url), 'utf8')
  const paths = [...router.matchAll(/\bpath: '([^']+)'/g)].map(([, path = '']) => path)
  expect(paths.length).toBeGreaterThan(7)
  return paths.map((path) => path.replace(/\$\w+/, campaign ?? NO_CAMPAIGN))
}

/** Of the campaign that the tests before have left; null where this test runs alone. */
async function campaignId(page: Page): Promise<string | null> {
  const list = await page.request.get('/api/user/bulk-campaigns')
  const { items } = (await list.json()) as { items: { id: string }[] }
  return items[0]?.id ?? null
}

async function connect(page: Page): Promise<void> {
  await page.goto('/channels')
  await page.getByRole('button', { name: pt.channels.addWuzapi }).first().click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  await expectAccessible(page, 'connect')
  await dialog.getByLabel(pt.channels.name).fill(NAME)
  await dialog.getByLabel(pt.channels.baseUrl).fill(NOBODY)
  await dialog.getByLabel(pt.channels.token).fill(CANARY)
  await dialog.getByRole('button', { name: pt.channels.connect, exact: true }).click()
  await expect(page.getByRole('heading', { name: NAME })).toBeVisible()
  const card = page.getByRole('article', { name: NAME })
  await expect(card.getByText(pt.channels.status.unreachable)).toBeVisible()
  await expectAccessible(page, 'channel-unreachable')
}

async function changeToken(page: Page): Promise<void> {
  await page.getByRole('button', { name: `Editar ${NAME}` }).click()
  await expect(page.getByText(pt.channels.tokenStored)).toBeVisible()
  await expectAccessible(page, 'channel-edit')
  await page.getByRole('button', { name: pt.channels.changeToken }).click()
  await page.getByLabel(pt.channels.newToken).fill(NEXT_CANARY)
  await page.getByRole('button', { name: pt.common.save }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
}

type Seen = { console: string[]; addresses: string[]; answers: Promise<string>[] }

/** All that the page says, asks for and is told while it is open. */
function watch(page: Page): Seen {
  const seen: Seen = { console: [], addresses: [], answers: [] }
  page.on('console', (message) => seen.console.push(message.text()))
  page.on('pageerror', (error) => seen.console.push(error.stack ?? String(error)))
  page.on('request', (request) => seen.addresses.push(request.url()))
  page.on('response', (response) => {
    const isApi = new URL(response.url()).pathname.startsWith('/api/')
    // The stream of a running campaign never ends, and its body cannot be waited for.
    if (isApi && !response.url().endsWith('/events')) seen.answers.push(response.text().catch(() => ''))
  })
  return seen
}

async function expectNoToken(page: Page, seen: Seen): Promise<void> {
  const stored = await page.evaluate(async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    cookies: document.cookie,
    name: window.name,
    history: JSON.stringify(history.state),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
    page: document.documentElement.outerHTML,
    fields: [...document.querySelectorAll('input, textarea')].map((field) => (field as HTMLInputElement).value),
  }))
  const everything = JSON.stringify([
    stored,
    seen.console,
    seen.addresses,
    await Promise.all(seen.answers),
    await page.context().storageState(),
  ])
  for (const token of [CANARY, NEXT_CANARY]) expect(everything).not.toContain(token.slice(8))
  expect(stored.databases).toEqual([])
  expect(stored.caches).toEqual([])
}
