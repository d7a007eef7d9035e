import { screen, waitFor } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import type { PhoneSuggestion } from '#contract/phones.ts'
import { buildMessage, buildValidation, uuid } from '../../../../test/builders.ts'
import { stubApi } from '../../../../test/stubApi.ts'
import {
  fill,
  notAsked,
  ONE,
  open,
  phoneStatus,
  SEND,
  sends,
  unknownCheck,
  VALIDATE,
} from './singleMessageTestBench.tsx'

describe('the number while it is typed', () => {
  test('goes from idle over checking to being on WhatsApp', async () => {
    let answer: (() => void) | undefined
    const asked = new Promise<void>((resolve) => (answer = resolve))
    const calls = stubApi({
      [VALIDATE]: async () => {
        await asked
        return { body: buildValidation() }
      },
    })
    open()
    expect(phoneStatus()).toHaveAttribute('data-state', 'idle')
    fill()
    await waitFor(() => expect(phoneStatus()).toHaveTextContent('Conferindo o número…'))
    answer?.()
    await waitFor(() => expect(phoneStatus()).toHaveTextContent('+55 11 98765-4321 está no WhatsApp.'))
    expect(calls[0]?.body).toEqual({ phone: '11 98765-4321', channelId: uuid(10), defaultCountry: 'BR' })
  })

  test('is not asked about key by key, nor while it is too short', async () => {
    const calls = stubApi({ [VALIDATE]: () => ({ body: buildValidation() }) })
    const { user } = open()
    await user.type(screen.getByLabelText('Número de WhatsApp'), '11987')
    await user.type(screen.getByLabelText('Número de WhatsApp'), '654321')
    await waitFor(() => expect(phoneStatus()).toHaveAttribute('data-state', 'valid'))
    expect(calls.map(({ body }) => (body as { phone: string }).phone)).toEqual(['11987654321'])
  })

  test('a suggestion takes one tap', async () => {
    const suggestion: PhoneSuggestion = {
      phone: '+5511987654321',
      reason: 'NINTH_DIGIT_DOUBLED',
      confidence: 'high',
      others: [],
    }
    stubApi({
      [VALIDATE]: ({ body }) => ({
        body:
          (body as { phone: string }).phone === '+5511987654321'
            ? buildValidation()
            : buildValidation({
                isValid: false,
                normalized: null,
                error: 'TOO_LONG',
                suggestion,
                jid: null,
                check: notAsked,
              }),
      }),
    })
    const { user } = open()
    fill({ phone: '11 9 98765-4321' })
    await waitFor(() => expect(phoneStatus()).toHaveTextContent('O nono dígito está repetido.'))
    await user.click(screen.getByRole('button', { name: 'Usar +55 11 98765-4321' }))
    expect(screen.getByLabelText('Número de WhatsApp')).toHaveValue('+5511987654321')
    await waitFor(() => expect(phoneStatus()).toHaveAttribute('data-state', 'valid'))
  })

  test('who is not on WhatsApp is said so, and nothing is sent to them', async () => {
    const check = { state: 'notOnWhatsapp', obstacle: null, retryAfterSeconds: null, checkedAt: null } as const
    const calls = stubApi({
      [VALIDATE]: () => ({ body: buildValidation({ isValid: false, error: 'NOT_ON_WHATSAPP', jid: null, check }) }),
    })
    const { user } = open()
    fill()
    await waitFor(() => expect(phoneStatus()).toHaveTextContent('+55 11 98765-4321 não está no WhatsApp.'))
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    expect(screen.getByText('Este número não está no WhatsApp: a mensagem não chegaria.')).toBeVisible()
    await waitFor(() => expect(screen.getByLabelText('Número de WhatsApp')).toHaveFocus())
    expect(sends(calls)).toEqual([])
  })

  test('what cannot be checked now says why, can be asked again, and may be sent all the same', async () => {
    let answers = 0
    const calls = stubApi({
      [VALIDATE]: () => ({
        body:
          answers++ === 0
            ? buildValidation({ jid: null, check: { ...unknownCheck, obstacle: 'DISCONNECTED' } })
            : buildValidation({
                jid: null,
                check: { ...unknownCheck, obstacle: 'BUDGET_USED', retryAfterSeconds: 100 },
              }),
      }),
      [SEND]: () => ({ status: 201, body: buildMessage() }),
      [ONE]: () => ({ body: buildMessage() }),
    })
    const { user } = open()
    fill()
    await waitFor(() => expect(phoneStatus()).toHaveTextContent('O canal está desconectado e não consegue conferir.'))
    await user.click(screen.getByRole('button', { name: 'Conferir de novo' }))
    await waitFor(() => expect(phoneStatus()).toHaveTextContent('Dá para conferir de novo em 2 minutos.'))
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    await waitFor(() => expect(sends(calls)).toHaveLength(1))
  })

  test('our own server out of reach is no verdict about the number', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    open()
    fill()
    await waitFor(() => expect(phoneStatus()).toHaveTextContent('Não deu para conferir agora.'))
  })
})
