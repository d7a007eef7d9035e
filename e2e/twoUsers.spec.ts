import { ADMIN_SESSION, expect, fill, pt, test } from './fixtures.ts'
import { expectAccessible } from './accessibility.ts'
import { makeSimulator, openAs } from './people.ts'

test.use({ storageState: ADMIN_SESSION })

const BRUNO = { name: 'Bruno Lima', email: 'bruno@example.test', password: 'um cavalo no telhado' }
const MINE = 'Só da Ana'
const HIS = 'Só do Bruno'
const PHONE = '+5551987654325'

test('two people of one installation never see what is the other one’s', async ({ page, browser }) => {
  const channelId = await makeSimulator(page.request, MINE)
  const message = { channelId, phone: PHONE, message: { type: 'text', content: 'Segredo da Ana' } }
  const sent = await page.request.post('/api/user/messages', { data: message })
  const { messageId } = (await sent.json()) as { messageId: string }

  await page.goto('/admin/users')
  await page.getByRole('button', { name: pt.adminUsers.new }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(pt.adminUsers.name).fill(BRUNO.name)
  await dialog.getByLabel(pt.auth.email).fill(BRUNO.email)
  await dialog.getByLabel(pt.adminUsers.firstPassword).fill(BRUNO.password)
  await expectAccessible(page, 'users-new')
  await dialog.getByRole('button', { name: pt.adminUsers.make }).click()
  await expect(page.getByText(BRUNO.email)).toBeVisible()
  await expectAccessible(page, 'users')

  const his = await openAs(browser, BRUNO)
  await his.goto('/messages')
  await expect(his.getByText(pt.singleMessage.emptyTitle)).toBeVisible()
  await expect(his.getByText(pt.singleMessage.noChannelTitle)).toBeVisible()
  await his.goto('/channels')
  await expect(his.getByText(pt.channels.emptyTitle)).toBeVisible()
  await his.goto('/campaigns')
  await expect(his.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(his.getByText('Segredo da Ana')).toHaveCount(0)
  for (const path of [`messages/${messageId}`, `channels/${channelId}`, `bulk-campaigns/${messageId}`]) {
    expect((await his.request.get(`/api/user/${path}`)).status(), path).toBe(404)
  }
  expect((await his.request.delete(`/api/user/messages/${messageId}`)).status()).toBe(404)

  await expect(his.getByRole('link', { name: pt.nav.users })).toHaveCount(0)
  await his.goto('/admin/audit')
  await expect(his).not.toHaveURL(/admin/)
  expect((await his.request.get('/api/admin/users')).status()).toBe(403)

  await makeSimulator(his.request, HIS)
  await his.goto('/messages')
  await expect(his.getByLabel(pt.singleMessage.channel, { exact: true })).toContainText(HIS)
  await page.goto('/channels')
  await expect(page.getByRole('heading', { name: MINE })).toBeVisible()
  await expect(page.getByRole('heading', { name: HIS })).toHaveCount(0)

  await page.goto('/admin/audit')
  await page.getByLabel(pt.adminAudit.who).selectOption({ label: BRUNO.name })
  await expect(page).toHaveURL(/user=/)
  await expect(page.getByRole('button', { name: pt.adminAudit.actions['channel-create'] })).toBeVisible()
  await expectAccessible(page, 'audit')
  await page.getByRole('button', { name: pt.adminAudit.actions['user-create'] }).click()
  await expect(page.getByRole('dialog').getByText(BRUNO.email)).toBeVisible()
  await expectAccessible(page, 'audit-details')
  await page.keyboard.press('Escape')

  await page.goto('/admin/users')
  await page.getByRole('button', { name: fill(pt.adminUsers.menuNamed, { name: BRUNO.name }) }).click()
  await page.getByRole('menuitem', { name: pt.adminUsers.act.disable }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: pt.adminUsers.act.disable }).click()
  await expect(page.getByText(pt.adminUsers.disabled, { exact: true })).toBeVisible()
  expect((await his.request.get('/api/me')).status(), 'his session is over at once').toBe(401)
  await his.context().close()
})
