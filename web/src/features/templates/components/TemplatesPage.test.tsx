import { act, screen, waitFor, within } from '@testing-library/react'
import { useState } from 'react'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Preview, SavedTemplate } from '#contract/templates.ts'
import { buildContact, uuid } from '../../../../test/builders.ts'
import { FakeUpload } from '../../../../test/FakeUpload.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { TemplatesPage } from './TemplatesPage.tsx'

const AT = '2026-11-22T12:00:00.000Z'
const saved: SavedTemplate = {
  id: uuid(50),
  name: 'Fornada',
  messages: [{ type: 'text', content: 'Oi, *{{nome}}*!' }],
  needs: [{ name: 'nome', hasFallback: false }],
  createdAt: AT,
  updatedAt: AT,
}
const ana = buildContact({ variables: { Cidade: 'Santos' } })

function previewOf(texts: string[], more: Partial<Preview['items'][number]> = {}): Preview {
  const messages = texts.map((text) => ({ type: 'text' as const, texts: [{ field: 'content', text, problem: null }] }))
  return { needs: saved.needs, items: [{ contactId: 1, messages, missing: [], ...more }] }
}

function stubTemplates(more: Parameters<typeof stubApi>[0] = {}) {
  return stubApi({
    'GET /api/user/templates': () => ({ body: { items: [saved], nextCursor: null } }),
    [`GET /api/user/templates/${saved.id}`]: () => ({ body: saved }),
    'GET /api/user/contacts': () => ({ body: { items: [ana], nextCursor: null } }),
    'GET /api/user/media': () => ({ body: { items: [], nextCursor: null } }),
    'POST /api/user/templates/preview': () => ({ body: previewOf(['Oi, *Ana Prado*!']) }),
    ...more,
  })
}

function Page({ start }: { start?: string }) {
  const [templateId, setTemplateId] = useState<string | undefined>(start)
  return <TemplatesPage userId="u1" templateId={templateId} onOpen={setTemplateId} />
}

beforeEach(() => {
  FakeUpload.last = null
  vi.stubGlobal('XMLHttpRequest', FakeUpload)
})

test('a template is found in the list and opened in the editor', async () => {
  stubTemplates()
  const { user } = renderPart(<Page />)
  await user.click(await screen.findByRole('button', { name: 'Fornada' }))
  expect(await screen.findByLabelText('Texto')).toHaveValue('Oi, *{{nome}}*!')
  expect(screen.getByLabelText('Nome do modelo')).toHaveValue('Fornada')
})

test('the phone shows the words as the server makes them for a real contact, in the dress of WhatsApp', async () => {
  const calls = stubTemplates()
  renderPart(<Page start={saved.id} />)
  const phone = within(await screen.findByRole('complementary', { name: 'Como fica' }))
  const bold = await phone.findByText('Ana Prado', { selector: 'strong' })
  expect(bold.parentElement).toHaveTextContent('Oi, Ana Prado!')
  expect(calls.filter(({ path }) => path.endsWith('/preview')).at(-1)?.body).toEqual({
    messages: saved.messages,
    contactIds: [1],
  })
})

test('another person is found by typing, and seen instead', async () => {
  const bia = buildContact({ id: 2, name: 'Bia Lima', phone: '+5521987650002' })
  const calls = stubTemplates({
    'GET /api/user/contacts': ({ query }) => ({
      body: { items: query.get('search') === 'Bia' ? [bia] : [ana], nextCursor: null },
    }),
  })
  const { user } = renderPart(<Page start={saved.id} />)
  const field = await screen.findByRole('combobox', { name: 'Ver como chega para' })
  await waitFor(() => expect(field).toHaveValue('Ana Prado'))
  await user.clear(field)
  await user.type(field, 'Bia')
  const found = await screen.findByRole('option', { name: /Bia Lima/ })
  expect(field).toHaveValue('Bia')
  await user.click(found)
  await waitFor(() =>
    expect(calls.filter(({ path }) => path.endsWith('/preview')).at(-1)?.body).toMatchObject({ contactIds: [2] }),
  )
})

test('what a person lacks is named, and what can be done about it', async () => {
  stubTemplates({ 'POST /api/user/templates/preview': () => ({ body: previewOf(['Oi, !'], { missing: ['nome'] }) }) })
  renderPart(<Page start={saved.id} />)
  expect(await screen.findByText('falta para Ana Prado')).toBeVisible()
  expect(screen.getByText(/\{\{nome \| default: "cliente"\}\}/)).toBeVisible()
})

test('a variable goes in where the cursor stands, and the cursor behind it', async () => {
  stubTemplates()
  const { user } = renderPart(<Page start={saved.id} />)
  const area = await screen.findByLabelText<HTMLTextAreaElement>('Texto')
  area.focus()
  area.setSelectionRange(3, 3)
  await user.click(await screen.findByRole('button', { name: 'Inserir cidade' }))
  expect(area).toHaveValue('Oi,{{cidade}} *{{nome}}*!')
  expect(area).toHaveFocus()
  expect([area.selectionStart, area.selectionEnd]).toEqual([13, 13])
})

test('the length is counted as WhatsApp counts it', async () => {
  stubTemplates()
  const { user } = renderPart(<Page start={saved.id} />)
  const area = await screen.findByLabelText('Texto')
  await user.clear(area)
  await user.type(area, 'a😀')
  expect(area).toHaveAccessibleDescription('3 de 4.096 caracteres, como o WhatsApp conta')
})

