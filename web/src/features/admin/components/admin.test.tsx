import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import type { AdminAuditRow } from '#contract/audit.ts'
import type { AdminUser } from '#contract/auth.ts'
import { uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import type { AuditSearch } from '../auditSearch.ts'
import { AuditPage } from './AuditPage.tsx'
import { UsersPage } from './UsersPage.tsx'

const AT = '2026-11-22T12:00:00.000Z'
const USERS = 'GET /api/admin/users'

function buildUser(overrides: Partial<AdminUser> = {}): AdminUser {
  return {
    id: uuid(2),
    name: 'Bruno',
    email: 'bruno@example.com',
    role: 'user',
    disabledAt: null,
    secondFactor: false,
    createdAt: AT,
    ...overrides,
  }
}

function buildRow(overrides: Partial<AdminAuditRow> = {}): AdminAuditRow {
  return {
    id: 'account-1',
    at: AT,
    action: 'user-create',
    userId: uuid(1),
    userName: 'Ana',
    address: '10.0.0.9',
    details: {},
    ownerId: null,
    campaignId: null,
    target: null,
    ...overrides,
  }
}

const page = <T,>(items: T[]) => ({ body: { items, nextCursor: null } })

function openUsers() {
  return renderPart(<UsersPage myId={uuid(1)} trailLink={({ id }) => <a href={`#${id}`} />} />)
}

describe('UsersPage', () => {
  test('an account is made, and a weak password is refused at its field', async () => {
    let users = [buildUser({ id: uuid(1), name: 'Ana', email: 'ana@example.com', role: 'admin' })]
    let isWeak = true
    const calls = stubApi({
      [USERS]: () => page(users),
      'POST /api/admin/users': () => {
        if (isWeak)
          return {
            status: 422,
            body: { error: { code: 'PASSWORD_TOO_WEAK', message: 'x', details: { reason: 'common' } } },
          }
        users = [buildUser(), ...users]
        return { status: 201, body: users[0] }
      },
    })
    const { user } = openUsers()
    await user.click(screen.getByRole('button', { name: 'Novo usuário' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.type(dialog.getByLabelText('Nome'), 'Bruno')
    await user.type(dialog.getByLabelText('E-mail'), 'bruno@example.com')
    await user.type(dialog.getByLabelText('Primeira senha'), 'password123')
    await user.click(dialog.getByRole('button', { name: 'Criar usuário' }))
    expect(await dialog.findByText(/uma das primeiras que alguém tentaria/)).toBeVisible()
    isWeak = false
    await user.click(dialog.getByRole('button', { name: 'Criar usuário' }))
    expect(await screen.findByText('bruno@example.com')).toBeVisible()
    const made = calls.filter(({ method }) => method === 'POST')
    expect(made[0]?.body).toEqual({ name: 'Bruno', email: 'bruno@example.com', password: 'password123', role: 'user' })
    expect(made[1]?.headers.get('idempotency-key')).toBe(made[0]?.headers.get('idempotency-key'))
  })

  test.each([
    ['Tornar administrador', { role: 'admin' }],
    ['Desativar', { disabled: true }],
  ])('%s is done after a question', async (act, body) => {
    const calls = stubApi({
      [USERS]: () => page([buildUser()]),
      [`PATCH /api/admin/users/${uuid(2)}`]: () => ({ body: buildUser() }),
    })
    const { user } = openUsers()
    await user.click(await screen.findByRole('button', { name: 'Ações para Bruno' }))
    await user.click(await screen.findByRole('menuitem', { name: act }))
    const dialog = within(await screen.findByRole('alertdialog'))
    expect(calls.some(({ method }) => method === 'PATCH')).toBe(false)
    await user.click(dialog.getByRole('button', { name: act }))
    await waitFor(() => expect(calls.find(({ method }) => method === 'PATCH')?.body).toEqual(body))
    await waitFor(() => expect(screen.queryByRole('alertdialog')).not.toBeInTheDocument())
  })

  test('a password is set anew for somebody', async () => {
    const calls = stubApi({
      [USERS]: () => page([buildUser()]),
      [`PATCH /api/admin/users/${uuid(2)}`]: () => ({ body: buildUser() }),
    })
    const { user } = openUsers()
    await user.click(await screen.findByRole('button', { name: 'Ações para Bruno' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Redefinir a senha' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.type(dialog.getByLabelText('Nova senha'), 'outra frase bem comprida{Enter}')
    await waitFor(() =>
      expect(calls.find(({ method }) => method === 'PATCH')?.body).toEqual({ password: 'outra frase bem comprida' }),
    )
  })

  test('the last administrator stays one, and the question says why', async () => {
    stubApi({
      [USERS]: () => page([buildUser({ id: uuid(1), name: 'Ana', role: 'admin' })]),
      [`PATCH /api/admin/users/${uuid(1)}`]: () => refusal('LAST_ADMIN'),
    })
    const { user } = openUsers()
    await user.click(await screen.findByRole('button', { name: 'Ações para Ana' }))
    const items = (await screen.findAllByRole('menuitem')).map(({ textContent }) => textContent)
    expect(items, 'the own password is changed in the settings').toEqual(['Ver o que fez', 'Tirar da administração'])
    await user.click(screen.getByRole('menuitem', { name: 'Tirar da administração' }))
    const dialog = within(await screen.findByRole('alertdialog'))
    await user.click(dialog.getByRole('button', { name: 'Tirar da administração' }))
    expect(await dialog.findByText('Alguém precisa continuar administrando esta instalação.')).toBeVisible()
  })
})

describe('AuditPage', () => {
  function openAudit(search: AuditSearch = {}) {
    const onSearch = vi.fn()
    const opened = renderPart(
      <AuditPage search={search} onSearch={onSearch} campaignLink={(id) => <a href="#x">{id}</a>} />,
    )
    return { ...opened, onSearch }
  }

  test('the filters of the address are asked of the server and of the export alike', async () => {
    const calls = stubApi({ [USERS]: () => page([buildUser()]), 'GET /api/admin/audit': () => page([buildRow()]) })
    const { onSearch } = openAudit({ action: 'user-create', user: uuid(2), from: '2026-11-01', to: '2026-11-22' })
    expect(await screen.findByRole('button', { name: 'Usuário criado' })).toBeVisible()
    const asked = Object.fromEntries(calls.find(({ path }) => path === '/api/admin/audit')?.query ?? [])
    // The tests run in UTC, and the last day counts as a whole.
    expect(asked).toEqual({
      action: 'user-create',
      user: uuid(2),
      from: '2026-11-01T00:00:00.000Z',
      to: '2026-11-23T00:00:00.000Z',
    })
    const file = new URL(screen.getByRole('link', { name: 'Exportar CSV' }).getAttribute('href') ?? '', 'http://x')
    expect(file.pathname).toBe('/api/admin/audit/export')
    expect(Object.fromEntries(file.searchParams)).toEqual(asked)
    fireEvent.change(screen.getByLabelText('De'), { target: { value: '2026-11-05' } })
    expect(onSearch).toHaveBeenLastCalledWith(expect.objectContaining({ from: '2026-11-05', user: uuid(2) }))
    fireEvent.change(screen.getByLabelText('O que aconteceu'), { target: { value: '' } })
    expect(onSearch).toHaveBeenLastCalledWith(expect.objectContaining({ action: undefined }))
  })

  test('a row opens with before and after side by side', async () => {
    const details = { changes: { delay_min_ms: { from: 5000, to: 9000 } }, reason: 'manual' }
    stubApi({
      [USERS]: () => page([]),
      'GET /api/admin/audit': () => page([buildRow({ action: 'edit', campaignId: uuid(7), details })]),
    })
    const { user } = openAudit()
    await user.click(await screen.findByRole('button', { name: 'Campanha alterada' }))
    const sheet = within(await screen.findByRole('dialog', { name: 'Campanha alterada' }))
    const change = within(sheet.getByText('delay_min_ms').closest('li') ?? document.body)
    expect(change.getByText('Antes').nextElementSibling).toHaveTextContent('5.000')
    expect(change.getByText('Depois').nextElementSibling).toHaveTextContent('9.000')
    expect(sheet.getByText('Motivo').nextElementSibling).toHaveTextContent('manual')
    expect(sheet.getByRole('link', { name: uuid(7) })).toBeVisible()
  })

  test('an action of a newer server is shown as it is called', async () => {
    stubApi({ [USERS]: () => page([]), 'GET /api/admin/audit': () => page([buildRow({ action: 'moon-landing' })]) })
    openAudit()
    expect(await screen.findByRole('button', { name: 'moon-landing' })).toBeVisible()
  })
})
