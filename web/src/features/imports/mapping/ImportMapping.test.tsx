import { screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import type { ColumnMapping, ImportChoice, ImportPreview } from '#contract/imports.ts'
import { buildImport, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi, type Call } from '../../../../test/stubApi.ts'
import { ImportMapping } from './ImportMapping.tsx'

const ID = uuid(20)
const waiting = buildImport({ status: 'preview' })
const part = <ImportMapping contactImport={waiting} />
const GUESS: ColumnMapping = { phoneColumns: [1], nameColumn: 0, leftOut: [], renamed: [] }

function buildPreview(overrides: Partial<ImportPreview> = {}): ImportPreview {
  return {
    defaultCountry: 'BR',
    columns: ['nome', 'celular', 'cidade'],
    hasHeader: true,
    mapping: GUESS,
    mappingFrom: 'guess',
    encoding: 'windows-1252',
    delimiter: ';',
    sheets: [],
    sheet: null,
    rows: [
      {
        line: 2,
        cells: ['Ana', '11987654321', 'Santos'],
        verdict: 'accepted',
        phone: '+5511987654321',
        name: 'Ana',
        reason: null,
        warnings: ['TEXT_IGNORED'],
      },
      {
        line: 3,
        cells: ['Bia', '123', 'Osasco'],
        verdict: 'rejected',
        phone: null,
        name: 'Bia',
        reason: 'TOO_SHORT',
        warnings: [],
      },
    ],
    ...overrides,
  }
}

function stubWaiting(preview: (choice: ImportChoice) => Partial<ImportPreview> = () => ({})) {
  return stubApi({
    [`POST /api/user/imports/${ID}/preview`]: ({ body }) => ({ body: buildPreview(preview(body as ImportChoice)) }),
    [`POST /api/user/imports/${ID}/commit`]: () => ({ status: 202, body: buildImport({ status: 'running' }) }),
    'GET /api/user/imports': () => ({ body: { items: [], nextCursor: null } }),
  })
}

const asked = (calls: Call[], what: string) => calls.filter(({ path }) => path.endsWith(`/${what}`))

test('the first rows say what they would become, and how the file is read', async () => {
  stubWaiting()
  renderPart(part)
  expect(await screen.findByText('windows-1252')).toBeVisible()
  expect(screen.getByText('ponto e vírgula')).toBeVisible()
  expect(screen.getByText('+55 11 98765-4321')).toBeVisible()
  expect(screen.getByText('Faltam dígitos.')).toBeVisible()
  expect(screen.getByText('Há texto junto do telefone; foi ignorado.')).toBeVisible()
  expect(screen.getByText('Santos · Osasco')).toBeVisible()
})

test('what is chosen is what is imported, and it is remembered by being sent', async () => {
  const calls = stubWaiting(({ mapping = GUESS }) => ({ mapping, mappingFrom: 'given' }))
  const { user } = renderPart(part)
  await user.selectOptions(await screen.findByLabelText('Serve para: cidade'), 'Deixar de fora')
  await user.selectOptions(screen.getByLabelText('Serve para: nome'), 'Variável')
  const name = screen.getByLabelText('Nome da variável: nome')
  await user.clear(name)
  await user.type(name, 'cliente')
  await user.selectOptions(screen.getByLabelText('País dos números sem código'), 'PT')
  await user.click(screen.getByRole('button', { name: 'Importar contatos' }))
  await waitFor(() => expect(asked(calls, 'commit')).toHaveLength(1))
  expect(asked(calls, 'commit')[0]?.body).toEqual({
    mapping: { phoneColumns: [1], nameColumn: null, leftOut: [2], renamed: [{ column: 0, variable: 'cliente' }] },
    defaultCountry: 'PT',
  })
  await waitFor(() => expect(localStorage.getItem(`revoada.importChoice.${ID}`)).toBeNull())
})

test('what is chosen is still there after a reload', async () => {
  stubWaiting(({ mapping = GUESS }) => ({ mapping }))
  const first = renderPart(part)
  await first.user.selectOptions(await screen.findByLabelText('Serve para: cidade'), 'Deixar de fora')
  first.unmount()
  renderPart(part)
  expect(await screen.findByLabelText('Serve para: cidade')).toHaveValue('leftOut')
})

test('names do not ask the server again, for it answers only a few times a minute', async () => {
  const calls = stubWaiting()
  const { user } = renderPart(part)
  await user.type(await screen.findByLabelText('Nome da variável: cidade'), ' natal')
  await user.selectOptions(screen.getByLabelText('Serve para: cidade'), 'Deixar de fora')
  // The guess, and what is the same said by us: two, whatever is typed.
  expect(asked(calls, 'preview').length).toBeLessThanOrEqual(2)
})

test('without a phone nothing can be imported, and the reason stands beside the button', async () => {
  stubWaiting()
  const { user } = renderPart(part)
  await user.selectOptions(await screen.findByLabelText('Serve para: celular'), 'Variável')
  expect(screen.getByRole('button', { name: 'Importar contatos' })).toBeDisabled()
  expect(screen.getByText('Escolha qual coluna tem o telefone.')).toBeVisible()
})

test('two columns of one name are not imported', async () => {
  stubWaiting()
  const { user } = renderPart(part)
  const field = await screen.findByLabelText('Nome da variável: cidade')
  await user.clear(field)
  await user.type(field, 'NOME')
  expect(field).toHaveAccessibleDescription('Outra coluna já tem este nome.')
  expect(screen.getByRole('button', { name: 'Importar contatos' })).toBeDisabled()
})

test('a file with columns as in one before says that they were remembered', async () => {
  stubWaiting(() => ({ mappingFrom: 'remembered' }))
  renderPart(part)
  expect(await screen.findByText(/como você escolheu da última vez/)).toBeVisible()
})

test('another sheet forgets what was said about the columns of the one before', async () => {
  const calls = stubWaiting(({ sheet }) => ({
    sheets: ['Clientes', 'Antigos'],
    sheet: sheet ?? 'Clientes',
    delimiter: null,
  }))
  const { user } = renderPart(part)
  await user.selectOptions(await screen.findByLabelText('Serve para: cidade'), 'Deixar de fora')
  await user.selectOptions(screen.getByLabelText('Aba da planilha'), 'Antigos')
  await waitFor(() => expect(asked(calls, 'preview').at(-1)?.body).toEqual({ sheet: 'Antigos' }))
  expect(await screen.findByLabelText('Serve para: cidade')).toHaveValue('variable')
})

test('a file that is no table says why and where', async () => {
  stubApi({
    [`POST /api/user/imports/${ID}/preview`]: () => ({
      status: 422,
      body: { error: { code: 'CSV_UNREADABLE', message: 'x', details: { reason: 'UNCLOSED_QUOTE', line: 3 } } },
    }),
  })
  renderPart(part)
  expect(await screen.findByText(/Na linha 3\. Uma aspa abre e não fecha\./)).toBeVisible()
})

test('a choice that no longer fits is given up with one press', async () => {
  localStorage.setItem(`revoada.importChoice.${ID}`, JSON.stringify({ sheet: 'Sumiu' }))
  stubApi({
    [`POST /api/user/imports/${ID}/preview`]: ({ body }) =>
      (body as ImportChoice).sheet === undefined ? { body: buildPreview() } : refusal('UNPROCESSABLE'),
  })
  const { user } = renderPart(part)
  await user.click(await screen.findByRole('button', { name: 'Voltar ao que foi reconhecido' }))
  expect(await screen.findByText('windows-1252')).toBeVisible()
})

test('a refused import keeps everything and says why', async () => {
  stubApi({
    [`POST /api/user/imports/${ID}/preview`]: () => ({ body: buildPreview() }),
    [`POST /api/user/imports/${ID}/commit`]: () => refusal('UNAVAILABLE'),
  })
  const { user } = renderPart(part)
  await user.selectOptions(await screen.findByLabelText('Serve para: cidade'), 'Deixar de fora')
  await user.click(screen.getByRole('button', { name: 'Importar contatos' }))
  const alert = within(
    await screen.findByText('O servidor está ocupado agora.').then((text) => text.parentElement ?? text),
  )
  expect(alert.getByRole('button', { name: 'Tentar de novo' })).toBeVisible()
  expect(screen.getByLabelText('Serve para: cidade')).toHaveValue('leftOut')
})
