import { expectBalance } from './books.ts'
import { ADMIN_SESSION, expect, test } from './fixtures.ts'
import { acceptedBy } from './ledger.ts'
import { sendFromPage } from './newCampaign.ts'
import { makeSimulator } from './people.ts'
import { READERS, readAs } from './readers.ts'
import { sandbox } from './sandbox.ts'

test.use({ storageState: ADMIN_SESSION })

const NAMES = ['Ana', 'Bia', 'Caio', 'Davi', 'Eva']
/** What WhatsApp says no to for good, this time: nobody's number is wrong. */
const REFUSED = { kind: 'error' as const, error: 'server returned error 400' }

for (const reader of READERS) {
  const { text, language } = reader
  const phones = NAMES.map((_, i) => `+55${language === 'pt' ? 85 : 86}99123400${i}`)
  const [failing, others] = [phones.slice(0, 2), phones.slice(2)]

  test(`a campaign from the first word to its report, which writes again to those who failed, ${reader.reader}`, async ({
    page,
  }) => {
    const channel = `Armazém ${language}`
    await makeSimulator(page.request, channel)
    await sandbox.script(channel, Object.fromEntries(failing.map((phone) => [phone.slice(1), [REFUSED]])))
    await readAs(page, reader)
    const people = phones.map((phone, i) => `${NAMES[i]} ${phone}`)
    await sendFromPage(page, { name: `Safra ${language}`, people, content: 'Chegou, {{nome}}.', channel }, text)
    await expect(page.getByRole('heading', { name: text.balance.heading.completed })).toBeVisible()
    const books = await expectBalance(page, phones.length, text)
    expect([books.accepted.sum, books.left.states[text.states.failed]]).toEqual([others.length, failing.length])
    for (const phone of failing) expect(await acceptedBy(phone), phone).toEqual([])

    const first = page.url()
    await page.getByRole('tab', { name: text.campaign.tab.report }).click()
    const errors = page.getByRole('region', { name: text.report.byError })
    await expect(errors.getByText(text.failures.API_ERROR.title)).toBeVisible()
    await expect(errors.getByText(text.report.retryable)).toBeVisible()
    await errors.getByRole('button', { name: text.outbox.retryFailed }).click()
    const dialog = page.getByRole('dialog', { name: text.outbox.retryTitle })
    await dialog.getByLabel(text.outbox.retryStart).check()
    await dialog.getByRole('button', { name: text.outbox.retryConfirm }).click()
    await expect(page).not.toHaveURL(new RegExp(`^${first}`))
    await expect(page.getByRole('heading', { name: text.balance.heading.completed })).toBeVisible()
    const again = await expectBalance(page, failing.length, text)
    expect(again.accepted.sum).toBe(failing.length)
    for (const phone of phones) expect(await acceptedBy(phone), phone).toHaveLength(1)
  })
}
