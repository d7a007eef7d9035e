import { expectAccessible } from './accessibility.ts'
import { ADMIN, ADMIN_SESSION, expect, fill, NOT_SIGNED_IN, pt, test } from './fixtures.ts'
import { acceptedBy } from './ledger.ts'

test.use({ expectedProblem: NOT_SIGNED_IN })
test.describe.configure({ mode: 'serial' })

/** The three of the example, as the sandbox knows them. */
const PHONES = ['+5511900000001', '+5521900000002', '+5531900000003']
const TWO_MINUTES_MS = 120_000

test('a new installation refuses a short password in words, then makes its first administrator', async ({ page }) => {
  await page.goto('/')
  await expect(page).toHaveURL(/\/setup$/)
  await expect(page.getByRole('heading', { name: pt.auth.setupTitle })).toBeVisible()
  await expectAccessible(page, 'setup')

  await page.getByLabel(pt.auth.name).fill(ADMIN.name)
  await page.getByLabel(pt.auth.email).fill(ADMIN.email)
  await page.getByLabel(pt.auth.password).fill('curta')
  await page.getByRole('button', { name: pt.auth.setUp }).click()
  await expect(page.getByText(fill(pt.fields.tooShort, { count: 8 }))).toBeVisible()
  await expectAccessible(page, 'setup-refused')

  await page.getByLabel(pt.auth.password).fill(ADMIN.password)
  await page.getByRole('button', { name: pt.auth.setUp }).click()
  await expect(page).toHaveURL(/\/welcome$/)
  await page.context().storageState({ path: ADMIN_SESSION })
})

test('whoever comes after the first administrator is sent to sign in', async ({ page }) => {
  await page.goto('/setup')
  await expect(page).toHaveURL(/\/sign-in$/)
})

test.describe('the first minutes', () => {
  test.use({ storageState: ADMIN_SESSION })

  test('the first run ends in a campaign that arrived in the simulator, within two minutes', async ({ page }) => {
    await page.goto('/welcome')
    await expect(page.getByText(pt.welcome.localTitle)).toBeVisible()
    await expectAccessible(page, 'welcome')
    const begun = Date.now()
    await page.getByRole('button', { name: pt.welcome.channelAction }).click()
    await page.getByRole('button', { name: pt.welcome.campaignAction }).click()
    await expect(page.getByText(fill(pt.welcome.arrived, { n: 3, of: 3 }))).toBeVisible({ timeout: TWO_MINUTES_MS })
    expect(Date.now() - begun).toBeLessThan(TWO_MINUTES_MS)
    for (const phone of PHONES) expect(await acceptedBy(phone), phone).toHaveLength(1)
    await expectAccessible(page, 'welcome-arrived')

    // A reload shows what happened and sends nothing again.
    await page.reload()
    await expect(page.getByText(fill(pt.welcome.arrived, { n: 3, of: 3 }))).toBeVisible()
    for (const phone of PHONES) expect(await acceptedBy(phone), phone).toHaveLength(1)
    await page.getByRole('link', { name: pt.welcome.toReport }).click()
    await expect(page.getByRole('heading', { level: 1, name: pt.welcome.campaignName })).toBeVisible()
  })

  test('whoever skips it lands on the overview', async ({ page }) => {
    await page.goto('/welcome')
    await page.getByRole('link', { name: pt.welcome.skip, exact: true }).click()
    await expect(page).toHaveURL(/\/$/)
  })
})
