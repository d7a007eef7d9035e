import { STEP_SECONDS, totpCode } from '#server/auth/totp.ts'
import { expectAccessible } from './accessibility.ts'
import { ADMIN_SESSION, expect, fill, pt, test } from './fixtures.ts'
import { makeUser, openAs } from './people.ts'

test.use({ storageState: ADMIN_SESSION })

const DAVI = { name: 'Davi Rocha', email: 'davi@example.test', password: 'vento sul de manhã' }

test('a person secures the account: second factor by QR code, backup code at the door, an API key seen once', async ({
  page: admin,
  browser,
}) => {
  await makeUser(admin.request, DAVI)
  const page = await openAs(browser, DAVI)
  await page.goto('/settings')
  await expect(page.getByText(DAVI.email).first()).toBeVisible()
  await expectAccessible(page, 'settings-account')
  for (const tab of ['sessions', 'sending'] as const) {
    await page.getByRole('tab', { name: pt.settings.tabs[tab] }).click()
    await expect(page).toHaveURL(new RegExp(`tab=${tab}`))
    await expectAccessible(page, `settings-${tab}`)
  }

  await page.getByRole('tab', { name: pt.settings.tabs.security }).click()
  await page.getByRole('button', { name: pt.settings.factorTurnOn }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(pt.settings.currentPassword).fill(DAVI.password)
  await dialog.getByRole('button', { name: pt.settings.continue }).click()
  await expect(dialog.getByRole('img', { name: pt.settings.qrLabel })).toBeVisible()
  await expectAccessible(page, 'settings-second-factor')
  const secret = await dialog.getByLabel(pt.settings.secret).inputValue()
  await dialog.getByLabel(pt.settings.firstCode).fill(totpCode(secret, Math.floor(Date.now() / 1000 / STEP_SECONDS)))
  await dialog.getByRole('button', { name: pt.settings.factorTurnOn }).click()
  await expect(dialog.getByText(pt.settings.codesTitle)).toBeVisible()
  const codes = await dialog.getByRole('listitem').allInnerTexts()
  expect(codes).toHaveLength(10)
  await dialog.getByRole('button', { name: pt.settings.codesKept }).click()
  await expect(page.getByText(fill(pt.settings.codesLeft_other, { count: 10 }))).toBeVisible()
  await expectAccessible(page, 'settings-security')
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain(secret)

  await page.getByRole('tab', { name: pt.settings.tabs.keys }).click()
  await page.getByRole('button', { name: pt.settings.newKey }).click()
  await dialog.getByLabel(pt.settings.keyName).fill('Planilha')
  await dialog.getByRole('button', { name: pt.settings.makeKey }).click()
  const key = await dialog.getByLabel(pt.settings.key, { exact: true }).inputValue()
  const me = await page.request.get('/api/me', { headers: { authorization: `Bearer ${key}`, cookie: '' } })
  expect(await me.json()).toMatchObject({ email: DAVI.email })
  await dialog.getByRole('button', { name: pt.settings.keyKept }).click()
  await expect(page.getByText('Planilha')).toBeVisible()
  await page.reload()
  await expect(page.getByText(`${key.slice(0, 6)}`)).toBeVisible()
  expect(await page.content()).not.toContain(key)
  await expectAccessible(page, 'settings-keys')

  await page.context().clearCookies()
  await page.goto('/sign-in')
  await page.getByLabel(pt.auth.email).fill(DAVI.email)
  await page.getByLabel(pt.auth.password).fill(DAVI.password)
  await page.getByRole('button', { name: pt.auth.signIn }).click()
  await page.getByLabel(pt.auth.code).fill(codes[0] ?? '')
  await page.getByRole('button', { name: pt.auth.signIn }).click()
  await expect(page).not.toHaveURL(/sign-in/)
  await page.goto('/settings?tab=security')
  await expect(page.getByText(fill(pt.settings.codesLeft_other, { count: 9 }))).toBeVisible()
  await page.context().close()
})
