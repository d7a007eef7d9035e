import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { PhoneSuggestion } from '#contract/phones.ts'
import { buildChannel, buildMessage, buildValidation, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi, type Call } from '../../../../test/stubApi.ts'
import { DisparadorUnico } from './DisparadorUnico.tsx'

const VALIDATE = 'POST /api/user/phones/validate'
const SEND = 'POST /api/user/messages'
const ONE = `GET /api/user/messages/${uuid(30)}`
const notAsked = { state: 'notAsked', obstacle: null, retryAfterSeconds: null, checkedAt: null } as const
const unknownCheck = { state: 'unknown', retryAfterSeconds: null, checkedAt: null } as const

function open() {
  return renderPart(
    <DisparadorUnico userId="u1" channels={[buildChannel({ status: 'ready' })]} statusOf={() => null} />,
  )
}

type Typed = { phone?: string; content?: string }

function fill({ phone = '11 98765-4321', content = 'Seu bolo está pronto' }: Typed = {}) {
  fireEvent.change(screen.getByLabelText('Número de WhatsApp'), { target: { value: phone } })
  fireEvent.change(screen.getByLabelText('Mensagem'), { target: { value: content } })
}

function sends(calls: Call[]): Call[] {
  return calls.filter(({ method, path }) => method === 'POST' && path === '/api/user/messages')
}

const phoneStatus = () =>
  within(screen.getByLabelText('Número de WhatsApp').parentElement ?? document.body).getByRole('status')

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

