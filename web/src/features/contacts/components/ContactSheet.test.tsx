import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import { buildContact, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { GROUP, lists, Page, stubContacts, type Handlers } from './contactsTestBench.tsx'

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
