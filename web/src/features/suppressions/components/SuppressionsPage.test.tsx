import { act, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Suppression } from '#contract/suppressions.ts'
import { uuid } from '../../../../test/builders.ts'
import { FakeUpload } from '../../../../test/FakeUpload.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { SuppressionsPage } from './SuppressionsPage.tsx'

const AT = '2026-11-22T12:00:00.000Z'
const left: Suppression = {
  id: uuid(70),
  phone: '+5511987654321',
  reason: 'opted_out',
  source: 'api',
  note: 'respondeu SAIR',
  createdAt: AT,
}
const erased: Suppression = { ...left, id: uuid(71), phone: null, reason: 'erased', source: 'erasure', note: null }
const page = <SuppressionsPage userId="u1" />

function stubList(more: Parameters<typeof stubApi>[0] = {}) {
  return stubApi({
    'GET /api/user/suppressions': () => ({ body: { items: [left, erased], nextCursor: null } }),
    'POST /api/user/phones/validate': () => refusal('UNAVAILABLE'),
    ...more,
  })
}

beforeEach(() => {
  FakeUpload.last = null
  vi.stubGlobal('XMLHttpRequest', FakeUpload)
})

test('everybody is shown with the reason; of somebody erased there is no number, and no way to release them here', async () => {
  stubList()
  renderPart(page)
  const row = within(await screen.findByRole('row', { name: /98765-4321/ }))
  expect(row.getByText('Pediu para sair')).toBeVisible()
  expect(row.getByText('respondeu SAIR')).toBeVisible()
  const gone = within(screen.getByRole('row', { name: /Pessoa apagada/ }))
  expect(gone.queryByRole('button')).not.toBeInTheDocument()
})

test('a number is added with its reason even when it cannot be checked right now', async () => {
  const calls = stubList({ 'POST /api/user/suppressions': () => ({ body: { added: 1, known: 0, refused: [] } }) })
  const { user } = renderPart(page)
  await user.click(await screen.findByRole('button', { name: 'Adicionar número' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.type(dialog.getByLabelText('Telefone'), '11 98765-4321')
  await user.selectOptions(dialog.getByLabelText('Motivo'), 'Reclamou')
  await user.type(dialog.getByLabelText('Observação'), 'por telefone')
  await user.click(dialog.getByRole('button', { name: 'Adicionar número' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
  expect(calls.find(({ method, path }) => method === 'POST' && path.endsWith('suppressions'))?.body).toEqual({
    phones: ['11 98765-4321'],
    reason: 'complained',
    defaultCountry: 'BR',
    note: 'por telefone',
  })
  expect(localStorage.getItem('revoada.suppression.u1')).toBeNull()
})

test('a number that cannot be dialled stays in its field with what is wrong', async () => {
  stubList({
    'POST /api/user/suppressions': () => ({
      body: { added: 0, known: 0, refused: [{ line: 1, input: '987', reason: 'TOO_SHORT' }] },
    }),
  })
  const { user } = renderPart(page)
  await user.click(await screen.findByRole('button', { name: 'Adicionar número' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.type(dialog.getByLabelText('Telefone'), '987{Enter}')
  await waitFor(() => expect(dialog.getByLabelText('Telefone')).toHaveAccessibleDescription('Faltam dígitos.'))
  expect(dialog.getByLabelText('Telefone')).toHaveValue('987')
})

test('releasing asks first, and says what it means for this reason', async () => {
  const calls = stubList({ [`DELETE /api/user/suppressions/${left.id}`]: () => ({ status: 204 }) })
  const { user } = renderPart(page)
  await user.click(await screen.findByRole('button', { name: 'Liberar +55 11 98765-4321' }))
  const question = within(await screen.findByRole('alertdialog'))
  expect(question.getByText(/pediu para não receber mais/)).toBeVisible()
  expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
  await user.click(question.getByRole('button', { name: 'Liberar número' }))
  await waitFor(() => expect(screen.queryByRole('row', { name: /98765-4321/ })).not.toBeInTheDocument())
  expect(calls.filter(({ method }) => method === 'GET')).toHaveLength(1)
})

test('a list comes back with what became of each line', async () => {
  stubList()
  const { user } = renderPart(page)
  await user.click(await screen.findByRole('button', { name: /Lista inteira/ }))
  expect(await screen.findByRole('menuitem', { name: 'Baixar lista' })).toHaveAttribute(
    'href',
    '/api/user/suppressions/export.csv',
  )
  await user.click(screen.getByRole('menuitem', { name: 'Importar lista' }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.upload(dialog.getByLabelText(/Escolha um arquivo CSV ou de texto/), new File(['1'], 'sair.txt'))
  await user.selectOptions(dialog.getByLabelText('Motivo'), 'Por decisão sua')
  await user.click(dialog.getByRole('button', { name: 'Importar lista' }))
  expect(FakeUpload.last?.form?.get('reason')).toBe('manual')
  expect([...(FakeUpload.last?.form?.keys() ?? [])].at(-1)).toBe('file')
  act(() =>
    FakeUpload.last?.answer(200, {
      added: 3,
      known: 1,
      refused: [{ line: 4, input: 'fixo', reason: 'NOT_A_NUMBER' }],
      refusedCount: 1,
    }),
  )
  expect(await dialog.findByText('3 números novos na lista')).toBeVisible()
  expect(dialog.getByText('Linha 4')).toBeVisible()
  expect(dialog.getByText(/Isto não é um número de telefone/)).toBeVisible()
})

test('somebody erased comes back only with how and when they agreed', async () => {
  const calls = stubList({ 'POST /api/user/suppressions/release': () => ({ body: { id: uuid(71) } }) })
  const { user } = renderPart(page)
  await user.click(await screen.findByRole('button', { name: /Lista inteira/ }))
  await user.click(await screen.findByRole('menuitem', { name: /voltou a concordar/ }))
  const dialog = within(await screen.findByRole('dialog'))
  await user.type(dialog.getByLabelText('Telefone'), '11987654321')
  await user.click(dialog.getByRole('button', { name: 'Liberar pessoa' }))
  expect(dialog.getByLabelText('Como a pessoa concordou')).toHaveAccessibleDescription(/pelo menos 3/)
  expect(calls.some(({ path }) => path.endsWith('/release'))).toBe(false)
  await user.type(dialog.getByLabelText('Como a pessoa concordou'), 'na loja')
  await user.click(dialog.getByRole('button', { name: 'Liberar pessoa' }))
  await waitFor(() =>
    expect(calls.find(({ path }) => path.endsWith('/release'))?.body).toMatchObject({
      phone: '11987654321',
      optIn: { how: 'na loja', at: expect.stringMatching(/Z$/) as string },
    }),
  )
})
