import { screen, waitFor, within } from '@testing-library/react'
import { useState } from 'react'
import { describe, expect, test, vi } from 'vitest'
import type { Contact } from '#contract/contacts.ts'
import { buildContact, buildList, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi, type Call } from '../../../../test/stubApi.ts'
import type { ContactsFilter } from '../api/contactPages.ts'
import { ContactsPage } from './ContactsPage.tsx'

const GROUP = buildList()
const TAG = buildList({ id: uuid(31), name: 'Retornou' })
const SUMMARY = {
  contacts: { count: 100_000, isMore: true },
  withoutWhatsapp: { count: 0, isMore: false },
  suppressed: { count: 2, isMore: false },
  groups: { count: 1, isMore: false },
  tags: { count: 1, isMore: false },
}
const people = [
  buildContact(),
  buildContact({ id: 2, phone: '+5521987650002', name: 'Bia Lima', groupIds: [GROUP.id] }),
  buildContact({ id: 3, phone: '+351912000004', name: '' }),
]

type Handlers = Parameters<typeof stubApi>[0]

function stubContacts(contacts: Contact[] = people, more: Handlers = {}) {
  return stubApi({
    'GET /api/user/contacts': () => ({ body: { items: contacts, nextCursor: null } }),
    'GET /api/user/contacts/summary': () => ({ body: SUMMARY }),
    'GET /api/user/contact-groups': () => ({ body: { items: [GROUP], nextCursor: null } }),
    'GET /api/user/contact-tags': () => ({ body: { items: [TAG], nextCursor: null } }),
    ...more,
  })
}

/** The page with an address bar of its own. */
function Page({ start = {} }: { start?: ContactsFilter }) {
  const [filter, setFilter] = useState(start)
  const [contactId, setContactId] = useState<number>()
  return (
    <ContactsPage
      userId="u1"
      filter={filter}
      onFilter={setFilter}
      contactId={contactId}
      onContact={setContactId}
      importLink={<a href="/imports">Importar</a>}
      campaignLink={(id, name) => <a href={`/campaigns/${id}`}>{name}</a>}
    />
  )
}

const lists = (calls: Call[]) => calls.filter(({ method, path }) => method === 'GET' && path === '/api/user/contacts')
const rowOf = async (name: string) => within(await screen.findByRole('row', { name: new RegExp(name) }))

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

describe('one contact', () => {
  const contact = buildContact({ variables: { cidade: 'Santos' }, groupIds: [GROUP.id] })

  async function openContact(more: Handlers) {
    const calls = stubContacts([contact], { 'GET /api/user/contacts/1': () => ({ body: contact }), ...more })
    const part = renderPart(<Page />)
    await part.user.click(await screen.findByRole('button', { name: 'Ana Prado' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'Ana Prado' }))
    await dialog.findByRole('tab', { name: 'Dados' })
    return { ...part, calls, dialog }
  }

  test('name and variables are changed together, and the table follows', async () => {
    const { user, dialog, calls } = await openContact({
      'PATCH /api/user/contacts/1': ({ body }) => ({ body: { ...contact, ...(body as object) } }),
    })
    expect(dialog.queryByRole('button', { name: 'Salvar' })).not.toBeInTheDocument()
    const name = dialog.getByLabelText('Nome')
    await user.clear(name)
    await user.type(name, 'Ana Souza')
    await user.click(dialog.getByRole('button', { name: 'Adicionar variável' }))
    await user.type(dialog.getByLabelText('Nome da variável 2'), 'produto')
    await user.type(dialog.getByLabelText('Valor de produto'), 'Pão')
    await user.click(dialog.getByRole('button', { name: 'Salvar' }))
    await waitFor(() =>
      expect(calls.find(({ method }) => method === 'PATCH')?.body).toEqual({
        name: 'Ana Souza',
        variables: { cidade: 'Santos', produto: 'Pão' },
      }),
    )
    expect(await screen.findByRole('row', { name: /Ana Souza/, hidden: true })).toBeInTheDocument()
    expect(lists(calls)).toHaveLength(1)
  })

  test('two variables of one name are not saved', async () => {
    const { user, dialog } = await openContact({})
    await user.click(dialog.getByRole('button', { name: 'Adicionar variável' }))
    await user.type(dialog.getByLabelText('Nome da variável 2'), 'cidade')
    await user.type(dialog.getByLabelText('Valor de cidade', { selector: 'input[value=""]' }), 'Osasco')
    expect(dialog.getByText('Duas variáveis têm o mesmo nome.')).toBeVisible()
    expect(dialog.getByRole('button', { name: 'Salvar' })).toBeDisabled()
  })

  test('what they got is told with its state and its campaign', async () => {
    const { user, dialog } = await openContact({
      'GET /api/user/contacts/1/activity': () => ({
        body: {
          items: [
            {
              campaignId: uuid(1),
              kind: 'campaign',
              name: 'Fornada',
              channelName: 'Loja',
              status: 'failed',
              statusAt: contact.createdAt,
              step: 0,
              attempts: 1,
              errorCategory: 'INVALID_NUMBER',
              errorCode: 'x',
              createdAt: contact.createdAt,
            },
          ],
          nextCursor: null,
        },
      }),
    })
    await user.click(dialog.getByRole('tab', { name: 'Atividade' }))
    expect(await dialog.findByRole('link', { name: 'Fornada' })).toHaveAttribute('href', `/campaigns/${uuid(1)}`)
    expect(dialog.getByText('Falhou')).toBeVisible()
    expect(dialog.getByText('Número que não recebe WhatsApp')).toBeVisible()
  })

  test('their data are handed over as a file', async () => {
    const saved: Blob[] = []
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined)
    vi.stubGlobal(
      'URL',
      Object.assign(URL, { createObjectURL: (blob: Blob) => saved.push(blob), revokeObjectURL() {} }),
    )
    const { user, dialog } = await openContact({
      'GET /api/user/contacts/1/export': () => ({ body: { phone: contact.phone } }),
    })
    await user.click(dialog.getByRole('tab', { name: 'Privacidade' }))
    await user.click(await dialog.findByRole('button', { name: 'Baixar dados' }))
    await waitFor(() => expect(saved).toHaveLength(1))
    expect(click).toHaveBeenCalledOnce()
    click.mockRestore()
    expect(JSON.parse((await saved[0]?.text()) ?? '')).toEqual({ phone: contact.phone })
  })

  test('erasing asks first, and takes the person off the page', async () => {
    const { user, dialog, calls } = await openContact({
      'POST /api/user/contacts/1/erase': () => ({
        body: { suppressionId: uuid(40), contacts: 1, recipients: 2, closed: 0, importRows: 1 },
      }),
    })
    await user.click(dialog.getByRole('tab', { name: 'Privacidade' }))
    await user.click(await dialog.findByRole('button', { name: 'Apagar tudo' }))
    const question = within(await screen.findByRole('alertdialog'))
    expect(calls.some(({ method }) => method === 'POST')).toBe(false)
    await user.click(question.getByRole('button', { name: 'Apagar para sempre' }))
    await waitFor(() => expect(screen.queryByText('Ana Prado')).not.toBeInTheDocument())
  })

  test('leaving a group takes effect at once', async () => {
    const { user, dialog, calls } = await openContact({
      [`POST /api/user/contact-groups/${GROUP.id}/remove`]: () => ({ body: { ...GROUP, contacts: 0, changed: 1 } }),
    })
    await user.click(await dialog.findByRole('button', { name: 'Tirar Clientes' }))
    await waitFor(() => expect(calls.find(({ path }) => path.endsWith('/remove'))?.body).toEqual({ contactIds: [1] }))
  })
})
