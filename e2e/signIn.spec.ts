import { expectAccessible } from './accessibility.ts'
import { ADMIN, expect, NOT_SIGNED_IN, pt, REFUSED, signIn, test } from './fixtures.ts'

test.use({ expectedProblem: NOT_SIGNED_IN })

test.describe('a wrong password', () => {
  test.use({ expectedProblem: REFUSED })

  test('is refused in words and keeps what was typed', async ({ page }) => {
    await page.goto('/campaigns')
    await expect(page).toHaveURL(/\/sign-in\?from=/)
    await expectAccessible(page, 'sign-in')
    await signIn(page, 'quase a senha certa')
    await expect(page.getByText(pt.errors.INVALID_CREDENTIALS.message)).toBeVisible()
    await expect(page.getByLabel(pt.auth.email)).toHaveValue(ADMIN.email)
    await expectAccessible(page, 'sign-in-refused')
  })
})

test('signing in leads back to where one wanted to go, and signing out closes every page', async ({ page }) => {
  await page.goto('/channels')
  await signIn(page)
  await expect(page).toHaveURL(/\/channels$/)
  await page.getByRole('button', { name: new RegExp(pt.account.title) }).click()
  await expect(page.getByRole('dialog')).toContainText(ADMIN.email)
  await expectAccessible(page, 'account')
  await page.getByRole('button', { name: pt.account.signOut }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await page.goto('/campaigns')
  await expect(page).toHaveURL(/\/sign-in/)
})
