import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import { uuid } from '../../../test/builders.ts'
import { buildOverview, buildSummary } from '../../../test/campaignBuilders.ts'
import { renderApp } from '../../../test/renderApp.tsx'
import { stubApi } from '../../../test/stubApi.ts'
import { pageOfPath } from './navigation.ts'

const ME = { id: 'u1', name: 'Ana Prado', email: 'ana@example.com', role: 'admin' }

function open(path: string, role = 'admin', overview = buildOverview()) {
  stubApi({
    'GET /api/me': () => ({ body: { ...ME, role } }),
    'GET /api/user/overview': () => ({ body: overview }),
    'GET /api/user/channels': () => ({ body: { items: [], nextCursor: null } }),
    'GET /api/user/bulk-campaigns': () => ({ body: { items: [], nextCursor: null } }),
  })
  return renderApp(path)
}

/** A screen too narrow for a column beside the page. */
function usePhone() {
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {}, removeEventListener() {} }))
}

describe('the navigation', () => {
  test('marks the page one is on, and nothing else', async () => {
    open('/channels')
    const pages = within(await screen.findByRole('navigation', { name: 'Páginas' }))
    const current = pages.getAllByRole('link').filter((link) => link.getAttribute('aria-current') === 'page')
    expect(current.map((link) => link.textContent)).toEqual(['Canais'])
  })

  test('a campaign belongs to the campaigns, groups of contacts to themselves', () => {
    expect(pageOfPath('/')).toBe('overview')
    expect(pageOfPath(`/campaigns/${uuid(1)}`)).toBe('campaigns')
    expect(pageOfPath('/campaigns/new')).toBe('newCampaign')
    expect(pageOfPath('/contacts/lists')).toBe('contactLists')
    expect(pageOfPath('/contacts')).toBe('contacts')
  })

  test('users and the audit trail are there for administrators alone', async () => {
    open('/channels', 'user')
    await screen.findByRole('link', { name: 'Canais' })
    expect(screen.queryByRole('link', { name: 'Usuários' })).not.toBeInTheDocument()
    expect(screen.queryByRole('link', { name: 'Auditoria' })).not.toBeInTheDocument()
  })

  test('whoever is no administrator and types the address lands on the overview', async () => {
    const { router } = open('/admin/users', 'user')
    await waitFor(() => expect(router.state.location.pathname).toBe('/'))
  })

  test('on a phone the rest is behind "more", which closes when a page is chosen', async () => {
    usePhone()
    const { router, user } = open('/campaigns')
    await user.click(await screen.findByRole('button', { name: 'Mais' }))
    const sheet = within(await screen.findByRole('dialog', { name: 'Páginas' }))
    await user.click(sheet.getByRole('link', { name: 'Canais' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    expect(router.state.location.pathname).toBe('/channels')
  })
})

describe('the notice of what stopped by itself', () => {
  const stopped = buildOverview({
    channels: buildOverview().channels.map((channel) => ({ ...channel, status: 'disconnected' })),
    paused: [
      {
        ...buildSummary({ status: 'paused' }),
        pauseReason: 'disconnected',
        since: '2026-11-20T12:00:00.000Z',
        waiting: 3,
      },
    ],
  })

  test('stands above any page and leads to the number', async () => {
    const { router, user } = open('/campaigns', 'user', stopped)
    const notice = within(await screen.findByRole('complementary', { name: 'Envio parado' }))
    expect(notice.getByText('Loja está desconectado do WhatsApp')).toBeVisible()
    expect(notice.getByText(/3 pessoas esperam/)).toBeVisible()
    await user.click(notice.getByRole('link', { name: 'Reconectar Loja' }))
    await waitFor(() => expect(router.state.location.pathname).toBe('/channels'))
    expect(router.state.location.search).toEqual({ connect: uuid(10) })
  })

  test('of a number that is back leads to the campaign that waits', async () => {
    const channels = stopped.channels.map((channel) => ({
      ...channel,
      status: 'ready' as const,
      checkedAt: '2026-11-20T12:05:00.000Z',
    }))
    const { router, user } = open('/campaigns', 'user', { ...stopped, channels })
    const notice = within(await screen.findByRole('complementary', { name: 'Envio parado' }))
    expect(notice.getByText('Loja está conectado de novo')).toBeVisible()
    await user.click(notice.getByRole('link', { name: 'Ver e continuar' }))
    await waitFor(() => expect(router.state.location.pathname).toBe(`/campaigns/${uuid(1)}`))
  })

  test('is not said twice on the overview, which says it first', async () => {
    open('/', 'user', stopped)
    expect(await screen.findByRole('region', { name: 'Precisa de você' })).toBeVisible()
    expect(screen.queryByRole('complementary')).not.toBeInTheDocument()
    expect(screen.getAllByText('Loja está desconectado do WhatsApp')).toHaveLength(1)
  })
})

describe('the notice of a copy', () => {
  test.each(['/', '/campaigns', '/channels'])('stands above %s and says what to run', async (path) => {
    open(path, 'admin', buildOverview({ armed: false }))
    const notice = within(await screen.findByRole('complementary', { name: 'Instalação copiada' }))
    expect(notice.getByText('Esta instalação é uma cópia e não envia nada')).toBeVisible()
    expect(notice.getByText('npm run arm')).toBeVisible()
  })

  test('is not shown where the installation may send', async () => {
    open('/campaigns')
    await screen.findByText('A revoada começa aqui')
    expect(screen.queryByRole('complementary')).not.toBeInTheDocument()
  })

  test('is not shown to whoever cannot do anything about it', async () => {
    open('/campaigns', 'user', buildOverview({ armed: false }))
    await screen.findByText('A revoada começa aqui')
    expect(screen.queryByRole('complementary')).not.toBeInTheDocument()
  })
})
