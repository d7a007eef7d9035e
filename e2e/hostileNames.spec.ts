import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { APIRequestContext, Page } from '@playwright/test'
import { ADMIN_SESSION, expect, pt, test } from './fixtures.ts'

test.use({ storageState: ADMIN_SESSION })

/** Every element that one of the texts below would make carries this attribute, and every script of theirs sets this name. */
const MARK = 'data-injected'
const RUN = 'window.injected=1;alert(1)'

const TEXTS = [
  `<script ${MARK}>${RUN}</script>`,
  `<img ${MARK} src=x onerror="${RUN}">`,
  `"><img ${MARK} src=x onerror=${RUN}>`,
  `'><svg ${MARK} onload=${RUN}>`,
  `</title><script ${MARK}>${RUN}</script>`,
  `</textarea><script ${MARK}>${RUN}</script>`,
  `</script><script ${MARK}>${RUN}</script>`,
  `--><script ${MARK}>${RUN}</script>`,
  `]]><script ${MARK}>${RUN}</script>`,
  `<iframe ${MARK} srcdoc="<script>parent.injected=1</script>">`,
  `<iframe ${MARK} src="javascript:parent.injected=1">`,
  `<a ${MARK} href="javascript:${RUN}">clique</a>`,
  `<a ${MARK} href="jAvAsCrIpT:${RUN}">clique</a>`,
  `javascript:${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `<body ${MARK} onload=${RUN}>`,
  `<input ${MARK} autofocus onfocus=${RUN}>`,
  `<details ${MARK} open ontoggle=${RUN}>`,
  `<video ${MARK}><source onerror=${RUN}></video>`,
  `<math ${MARK}><mtext><img src onerror=${RUN}></mtext></math>`,
  `<object ${MARK} data="javascript:${RUN}"></object>`,
  `<base ${MARK} href="//evil.example/">`,
  `<meta ${MARK} http-equiv=refresh content="0;url=//evil.example/">`,
  `<style ${MARK}>*{background:url(//evil.example/)}</style>`,
  `<form ${MARK} action=//evil.example/><button>ok</button></form>`,
  `&lt;script ${MARK}&gt;${RUN}&lt;/script&gt;`,
  `\\u003cscript ${MARK}\\u003e${RUN}\\u003c/script\\u003e`,
  `{{constructor.constructor('${RUN}')()}}`,
  `\${${RUN}}`,
  `\u202e<b ${MARK}>\u2066${RUN}`,
]

type Made = { id: string; campaignId: string; items: { id: string; status: string }[] }

/** A gateway whose every answer to a send is one of the texts, as an error of its own. */
async function startGateway(): Promise<Server> {
  let sends = 0
  const server = createServer((request, response) => {
    request.resume()
    const isSend = request.url?.startsWith('/chat/send') === true
    const ready = { code: 200, success: true, data: { connected: true, loggedIn: true } }
    const refusal = { code: 500, success: false, error: TEXTS[sends++ % TEXTS.length] }
    response.writeHead(isSend ? 500 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isSend ? refusal : ready))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return server
}

async function post(request: APIRequestContext, path: string, data: object): Promise<Made> {
  const answer = await request.post(path, { data })
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true)
  return (await answer.json()) as Made
}

/** The page stands, nothing of the texts became an element or ran, and nothing on it is inline. */
async function expectOnlyText(page: Page, path: string, shown: string | null): Promise<void> {
  await page.goto(path)
  await expect(page.locator('h1')).toBeVisible()
  if (shown !== null) await expect(page.getByText(shown, { exact: false }).first()).toBeVisible()
  const found = await page.evaluate((mark) => {
    const foreign = [...document.querySelectorAll('script')].filter((script) => !script.src.startsWith(location.origin))
    const links = [...document.querySelectorAll('a')].filter((link) => /^(?:javascript|data):/i.test(link.href))
    return {
      injected: document.querySelectorAll(`[${mark}]`).length,
      ran: 'injected' in window,
      foreign: foreign.length,
      links: links.length,
      handlers: document.querySelectorAll('[onerror],[onload],[onclick],[onfocus],[ontoggle]').length,
    }
  }, MARK)
  expect(found, path).toEqual({ injected: 0, ran: false, foreign: 0, links: 0, handlers: 0 })
}

test.describe('texts that would be elements', () => {
  let gateway: Server
  const dialogs: string[] = []

  test.beforeAll(async () => {
    gateway = await startGateway()
  })

  test.afterAll(() => void gateway.close())

  test.beforeEach(({ page }) => {
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message())
      void dialog.dismiss()
    })
  })

  test.afterEach(() => expect(dialogs).toEqual([]))

  test('are shown as what they are, as names of channels, campaigns, files, columns and people', async ({
    page,
    baseURL,
  }) => {
    const { request } = page
    expect(TEXTS).toHaveLength(30)
    const fileIds: string[] = []
    const channelIds: string[] = []
    for (const text of TEXTS) {
      const name = text.slice(0, 80)
      channelIds.push((await post(request, '/api/user/channels', { name, gateway: 'sandbox' })).id)
    }
    for (const [n, text] of TEXTS.slice(0, 6).entries()) {
      const quoted = `"${text.replaceAll('"', '""')}"`
      const csv = `telefone;nome;${quoted}\r\n1198000000${n};${quoted};${quoted}\r\nruim;${quoted};${quoted}\r\n`
      const file = { name: `${text.replaceAll('/', '')}.csv`, mimeType: 'text/csv', buffer: Buffer.from(csv) }
      const answer = await request.post('/api/user/imports', {
        multipart: { file },
        headers: { origin: baseURL ?? '' },
      })
      expect(answer.status(), await answer.text()).toBe(202)
      fileIds.push(((await answer.json()) as Made).id)
    }
    const contacts = TEXTS.map((name, n) => ({ phone: `+55119${70_000_000 + n}`, name, variables: { empresa: name } }))
    for (const [n, text] of TEXTS.entries()) {
      const messages = [{ type: 'text', content: 'Oi, {{nome}}' }]
      const plan = { messages, recipients: { contacts }, delayMin: 0, delayMax: 0, channelId: channelIds[n] }
      await post(request, '/api/user/bulk-campaigns', { name: text.slice(0, 120), ...plan })
    }
    for (const path of ['/channels', '/campaigns', '/imports']) await expectOnlyText(page, path, MARK)
    await expectOnlyText(page, '/contacts?search=%3Cscript', MARK)
    for (const id of fileIds) await expectOnlyText(page, `/campaigns/new?import=${id}`, null)
    await expectOnlyText(page, '/campaigns/new', null)
  })

  test('are shown as what they are when a gateway says them', async ({ page }) => {
    const { request } = page
    const { port } = gateway.address() as AddressInfo
    const baseUrl = `http://127.0.0.1:${port}`
    const channel = { name: 'gateway', gateway: 'wuzapi', baseUrl, token: 'token-of-a-hostile-gateway' }
    const { id } = await post(request, '/api/user/channels', channel)
    const contacts = TEXTS.slice(0, 3).map((name, n) => ({ phone: `+55119${71_000_000 + n}`, name }))
    const messages = [{ type: 'text', content: 'Oi' }]
    const pace = { delayMin: 5, delayMax: 5, start: true }
    const plan = { name: 'hostil', channelId: id, messages, recipients: { contacts }, ...pace }
    const { campaignId } = await post(request, '/api/user/bulk-campaigns', plan)
    const progress = async () => {
      const answer = await request.get(`/api/user/bulk-campaigns/${campaignId}/progress`)
      return ((await answer.json()) as { recentErrors: unknown[] }).recentErrors.length
    }
    await expect.poll(progress).toBeGreaterThan(0)
    await expectOnlyText(page, `/campaigns/${campaignId}`, null)
    await expect(page.getByRole('region', { name: pt.monitor.title, exact: true })).toBeVisible()
    await request.post(`/api/user/bulk-campaigns/${campaignId}/cancel`)
  })

  test('meet a policy without inline scripts and styles on pages, files and every answer', async ({ page }) => {
    const asset = /src="(\/assets\/[^"]+)"/.exec(await (await page.request.get('/')).text())?.[1] ?? ''
    for (const path of ['/', '/campaigns', asset, '/api/me', '/api/nothing', '/api/%zz', '/nothing.js']) {
      const { 'content-security-policy': policy = '', ...headers } = (await page.request.get(path)).headers()
      expect(policy, path).toContain("default-src '")
      expect(policy, path).not.toMatch(/unsafe|\*|https?:/)
      expect(headers['x-content-type-options'], path).toBe('nosniff')
      expect(headers['referrer-policy'], path).toBe('no-referrer')
    }
    const page1 = (await page.request.get('/')).headers()['content-security-policy'] ?? ''
    for (const part of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) expect(page1).toContain(part)
  })
})
