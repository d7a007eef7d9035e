import { expect, type APIRequestContext, type Browser, type Page } from '@playwright/test'
import { pt } from './fixtures.ts'

export type Person = { name: string; email: string; password: string }

/** Makes an account by the API of an administrator who is signed in. */
export async function makeUser(admin: APIRequestContext, person: Person): Promise<void> {
  const answer = await admin.post('/api/admin/users', { data: { ...person, role: 'user' } })
  expect(answer.status()).toBe(201)
}

/** A browser of their own, signed in over the page. */
export async function openAs(browser: Browser, { email, password }: Person): Promise<Page> {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } })
  const page = await context.newPage()
  await page.goto('/sign-in')
  await page.getByLabel(pt.auth.email).fill(email)
  await page.getByLabel(pt.auth.password).fill(password)
  await page.getByRole('button', { name: pt.auth.signIn }).click()
  await expect(page).not.toHaveURL(/sign-in/)
  return page
}

/** A simulator that takes everything and confirms it, so that what a test sends is what must arrive. */
export async function makeSimulator(owner: APIRequestContext, name: string): Promise<string> {
  const sandbox = { latencyMinMs: 20, latencyMaxMs: 60, notOnWhatsapp: 0, transientErrors: 0, delivered: 1, read: 0 }
  const answer = await owner.post('/api/user/channels', { data: { gateway: 'sandbox', name, sandbox } })
  expect(answer.status()).toBe(201)
  const { id } = (await answer.json()) as { id: string }
  return id
}
