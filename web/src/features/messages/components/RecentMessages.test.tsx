import { screen, within } from '@testing-library/react'
import { describe, expect, test } from 'vitest'
import { buildMessage, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { RecentMessages } from './RecentMessages.tsx'

const LIST = 'GET /api/user/messages'
const names = new Map([[uuid(10), 'Loja']])

describe('RecentMessages', () => {
  test('a message is cancelled before it goes, and only after a question', async () => {
    let message = buildMessage({ state: 'scheduled', scheduledAt: '2030-01-02T12:00:00.000Z' })
    const calls = stubApi({
      [LIST]: () => ({ body: { items: [message], nextCursor: null } }),
      [`DELETE /api/user/messages/${uuid(30)}`]: () => {
        message = buildMessage({ state: 'cancelled' })
        return { body: message }
      },
    })
    const { user } = renderPart(<RecentMessages channelNames={names} />)
    const row = await screen.findByRole('article')
    expect(row).toHaveTextContent('Sai em 2 de jan. de 2030, 09:00, hora de São Paulo.')
    expect(row).toHaveTextContent('Loja')
    await user.click(within(row).getByRole('button', { name: 'Cancelar a mensagem para +55 11 98765-4321' }))
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
    await user.click(await screen.findByRole('button', { name: 'Cancelar mensagem' }))
    expect(await screen.findByText('Cancelada')).toBeVisible()
    expect(screen.queryByRole('button', { name: /Cancelar/ })).not.toBeInTheDocument()
  })

  test('what went out meanwhile cannot be cancelled, and the row shows how it stands', async () => {
    let message = buildMessage({ state: 'waiting', reason: 'disconnected' })
    stubApi({
      [LIST]: () => ({ body: { items: [message], nextCursor: null } }),
      [`DELETE /api/user/messages/${uuid(30)}`]: () => {
        message = buildMessage({ state: 'waiting', reason: 'retry' })
        return refusal('MESSAGE_STATE')
      },
    })
    const { user } = renderPart(<RecentMessages channelNames={names} />)
    expect(await screen.findByText('O canal está desconectado. Ela sai quando ele voltar.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Cancelar a mensagem para +55 11 98765-4321' }))
    await user.click(await screen.findByRole('button', { name: 'Cancelar mensagem' }))
    expect(await screen.findByText('A mensagem já está em outra situação.')).toBeVisible()
    expect(await screen.findByText('A última tentativa falhou; tentamos de novo em instantes.')).toBeVisible()
  })

  test('a failure says what failed and what to do about it', async () => {
    const failed = buildMessage({ state: 'failed', category: 'INVALID_NUMBER', code: 'NOT_ON_WHATSAPP' })
    stubApi({ [LIST]: () => ({ body: { items: [failed], nextCursor: null } }) })
    renderPart(<RecentMessages channelNames={names} />)
    expect(await screen.findByText(/Número que não recebe WhatsApp\. Confira o número/)).toBeVisible()
  })

  test('a missed message is sent now when asked', async () => {
    let message = buildMessage({ state: 'missed' })
    stubApi({
      [LIST]: () => ({ body: { items: [message], nextCursor: null } }),
      [`POST /api/user/messages/${uuid(30)}/send`]: () => {
        message = buildMessage({ state: 'sending' })
        return { body: message }
      },
    })
    const { user } = renderPart(<RecentMessages channelNames={names} />)
    await user.click(await screen.findByRole('button', { name: 'Enviar agora a mensagem para +55 11 98765-4321' }))
    expect(await screen.findByText('Saindo agora')).toBeVisible()
  })

  test('nothing sent yet says what will stand here', async () => {
    stubApi({ [LIST]: () => ({ body: { items: [], nextCursor: null } }) })
    renderPart(<RecentMessages channelNames={names} />)
    expect(await screen.findByText('Nenhuma mensagem avulsa ainda')).toBeVisible()
  })
})