test('what was written and not saved is there again, and can be given up', async () => {
  stubTemplates()
  const first = renderPart(<Page start={saved.id} />)
  await first.user.type(await screen.findByLabelText('Texto'), ' Até já.')
  first.unmount()
  const { user } = renderPart(<Page start={saved.id} />)
  expect(await screen.findByLabelText('Texto')).toHaveValue('Oi, *{{nome}}*! Até já.')
  await user.click(screen.getByRole('button', { name: 'Descartar o que não foi salvo' }))
  expect(screen.getByLabelText('Texto')).toHaveValue('Oi, *{{nome}}*!')
})

test('a new template is saved under one key however often it is pressed, and its draft is gone', async () => {
  let answers = 0
  const calls = stubTemplates({
    'POST /api/user/templates': () => (answers++ === 0 ? refusal('UNAVAILABLE') : { status: 201, body: saved }),
  })
  const { user } = renderPart(<Page start="new" />)
  await user.click(await screen.findByRole('button', { name: 'Salvar modelo' }))
  expect(screen.getByLabelText('Texto')).toHaveAccessibleDescription(/Preencha este campo\./)
  await user.type(screen.getByLabelText('Nome do modelo'), 'Fornada')
  await user.type(screen.getByLabelText('Texto'), 'Oi!')
  await user.click(screen.getByRole('button', { name: 'Mais uma mensagem' }))
  await user.type(screen.getAllByLabelText('Texto')[1] ?? document.body, 'Até já.')
  await user.clear(screen.getByLabelText('Segundos depois da anterior'))
  await user.type(screen.getByLabelText('Segundos depois da anterior'), '5')
  await user.click(screen.getByRole('button', { name: 'Salvar modelo' }))
  await user.click(await screen.findByRole('button', { name: 'Tentar de novo' }))
  expect(await screen.findByRole('heading', { name: 'Modelos' })).toBeVisible()
  const sent = calls.filter(({ method, path }) => method === 'POST' && path === '/api/user/templates')
  expect(sent.map(({ body }) => body)).toEqual(
    Array.from({ length: 2 }, () => ({
      name: 'Fornada',
      messages: [
        { type: 'text', content: 'Oi!' },
        { type: 'text', content: 'Até já.', delayBeforeMs: 5000 },
      ],
    })),
  )
  expect(new Set(sent.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
  expect(localStorage.getItem('revoada.template.new.u1')).toBeNull()
})

test('a picture is attached, the text becomes its caption, and a text can stand in for it', async () => {
  const medium = {
    id: uuid(60),
    kind: 'image',
    mimeType: 'image/png',
    fileName: 'pao.png',
    bytes: 1200,
    sha256: 'x',
    createdAt: AT,
  }
  const calls = stubTemplates({
    [`PATCH /api/user/templates/${saved.id}`]: () => ({ body: saved }),
    [`GET /api/user/media/${medium.id}`]: () => ({ body: medium }),
  })
  const { user } = renderPart(<Page start={saved.id} />)
  await user.click(await screen.findByRole('button', { name: 'Anexar arquivo' }))
  await user.upload(
    await screen.findByLabelText(/Escolha um arquivo ou solte aqui/),
    new File(['x'], 'pao.png', { type: 'image/png' }),
  )
  act(() => FakeUpload.last?.answer(201, medium))
  expect(await screen.findByLabelText('Legenda')).toHaveValue('Oi, *{{nome}}*!')
  await user.type(screen.getByLabelText('Texto no lugar do arquivo'), 'Hoje tem pão.')
  await user.click(screen.getByRole('button', { name: 'Salvar modelo' }))
  await waitFor(() =>
    expect(calls.find(({ method }) => method === 'PATCH')?.body).toEqual({
      name: 'Fornada',
      messages: [{ type: 'image', mediaId: medium.id, content: 'Oi, *{{nome}}*!', textFallback: 'Hoje tem pão.' }],
    }),
  )
})

test('a template that Meta approved is kept as it is', async () => {
  const approved = { type: 'template', name: 'aviso_de_entrega', language: 'pt_BR', body: [{ text: '{{nome}}' }] }
  const calls = stubTemplates({
    [`GET /api/user/templates/${saved.id}`]: () => ({ body: { ...saved, messages: [approved] } }),
    [`PATCH /api/user/templates/${saved.id}`]: () => ({ body: saved }),
  })
  const { user } = renderPart(<Page start={saved.id} />)
  expect((await screen.findAllByText('Modelo aprovado: aviso_de_entrega'))[0]).toBeVisible()
  await user.type(screen.getByLabelText('Nome do modelo'), ' 2')
  await user.click(screen.getByRole('button', { name: 'Salvar modelo' }))
  await waitFor(() =>
    expect(calls.find(({ method }) => method === 'PATCH')?.body).toEqual({ name: 'Fornada 2', messages: [approved] }),
  )
})

test('deleting asks first', async () => {
  const calls = stubTemplates({ [`DELETE /api/user/templates/${saved.id}`]: () => ({ status: 204 }) })
  const { user } = renderPart(<Page />)
  await user.click(await screen.findByRole('button', { name: 'Mais para Fornada' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Excluir' }))
  expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
  await user.click(within(await screen.findByRole('alertdialog')).getByRole('button', { name: 'Excluir' }))
  await waitFor(() => expect(calls.some(({ method }) => method === 'DELETE')).toBe(true))
})
