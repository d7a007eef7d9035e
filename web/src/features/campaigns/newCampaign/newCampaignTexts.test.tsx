import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { uuid } from '../../../../test/builders.ts'
import { FakeUpload } from '../../../../test/FakeUpload.ts'
import { created, fill, fillAll, open, stubServer, t, tab } from './newCampaignTestBench.tsx'

afterEach(() => void vi.unstubAllGlobals())

describe('typed numbers', () => {
  test('each is marked while it is typed; a suggestion is one press, a bad one leaves by another', async () => {
    stubServer()
    const { user } = open()
    fill(t.typed, 'Ana 11987654321\n(11) 8765-4321\nBia +11 98765-4399\n123')
    expect(await screen.findByText('1 válido')).toBeVisible()
    expect(screen.getByText('1 repetido')).toBeVisible()
    expect(screen.getByText('2 para corrigir')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Usar +55 11 98765-4399' }))
    expect(screen.getByLabelText(t.typed)).toHaveValue('Ana 11987654321\n(11) 8765-4321\nBia +5511987654399\n123')
    expect(await screen.findByText('2 válidos')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Tirar 123' }))
    expect(screen.getByLabelText(t.typed)).toHaveValue('Ana 11987654321\n(11) 8765-4321\nBia +5511987654399\n')
    await waitFor(() => expect(screen.queryByText(/para corrigir/)).not.toBeInTheDocument())
  })
})

describe('messages', () => {
  test('variables of the chosen file are put in where the cursor stands, and the phone shows a real person', async () => {
    const calls = stubServer({
      'POST /api/user/templates/preview': ({ body }) => {
        const { messages } = body as { messages: { content: string }[] }
        const texts = [{ field: 'content', text: `Olá, Ana! ${messages[0]?.content.length}`, problem: null }]
        return {
          body: {
            needs: [],
            items: [{ contactId: 4, messages: [{ type: 'text', texts }], missing: ['codigo_postal'] }],
          },
        }
      },
    })
    const { user } = open({ start: { channelId: uuid(10), importIds: [uuid(20)] } })
    fillAll()
    const area = screen.getByLabelText<HTMLTextAreaElement>(t.content)
    area.setSelectionRange(2, 2)
    await user.click(screen.getByRole('button', { name: 'Inserir codigo_postal' }))
    expect(area).toHaveValue('Oi{{codigo_postal}} {{nome}}')
    const phone = within(await screen.findByRole('figure'))
    expect(await phone.findByText(/Olá, Ana!/)).toBeVisible()
    expect(await screen.findByText('{{codigo_postal}}: falta em 1 das 1 pessoas vistas')).toBeVisible()
    expect(calls.findLast(({ path }) => path.endsWith('/preview'))?.body).toMatchObject({ contactIds: [4] })
  })

  test('a sequence has a pause between its messages and changes its order', async () => {
    const calls = stubServer()
    const { user, onCreated } = open()
    fillAll()
    await user.click(screen.getByRole('button', { name: t.addMessage }))
    const [, second] = screen.getAllByLabelText(t.content)
    fireEvent.change(second as HTMLElement, { target: { value: 'Segunda' } })
    fill(t.delayBefore, '7')
    await user.click(screen.getByRole('button', { name: 'Mudar a ordem: Mensagem 2 de 2' }))
    await user.click(await screen.findByRole('menuitem', { name: t.moveUp }))
    fill(t.delayBefore, '12')
    await user.click(tab('check'))
    await user.click(await screen.findByRole('button', { name: /Começar a enviar/ }))
    await waitFor(() => expect(onCreated).toHaveBeenCalled())
    expect(created(calls)[0]?.body).toMatchObject({
      messages: [
        { type: 'text', content: 'Segunda' },
        { type: 'text', content: 'Oi {{nome}}', delayBeforeMs: 12_000 },
      ],
    })
  })

  test('a picture is sent as it is chosen; one of another kind is refused in words', async () => {
    vi.stubGlobal('XMLHttpRequest', FakeUpload)
    stubServer()
    const { user } = open()
    fillAll()
    await user.selectOptions(screen.getByLabelText(t.type), 'image')
    const choose = async (name: string) => {
      FakeUpload.last = null
      const file = new File(['x'], name, { type: 'image/png' })
      fireEvent.change(screen.getByLabelText(/imagem|\.png/i), { target: { files: [file] } })
      await waitFor(() => expect(FakeUpload.last?.form?.get('file')).toBeInstanceOf(File))
    }
    await choose('pao.png')
    FakeUpload.last?.answer(201, { id: uuid(40), kind: 'document', fileName: 'pao.pdf' })
    expect(await screen.findByText('Este arquivo não é do tipo escolhido: Imagem.')).toBeVisible()
    await choose('bolo.png')
    FakeUpload.last?.answer(201, { id: uuid(41), kind: 'image', fileName: 'bolo.png' })
    expect(await screen.findByRole('button', { name: t.otherFile })).toBeVisible()
    const pictures = screen.getAllByRole('presentation')
    expect(pictures[0]).toHaveAttribute('src', `/api/user/media/${uuid(41)}/file`)
  })
})
