import { test as base, expect, type Page } from '@playwright/test'
import pt from '../web/src/text/pt.json' with { type: 'json' }

export { expect, pt }

export const ADMIN = { name: 'Ana Souza', email: 'ana@example.test', password: 'revoada ao entardecer' }
/** Where the first run leaves the administrator's session for the tests after it. */
export const ADMIN_SESSION = 'test-results/admin.json'

/** The app asks who is signed in; that nobody is, the browser itself reports as an error. */
export const NOT_SIGNED_IN = /status of 401 .*\/api\/me\)$/
/** The same, and a refused password too. */
export const REFUSED = /status of 401 .*\/api\/(me|auth\/sign-in)\)$/

type Options = { expectedProblem: RegExp | null }
type Fixtures = { quietConsole: void }

/**
 * Every test also fails on what the browser complains about: errors of the page, breaches of the content policy, requests
 * that fail. What a test provokes on purpose it names in `expectedProblem`.
 */
export const test = base.extend<Options & Fixtures>({
  expectedProblem: [null, { option: true }],
  quietConsole: [
    async ({ context, expectedProblem }, use) => {
      const problems: string[] = []
      context.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()))
          problems.push(`${message.text()} (${message.location().url})`)
      })
      context.on('weberror', (error) => problems.push(error.error().stack ?? String(error.error())))
      await use()
      expect(problems.filter((problem) => expectedProblem?.test(problem) !== true)).toEqual([])
    },
    { auto: true },
  ],
})

/** A text of the catalogue with its values filled in. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]))
}

/** A place where a text of the catalogue stands, whatever its values are. */
export function anyValue(text: string): RegExp {
  const parts = text.split(/\{\{\w+\}\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('(.+)')}$`)
}

export async function signIn(page: Page, password = ADMIN.password): Promise<void> {
  await page.getByLabel(pt.auth.email).fill(ADMIN.email)
  await page.getByLabel(pt.auth.password).fill(password)
  await page.getByRole('button', { name: pt.auth.signIn }).click()
}

/** Creates a simulator on the channels page and returns its name. */
export async function createSimulator(page: Page): Promise<string> {
  await page.goto('/channels')
  await expect(page.getByRole('heading', { level: 1, name: pt.channels.title })).toBeVisible()
  const names = page.getByRole('listitem').getByRole('heading', { level: 2 })
  const before = await names.count()
  await page.getByRole('button', { name: pt.channels.addSandbox }).click()
  await expect(names).toHaveCount(before + 1)
  return names.last().innerText()
}
