import type { APIRequestContext, Page } from '@playwright/test'
import { expect, pt } from './fixtures.ts'
import type { Texts } from './readers.ts'

/** Opens a step of the campaign that is being written. */
export async function goTo(page: Page, step: keyof Texts['newCampaign']['steps'], text = pt): Promise<void> {
  const steps = page.getByRole('navigation', { name: text.newCampaign.stepsLabel })
  await steps.getByRole('button', { name: text.newCampaign.steps[step] }).click()
}

type Written = { name: string; people: readonly string[]; content: string; channel: string }

/** Writes a campaign on the page, from nothing to started, and comes back on its own page. */
export async function sendFromPage(page: Page, { name, people, content, channel }: Written, text = pt): Promise<void> {
  await page.goto('/campaigns/new')
  await page.getByLabel(text.newCampaign.name, { exact: true }).fill(name)
  await page.getByLabel(text.newCampaign.typed).fill(people.join('\n'))
  await goTo(page, 'message', text)
  await page.getByLabel(text.newCampaign.content, { exact: true }).fill(content)
  await goTo(page, 'pace', text)
  await page.getByLabel(new RegExp(`^${channel}`)).check()
  await page.getByRole('button', { name: text.newCampaign.paces.instant }).click()
  await goTo(page, 'check', text)
  await page.getByRole('button', { name: new RegExp(text.newCampaign.start) }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  await expect(page).toHaveURL(/\/campaigns\/[\da-f-]{36}$/)
}

/** A campaign of one message a second, so that there is time to stop it; by the API, because its page comes later. */
export async function startSlowly(
  owner: APIRequestContext,
  campaign: { name: string; channelId: string; phones: readonly string[] },
): Promise<string> {
  const { name, channelId, phones } = campaign
  const answer = await owner.post('/api/user/bulk-campaigns', {
    data: {
      name,
      channelId,
      messages: [{ type: 'text', content: 'Oi, {{nome}}!' }],
      recipients: { contacts: phones.map((phone, i) => ({ phone, name: `Pessoa ${i}` })) },
      delayMin: 1,
      delayMax: 1,
      start: true,
    },
  })
  expect(answer.status(), await answer.text()).toBe(201)
  return ((await answer.json()) as { campaignId: string }).campaignId
}

/** Lets what is left of a slow campaign go out at once: nobody waits for a test. */
export async function hurry(owner: APIRequestContext, campaignId: string): Promise<void> {
  const data = { delayMin: 0, delayMax: 0 }
  const answer = await owner.patch(`/api/user/bulk-campaigns/${campaignId}/config`, { data })
  expect(answer.ok(), await answer.text()).toBe(true)
}
