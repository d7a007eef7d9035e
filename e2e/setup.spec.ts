import { expectAccessible } from './accessibility.ts'
import { ADMIN, ADMIN_SESSION, expect, fill, NOT_SIGNED_IN, pt, test } from './fixtures.ts'

test.use({ expectedProblem: NOT_SIGNED_IN })

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
  await expect(page).toHaveURL(/\/channels$/)
  await expect(page.getByText(pt.channels.emptyTitle)).toBeVisible()
  await page.context().storageState({ path: ADMIN_SESSION })
})

test('whoever comes after the first administrator is sent to sign in', async ({ page }) => {
  await page.goto('/setup')
  await expect(page).toHaveURL(/\/sign-in$/)
})