describe('sending', () => {
  beforeEach(() => void localStorage.clear())

  test('hands the message over, follows it, and leaves the form empty for the next', async () => {
    const states = ['sending', 'sent', 'delivered'] as const
    let looks = 0
    const calls = stubApi({
      [VALIDATE]: () => ({ body: buildValidation() }),
      [SEND]: () => ({ status: 201, body: buildMessage() }),
      [ONE]: () => ({ body: buildMessage({ state: states[Math.min(looks++, 2)] ?? 'sent' }) }),
    })
    const { user } = open()
    fill()
    await user.type(screen.getByLabelText('Nome (opcional)'), 'Maria')
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    expect(await screen.findByText('+55 11 98765-4321: Na fila')).toBeVisible()
    expect(sends(calls)[0]?.body).toEqual({
      channelId: uuid(10),
      phone: '11 98765-4321',
      name: 'Maria',
      message: { type: 'text', content: 'Seu bolo está pronto' },
      defaultCountry: 'BR',
    })
    expect(await screen.findByText('+55 11 98765-4321: Enviada', {}, { timeout: 10_000 })).toBeVisible()
    expect(screen.getByLabelText('Mensagem')).toHaveValue('')
    expect(localStorage.getItem('revoada.singleMessage.u1')).toBeNull()
  })

  test('a lost answer holds the form, and the repeat is the same request under the same key', async () => {
    let isDown = true
    const calls = stubApi({
      [VALIDATE]: () => ({ body: buildValidation() }),
      [SEND]: () => {
        if (isDown) throw new TypeError('Failed to fetch')
        return { status: 201, body: buildMessage() }
      },
      [ONE]: () => ({ body: buildMessage() }),
    })
    const { user } = open()
    fill()
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    expect(await screen.findByText('Não sabemos se a mensagem chegou ao servidor.')).toBeVisible()
    expect(screen.getByLabelText('Mensagem')).toBeDisabled()
    expect(screen.getByLabelText('Mensagem')).toHaveValue('Seu bolo está pronto')
    isDown = false
    await user.click(screen.getByRole('button', { name: 'Tentar de novo' }))
    expect(await screen.findByText('+55 11 98765-4321: Na fila')).toBeVisible()
    const [first, second] = sends(calls)
    expect(second?.body).toEqual(first?.body)
    expect(first?.headers.get('idempotency-key')).toMatch(/^[\da-f]{32}$/)
    expect(second?.headers.get('idempotency-key')).toBe(first?.headers.get('idempotency-key'))
  })

  test('a message without an answer is still there after a reload, with its key', async () => {
    const calls = stubApi({
      [VALIDATE]: () => ({ body: buildValidation() }),
      [SEND]: () => refusal('UNAVAILABLE'),
      [ONE]: () => ({ body: buildMessage() }),
    })
    const first = open()
    fill()
    await first.user.click(screen.getByRole('button', { name: 'Enviar' }))
    expect(await screen.findByText('Não sabemos se a mensagem chegou ao servidor.')).toBeVisible()
    first.unmount()
    const second = open()
    expect(screen.getByText('Não sabemos se a mensagem chegou ao servidor.')).toBeVisible()
    expect(screen.getByLabelText('Mensagem')).toHaveValue('Seu bolo está pronto')
    await second.user.click(screen.getByRole('button', { name: 'Tentar de novo' }))
    await waitFor(() => expect(sends(calls)).toHaveLength(2))
    const keys = sends(calls).map(({ headers }) => headers.get('idempotency-key'))
    expect(keys[1]).toBe(keys[0])
  })

  test('once the server has forgotten the key nothing is repeated under it', async () => {
    const draft = {
      channelId: uuid(10),
      phone: '11987654321',
      country: 'BR',
      name: '',
      content: 'Oi',
      when: 'now',
      at: '',
    }
    const body = { channelId: uuid(10), phone: '11987654321', message: { type: 'text', content: 'Oi' } }
    const attempt = { key: 'a'.repeat(32), body, at: Date.now() - 24 * 3_600_000 }
    localStorage.setItem('revoada.singleMessage.u1', JSON.stringify({ draft, attempt }))
    stubApi({ [VALIDATE]: () => ({ body: buildValidation() }) })
    const { user } = open()
    expect(screen.getByText('Um envio antigo ficou sem resposta.')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Tentar de novo' })).not.toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Desistir e editar' }))
    expect(screen.getByLabelText('Mensagem')).toBeEnabled()
    expect(screen.getByLabelText('Mensagem')).toHaveValue('Oi')
  })

  test('giving up frees the form, and what is sent then is a message of its own', async () => {
    let answers = 0
    const calls = stubApi({
      [VALIDATE]: () => ({ body: buildValidation() }),
      [SEND]: () => (answers++ === 0 ? refusal('INTERNAL') : { status: 201, body: buildMessage() }),
      [ONE]: () => ({ body: buildMessage() }),
    })
    const { user } = open()
    fill()
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    await user.click(await screen.findByRole('button', { name: 'Desistir e editar' }))
    await user.type(screen.getByLabelText('Mensagem'), '!')
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    await waitFor(() => expect(sends(calls)).toHaveLength(2))
    const keys = sends(calls).map(({ headers }) => headers.get('idempotency-key'))
    expect(keys[1]).not.toBe(keys[0])
  })

  test('a refused field says why where it stands, and the form is free', async () => {
    stubApi({
      [VALIDATE]: () => ({ body: buildValidation() }),
      [SEND]: () => ({
        status: 422,
        body: {
          error: { code: 'UNPROCESSABLE', message: 'x', details: [{ field: 'phone', reason: 'MISSING_AREA_CODE' }] },
        },
      }),
    })
    const { user } = open()
    fill()
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    expect(await screen.findByText('Falta o DDD.')).toBeVisible()
    expect(screen.getByLabelText('Número de WhatsApp')).toBeEnabled()
    expect(screen.getByLabelText('Número de WhatsApp')).toHaveAccessibleDescription(/Falta o DDD/)
    expect(screen.queryByRole('button', { name: 'Tentar de novo' })).not.toBeInTheDocument()
  })

  test('somebody who does not want messages is named as such', async () => {
    stubApi({
      [VALIDATE]: () => ({ body: buildValidation() }),
      [SEND]: () => ({
        status: 400,
        body: { error: { code: 'BLOCKED_NUMBER', message: 'x', details: [{ field: 'phone', reason: 'SUPPRESSED' }] } },
      }),
    })
    const { user } = open()
    fill()
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    expect(await screen.findByText('Esta pessoa está na lista de quem não quer receber.')).toBeVisible()
  })

  test('an empty form sends nothing and says what is missing', async () => {
    const calls = stubApi({})
    const { user } = open()
    await user.click(screen.getByRole('button', { name: 'Enviar' }))
    expect(screen.getAllByText('Preencha este campo.')).toHaveLength(2)
    await waitFor(() => expect(screen.getByLabelText('Número de WhatsApp')).toHaveFocus())
    expect(sends(calls)).toEqual([])
  })

  test('a time goes with the clock that it is meant by', async () => {
    const calls = stubApi({
      [VALIDATE]: () => ({ body: buildValidation() }),
      [SEND]: () => ({
        status: 201,
        body: buildMessage({ state: 'scheduled', scheduledAt: '2030-01-02T12:00:00.000Z' }),
      }),
      [ONE]: () => ({ body: buildMessage({ state: 'scheduled', scheduledAt: '2030-01-02T12:00:00.000Z' }) }),
    })
    const { user } = open()
    fill()
    await user.click(screen.getByRole('radio', { name: 'Agendar' }))
    expect(screen.getByLabelText('Fuso horário')).toHaveValue('America/Sao_Paulo')
    fireEvent.change(screen.getByLabelText('Dia e hora'), { target: { value: '2020-01-02T09:00' } })
    await user.click(screen.getByRole('button', { name: 'Agendar envio' }))
    expect(screen.getByText('Este horário já passou.')).toBeVisible()
    expect(sends(calls)).toEqual([])
    fireEvent.change(screen.getByLabelText('Dia e hora'), { target: { value: '2030-01-02T09:00' } })
    await user.click(screen.getByRole('button', { name: 'Agendar envio' }))
    expect(await screen.findByText(/Sai em 2 de jan\. de 2030, 09:00, hora de São Paulo/)).toBeVisible()
    expect(sends(calls)[0]?.body).toMatchObject({ scheduledAt: '2030-01-02T09:00', timeZone: 'America/Sao_Paulo' })
  })
})
