import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test } from 'vitest'
import { buildContact, buildList, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal } from '../../../../test/stubApi.ts'
import { GROUP, lists, Page, people, rowOf, stubContacts, TAG, type Handlers } from './contactsTestBench.tsx'

describe('ContactsPage', () => {
  test('everybody is shown with number and groups, and the count says when it stopped counting', async () => {
    stubContacts()
    renderPart(<Page />)
    const row = await rowOf('Bia Lima')
    expect(row.getByText('+55 21 98765-0002')).toBeVisible()
    expect(await row.findByText('Clientes')).toBeVisible()
    expect(await screen.findByText(/mais de 100\.000/)).toHaveTextContent('2 descadastrados')
    expect(screen.getByText('Sem nome')).toBeVisible()
  })

  test('a search is one request after the last key, and can be taken back', async () => {
    const calls = stubContacts(people, {
      'GET /api/user/contacts': ({ query }) => ({
        body: { items: query.has('search') ? [] : people, nextCursor: null },
      }),
    })
    const { user } = renderPart(<Page />)
    await rowOf('Ana Prado')
    await user.type(screen.getByRole('searchbox'), 'zulmira')
    expect(await screen.findByText('Ninguém com este filtro')).toBeVisible()
    expect(lists(calls).map(({ query }) => query.get('search'))).toEqual([null, 'zulmira'])
    await user.click(screen.getByRole('button', { name: 'Mostrar todos' }))
    await rowOf('Ana Prado')
    expect(screen.getByRole('searchbox')).toHaveValue('')
  })

  test('the next page comes when its end is near', async () => {
    const calls = stubContacts(people, {
      'GET /api/user/contacts': ({ query }) =>
        query.get('cursor') === 'c2'
          ? { body: { items: [buildContact({ id: 9, name: 'Zé' })], nextCursor: null } }
          : { body: { items: people, nextCursor: 'c2' } },
    })
    renderPart(<Page />)
    await rowOf('Zé')
    expect(lists(calls)).toHaveLength(2)
  })

  test('those ticked go into a group, and their rows follow without being asked again', async () => {
    const calls = stubContacts(people, {
      [`POST /api/user/contact-groups/${GROUP.id}/add`]: () => ({ body: { ...GROUP, contacts: 2, changed: 1 } }),
    })
    const { user } = renderPart(<Page />)
    await user.click(await screen.findByRole('checkbox', { name: 'Marcar Ana Prado' }))
    const bar = within(screen.getByRole('region', { name: 'Contatos marcados' }))
    expect(bar.getByText('1 marcado')).toBeVisible()
    await user.click(bar.getByRole('button', { name: 'Adicionar a…' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.click(dialog.getByRole('combobox', { name: 'Grupo' }))
    await user.click(await screen.findByRole('option', { name: 'Clientes' }))
    await user.click(dialog.getByRole('button', { name: 'Pôr' }))
    const row = await rowOf('Ana Prado')
    expect(await row.findByText('Clientes')).toBeVisible()
    expect(calls.find(({ method }) => method === 'POST')?.body).toEqual({ contactIds: [1] })
    expect(lists(calls)).toHaveLength(1)
  })

  test('everybody who fits is chosen by the filter, not by their numbers', async () => {
    const calls = stubContacts(people, {
      'GET /api/user/contacts': ({ query }) =>
        query.has('cursor') ? new Promise(() => {}) : { body: { items: people, nextCursor: 'c2' } },
      'POST /api/user/contact-tags': () => ({ status: 201, body: buildList({ id: uuid(32), name: 'Natal' }) }),
      [`POST /api/user/contact-tags/${uuid(32)}/add`]: () => ({ body: { ...TAG, changed: 1_000_000 } }),
    })
    const { user } = renderPart(<Page start={{ groupId: GROUP.id }} />)
    await user.click(await screen.findByRole('checkbox', { name: 'Marcar todos os que aparecem' }))
    await user.click(screen.getByRole('button', { name: /também os que não aparecem/ }))
    await user.click(screen.getByRole('button', { name: 'Adicionar a…' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.click(dialog.getByRole('radio', { name: 'Etiqueta' }))
    await user.type(dialog.getByLabelText('Ou uma etiqueta nova'), 'Natal{Enter}')
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    expect(calls.find(({ path }) => path.endsWith('/add'))?.body).toEqual({ filter: { groupId: GROUP.id } })
  })

  test('deleting stops at a refusal, and shows who is left', async () => {
    stubContacts(people, {
      'DELETE /api/user/contacts/1': () => ({ status: 204 }),
      'DELETE /api/user/contacts/2': () => refusal('UNAVAILABLE'),
      // Gone already, by another tab.
      'DELETE /api/user/contacts/3': () => refusal('NOT_FOUND'),
    })
    const { user } = renderPart(<Page />)
    await user.click(await screen.findByRole('checkbox', { name: 'Marcar todos os que aparecem' }))
    await user.click(screen.getByRole('button', { name: 'Mais ações para os marcados' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Excluir' }))
    const question = within(await screen.findByRole('alertdialog'))
    await user.click(question.getByRole('button', { name: 'Excluir' }))
    expect(await question.findByText('O servidor está ocupado agora.')).toBeVisible()
    await waitFor(() => expect(screen.getAllByRole('checkbox', { hidden: true, name: /^Marcar / })).toHaveLength(2))
    expect(screen.getByText('Bia Lima')).toBeInTheDocument()
  })
})

describe('a new contact', () => {
  const CHECK = {
    isValid: false,
    normalized: null,
    validatedPhone: null,
    jid: null,
    suggestion: { phone: '+5511987654321', reason: 'LETTERS_FOR_DIGITS', confidence: 'high', others: [] },
    error: 'NOT_A_NUMBER',
    country: null,
    warnings: [],
    others: [],
    check: { state: 'notAsked', obstacle: null, retryAfterSeconds: null, checkedAt: null },
  }
  const VALID = { ...CHECK, isValid: true, normalized: '+5511987654321', suggestion: null, error: null, country: 'BR' }
  const validate: Handlers = {
    'POST /api/user/phones/validate': ({ body }) => ({
      body: (body as { phone: string }).phone.startsWith('+') ? VALID : CHECK,
    }),
  }

  async function openForm(more: Handlers) {
    const calls = stubContacts(people, { ...validate, ...more })
    const part = renderPart(<Page />)
    await part.user.click(await screen.findByRole('button', { name: 'Adicionar contatos' }))
    await part.user.click(await screen.findByRole('menuitem', { name: 'Novo contato' }))
    return { ...part, calls, dialog: within(await screen.findByRole('dialog')) }
  }

  test('a mistyped number offers what it most likely means, one press away', async () => {
    const { user, dialog, calls } = await openForm({
      'POST /api/user/contacts': () => ({ status: 201, body: buildContact({ id: 7, name: 'Caio' }) }),
    })
    await user.type(dialog.getByLabelText('Telefone'), '1198765432l')
    await user.click(await dialog.findByRole('button', { name: 'Usar +55 11 98765-4321' }))
    expect(await dialog.findByText(/✓ \+55 11 98765-4321/)).toHaveTextContent('Brasil')
    await user.type(dialog.getByLabelText('Nome'), 'Caio{Enter}')
    expect(await screen.findByRole('dialog', { name: 'Caio' })).toBeVisible()
    const created = calls.find(({ method, path }) => method === 'POST' && path === '/api/user/contacts')
    expect(created?.body).toMatchObject({ phone: '+5511987654321', name: 'Caio', defaultCountry: 'BR' })
    expect(created?.headers.get('idempotency-key')).toMatch(/^[\da-f]{32}$/)
    expect(localStorage.getItem('revoada.newContact.u1')).toBeNull()
  })

  test('somebody who is there already can be opened', async () => {
    const { user, dialog } = await openForm({
      'POST /api/user/contacts': () => ({
        status: 409,
        body: { error: { code: 'CONTACT_EXISTS', message: 'x', details: [{ field: 'phone', contactId: 2 }] } },
      }),
      'GET /api/user/contacts/2': () => ({ body: people[1] }),
    })
    await user.type(dialog.getByLabelText('Telefone'), '21987650002')
    await user.click(dialog.getByRole('button', { name: 'Adicionar contato' }))
    await user.click(await dialog.findByRole('button', { name: 'Abrir o contato' }))
    expect(await screen.findByRole('dialog', { name: 'Bia Lima' })).toBeVisible()
  })

  test('what was typed is there again after a reload', async () => {
    const { user, dialog, unmount } = await openForm({})
    await user.type(dialog.getByLabelText('Nome'), 'Dora')
    unmount()
    const again = await openForm({})
    expect(again.dialog.getByLabelText('Nome')).toHaveValue('Dora')
  })
})
