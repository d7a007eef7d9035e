import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, test } from 'vitest'
import { buildChannel, uuid } from '../../test/builders.ts'
import { renderApp } from '../../test/renderApp.tsx'
import { refusal, stubApi } from '../../test/stubApi.ts'
import { changeLanguage } from '../lib/i18n.ts'
import { setSessionLost } from '../lib/sessionLoss.ts'

const ME = { id: 'u1', name: 'Ana Prado', email: 'ana@example.com', role: 'admin' }
const NOTHING = { items: [], nextCursor: null }
const nobody = () => refusal('UNAUTHENTICATED')

type Handlers = Parameters<typeof stubApi>[0]

afterEach(async () => {
  act(() => setSessionLost(false))
  await act(() => changeLanguage('pt'))
})

describe('the app', () => {
  test('a new installation leads to setup, whatever was asked for', async () => {
    stubApi({ 'GET /api/me': nobody, 'GET /api/setup': () => ({ body: { needed: true } }) })
    const { router } = renderApp('/campaigns')
    expect(await screen.findByRole('heading', { name: 'Boas-vindas' })).toBeVisible()
    expect(router.state.location.pathname).toBe('/setup')
  })

  test('whoever is not signed in signs in and lands where they wanted to go', async () => {
    stubApi({
      'GET /api/me': nobody,
      'GET /api/setup': () => ({ body: { needed: false } }),
      'POST /api/auth/sign-in': () => ({ body: ME }),
      'GET /api/user/channels': () => ({ body: NOTHING }),
    })
    const { router, user } = renderApp('/channels')
    await user.type(await screen.findByLabelText('E-mail'), 'ana@example.com')
    await user.type(screen.getByLabelText('Senha'), 'uma frase comprida{Enter}')
    expect(await screen.findByRole('heading', { name: 'Canais' })).toBeVisible()
    expect(router.state.location.pathname).toBe('/channels')
  })

  test('an address that leads elsewhere after sign-in is ignored', async () => {
    stubApi({
      'GET /api/setup': () => ({ body: { needed: false } }),
      'POST /api/auth/sign-in': () => ({ body: ME }),
    })
    const { router, user } = renderApp('/sign-in?from=%2F%2Fevil.example')
    await user.type(await screen.findByLabelText('E-mail'), 'ana@example.com')
    await user.type(screen.getByLabelText('Senha'), 'uma frase comprida{Enter}')
    expect(await screen.findByRole('heading', { name: /, Ana$/ })).toBeVisible()
    expect(router.state.location.href).toBe('/')
  })

  test('a state that does not exist in the address shows all campaigns', async () => {
    const calls = stubApi({
      'GET /api/me': () => ({ body: ME }),
      'GET /api/user/bulk-campaigns': () => ({ body: NOTHING }),
    })
    renderApp('/campaigns?status=bogus')
    expect(await screen.findByRole('heading', { name: 'Campanhas' })).toBeVisible()
    await waitFor(() => expect(calls.some(({ path }) => path.endsWith('bulk-campaigns'))).toBe(true))
    expect(calls.some(({ query }) => query.has('status'))).toBe(false)
  })

  test('setup cannot be done twice', async () => {
    stubApi({ 'GET /api/setup': () => ({ body: { needed: false } }) })
    renderApp('/setup')
    expect(await screen.findByRole('heading', { name: 'Entrar' })).toBeVisible()
  })

  test('a session that ends in the middle of a form asks for the password and keeps what was typed', async () => {
    let signedIn = true
    const saved: unknown[] = []
    // The page makes the id of a draft, so its path is only known when it comes.
    const answerDraft = (known: Handlers, key: string): Handlers[string] | undefined =>
      key.startsWith('PUT /api/user/campaign-drafts/')
        ? ({ body }) => {
            if (!signedIn) return nobody()
            saved.push((body as { data: unknown }).data)
            return { body: { revision: saved.length } }
          }
        : known[key]
    const answers: Handlers = {
      'GET /api/me': () => ({ body: ME }),
      'GET /api/user/channels': () => ({ body: { items: [buildChannel()], nextCursor: null } }),
      'GET /api/user/imports': () => ({ body: NOTHING }),
      'GET /api/user/settings': () => ({ body: { defaultCountry: 'BR' } }),
      'GET /api/user/contact-groups': () => ({ body: NOTHING }),
      'GET /api/user/contact-tags': () => ({ body: NOTHING }),
      'GET /api/user/bulk-campaigns': () => ({ body: NOTHING }),
      'GET /api/user/campaign-drafts': () => ({ body: NOTHING }),
      'POST /api/user/bulk-campaigns/preflight': () => (signedIn ? refusal('NO_RECIPIENTS') : nobody()),
      'POST /api/auth/sign-in': () => {
        signedIn = true
        return { body: ME }
      },
    }
    const calls = stubApi(new Proxy(answers, { get: answerDraft }))
    const { router, user } = renderApp('/campaigns/new')
    fireEvent.change(await screen.findByLabelText('Nome da campanha'), { target: { value: 'Promoção' } })
    await waitFor(() => expect(saved).toHaveLength(1))
    signedIn = false
    fireEvent.change(screen.getByLabelText('Números digitados'), { target: { value: '11987654321' } })
    const dialog = within(await screen.findByRole('dialog', { name: 'Sua sessão terminou' }))
    expect(dialog.getByLabelText('E-mail')).toHaveValue('ana@example.com')
    await user.type(dialog.getByLabelText('Senha'), 'uma frase comprida{Enter}')
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    expect(screen.getByLabelText('Nome da campanha')).toHaveValue('Promoção')
    expect(screen.getByLabelText('Números digitados')).toHaveValue('11987654321')
    await waitFor(() => expect(saved.at(-1)).toMatchObject({ name: 'Promoção', typed: '11987654321' }))
    expect(calls.at(-1)?.path).toContain(String((router.state.location.search as { draft?: string }).draft))
  })

  test('a channel whose token is refused leaves the session alone', async () => {
    stubApi({
      'GET /api/me': () => ({ body: ME }),
      'GET /api/user/channels': () => ({ body: { items: [buildChannel()], nextCursor: null } }),
      [`GET /api/user/channels/${uuid(10)}/status`]: () => refusal('CHANNEL_UNAUTHORIZED'),
    })
    const { router } = renderApp('/channels')
    expect(await screen.findByText('O servidor do canal não aceita o token.')).toBeVisible()
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument()
    expect(router.state.location.pathname).toBe('/channels')
  })

  test('a change of page moves title and focus to the new content', async () => {
    stubApi({
      'GET /api/me': () => ({ body: ME }),
      'GET /api/user/bulk-campaigns': () => ({ body: NOTHING }),
      'GET /api/user/channels': () => ({ body: NOTHING }),
    })
    const { user } = renderApp('/campaigns')
    await waitFor(() => expect(document.title).toBe('Campanhas · Revoada'))
    await user.click(screen.getByRole('link', { name: 'Canais' }))
    expect(await screen.findByRole('heading', { name: 'Canais' })).toBeVisible()
    expect(document.title).toBe('Canais · Revoada')
    expect(screen.getByRole('main')).toHaveFocus()
  })

  test('the language is switched for everything at once and remembered', async () => {
    stubApi({ 'GET /api/me': () => ({ body: ME }), 'GET /api/user/bulk-campaigns': () => ({ body: NOTHING }) })
    const { user } = renderApp('/')
    await user.click(await screen.findByRole('button', { name: /Ana Prado/ }))
    await user.click(await screen.findByRole('radio', { name: 'English' }))
    expect(await screen.findByRole('dialog', { name: 'Your account' })).toBeVisible()
    expect(document.documentElement.lang).toBe('en')
    expect(localStorage.getItem('revoada.language')).toBe('en')
  })

  test('the chosen theme is set on the document and remembered; the device has the word again when asked', async () => {
    stubApi({ 'GET /api/me': () => ({ body: ME }), 'GET /api/user/bulk-campaigns': () => ({ body: NOTHING }) })
    const { user } = renderApp('/campaigns')
    await user.click(await screen.findByRole('button', { name: /Ana Prado/ }))
    await user.click(await screen.findByRole('radio', { name: 'Escura' }))
    expect(document.documentElement.dataset['theme']).toBe('dark')
    expect(localStorage.getItem('revoada.theme')).toBe('dark')
    await user.click(screen.getByRole('radio', { name: 'Do aparelho' }))
    expect(document.documentElement.dataset['theme']).toBeUndefined()
    expect(localStorage.getItem('revoada.theme')).toBeNull()
  })
})
