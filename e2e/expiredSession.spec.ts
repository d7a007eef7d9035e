import { ADMIN_SESSION, expect, pt, test } from './fixtures.ts'
import { expectAccessible } from './accessibility.ts'
import { acceptedBy } from './ledger.ts'
import { makeSimulator, makeUser, openAs } from './people.ts'

test.use({ storageState: ADMIN_SESSION })

const CARLA = { name: 'Carla Dias', email: 'carla@example.test', password: 'chuva fina na serra' }
const PHONE = '+55 61 98765-4326'

test('a session that ends in the middle of a form asks for the password on top of it, and nothing is lost', async ({
  page: admin,
  browser,
  playwright,
  baseURL,
}) => {
  await makeUser(admin.request, CARLA)
  const page = await openAs(browser, CARLA)
  await makeSimulator(page.request, 'Loja')
  await page.goto('/messages')
  await page.getByLabel(pt.singleMessage.phone).fill(PHONE)
  await page.getByLabel(pt.singleMessage.content, { exact: true }).fill('Texto que não pode se perder.')

  // She signs in elsewhere and ends all other sessions.
  const elsewhere = await playwright.request.newContext({
    ...(baseURL === undefined ? {} : { baseURL }),
    storageState: { cookies: [], origins: [] },
  })
  const { email, password } = CARLA
  expect((await elsewhere.post('/api/auth/sign-in', { data: { email, password } })).ok()).toBe(true)
  expect((await elsewhere.delete('/api/user/sessions')).status()).toBe(204)
  await elsewhere.dispose()

  await page.getByRole('button', { name: pt.singleMessage.send, exact: true }).click()
  const dialog = page.getByRole('dialog', { name: pt.session.title })
  await expect(dialog).toBeVisible()
  await expectAccessible(page, 'session-expired')
  await expect(dialog.getByLabel(pt.auth.email)).toHaveValue(email)
  expect(await acceptedBy(PHONE)).toEqual([])
  await dialog.getByLabel(pt.auth.password).fill(password)
  await dialog.getByRole('button', { name: pt.auth.signIn }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByLabel(pt.singleMessage.phone)).toHaveValue(PHONE)
  await expect(page.getByLabel(pt.singleMessage.content, { exact: true })).toHaveValue('Texto que não pode se perder.')
  await page.getByRole('button', { name: pt.singleMessage.send, exact: true }).click()
  await expect(page.getByText(`${PHONE}: ${pt.singleMessage.state.delivered}`)).toBeVisible()
  expect(await acceptedBy(PHONE)).toHaveLength(1)
  await page.context().close()
})
