import { cleanup, fireEvent, screen, waitFor } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import { buildChannel, buildImport, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { NewCampaignPage } from './NewCampaignPage.tsx'

const CREATED = {
  campaignId: uuid(1),
  status: 'running',
  preparing: true,
  totals: { chosen: 8, recipients: 0, duplicates: 0, invalid: 0 },
}
const CREATE = 'POST /api/user/bulk-campaigns'

function open(overrides: Partial<Parameters<typeof NewCampaignPage>[0]> = {}) {
  const onCreated = vi.fn()
  const part = renderPart(
    <NewCampaignPage
      userId="u1"
      channels={[buildChannel()]}
      imports={[buildImport()]}
      importLink={null}
      channelLink={null}
      statusOf={() => null}
      onCreated={onCreated}
      {...overrides}
    />,
  )
  return { ...part, onCreated }
}

/** Typed through change events: typing `{{` key by key would mean something else to user-event. */
function fill(label: string, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } })
}

function fillAll(): void {
  fill('Nome da campanha', 'Promoção')
  fill('Números digitados', 'Ana 11987654321')
  fill('Mensagem', 'Oi {{nome}}')
}

describe('NewCampaignPage', () => {
  test('an empty form is not sent; each section says what is missing', async () => {
    const calls = stubApi({})
    const { user } = open({ channels: [buildChannel(), buildChannel({ id: uuid(11), name: 'Outro' })] })
    await user.click(screen.getByRole('button', { name: 'Começar a enviar' }))
    expect(await screen.findByText('Escolha uma lista ou digite pelo menos um número.')).toBeVisible()
    expect(screen.getByText('Escolha de qual canal a campanha sai.')).toBeVisible()
    expect(screen.getByLabelText('Mensagem')).toHaveAccessibleDescription(
      expect.stringContaining('Preencha este campo.'),
    )
    expect(calls).toHaveLength(0)
  })

  test('typed people and a file go out together, with the only channel chosen already', async () => {
    const calls = stubApi({ [CREATE]: () => ({ status: 201, body: CREATED }) })
    const { user, onCreated } = open({ importId: uuid(20) })
    fillAll()
    expect(screen.getByLabelText(/contatos\.csv/)).toBeChecked()
    expect(screen.getByText('até 8 pessoas')).toBeVisible()
    expect(screen.getByText('cerca de 1min')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Começar a enviar' }))
    await waitFor(() => expect(onCreated).toHaveBeenCalledWith(CREATED))
    expect(calls[0]?.body).toEqual({
      name: 'Promoção',
      channelId: uuid(10),
      messages: [{ type: 'text', content: 'Oi {{nome}}' }],
      recipients: { contacts: [{ phone: '11987654321', name: 'Ana' }], importIds: [uuid(20)] },
      delayMin: 8,
      delayMax: 15,
      randomizeOrder: false,
      defaultCountry: 'BR',
      start: true,
    })
    expect(localStorage.getItem('revoada.newCampaign.u1')).toBeNull()
  })

  test('a refusal loses nothing, and sending the same again cannot make a second campaign', async () => {
    let answers = 0
    const calls = stubApi({
      [CREATE]: () => (answers++ === 0 ? refusal('UNAVAILABLE') : { status: 201, body: CREATED }),
    })
    const { user, onCreated } = open()
    fillAll()
    await user.click(screen.getByRole('button', { name: 'Começar a enviar' }))
    expect(await screen.findByText('O servidor está ocupado agora.')).toBeVisible()
    expect(screen.getByLabelText('Mensagem')).toHaveValue('Oi {{nome}}')
    await user.click(screen.getByRole('button', { name: 'Tentar de novo' }))
    await waitFor(() => expect(onCreated).toHaveBeenCalled())
    const keys = calls.map(({ headers }) => headers.get('idempotency-key'))
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(keys[1]).toBe(keys[0])
  })

  test('a changed body is a new request', async () => {
    const calls = stubApi({ [CREATE]: () => refusal('UNAVAILABLE') })
    const { user } = open()
    fillAll()
    await user.click(screen.getByRole('button', { name: 'Começar a enviar' }))
    await waitFor(() => expect(calls).toHaveLength(1))
    fill('Mensagem', 'Olá')
    await user.click(screen.getByRole('button', { name: 'Começar a enviar' }))
    await waitFor(() => expect(calls).toHaveLength(2))
    expect(calls[1]?.headers.get('idempotency-key')).not.toBe(calls[0]?.headers.get('idempotency-key'))
  })

  test('preparing only does not start', async () => {
    const calls = stubApi({ [CREATE]: () => ({ status: 201, body: CREATED }) })
    const { user, onCreated } = open()
    fillAll()
    await user.click(screen.getByRole('button', { name: 'Preparar e começar depois' }))
    await waitFor(() => expect(onCreated).toHaveBeenCalled())
    expect(calls[0]?.body).toMatchObject({ start: false })
  })

  test('a reload finds everything as it was typed', async () => {
    const { user } = open()
    fillAll()
    await user.click(screen.getByLabelText(/contatos\.csv/))
    await user.click(screen.getByRole('button', { name: 'Cauteloso' }))
    cleanup()
    open()
    expect(screen.getByLabelText('Nome da campanha')).toHaveValue('Promoção')
    expect(screen.getByLabelText('Números digitados')).toHaveValue('Ana 11987654321')
    expect(screen.getByLabelText('Mensagem')).toHaveValue('Oi {{nome}}')
    expect(screen.getByLabelText(/contatos\.csv/)).toBeChecked()
    expect(screen.getByLabelText('Intervalo mínimo (s)')).toHaveValue(20)
  })

  test("another user's draft on the same device is not shown", () => {
    open()
    fillAll()
    cleanup()
    open({ userId: 'u2' })
    expect(screen.getByLabelText('Mensagem')).toHaveValue('')
  })

  test('a draft that names a deleted file forgets it instead of failing', async () => {
    const calls = stubApi({ [CREATE]: () => ({ status: 201, body: CREATED }) })
    open()
    fillAll()
    fireEvent.click(screen.getByLabelText(/contatos\.csv/))
    cleanup()
    const { user } = open({ imports: [] })
    await user.click(screen.getByRole('button', { name: 'Começar a enviar' }))
    await waitFor(() => expect(calls).toHaveLength(1))
    expect(calls[0]?.body).toMatchObject({ recipients: { contacts: [{ phone: '11987654321', name: 'Ana' }] } })
    expect(JSON.stringify(calls[0]?.body)).not.toContain('importIds')
  })

  test('variables of the chosen file are one press away and the preview shows the first person', async () => {
    const { user } = open({ importId: uuid(20) })
    fillAll()
    await user.click(screen.getByRole('button', { name: 'Inserir codigo_postal' }))
    expect(screen.getByLabelText('Mensagem')).toHaveValue('Oi {{nome}}{{codigo_postal}}')
    expect(screen.getByRole('figure')).toHaveTextContent('Como Ana vai ver')
    expect(screen.getByRole('figure')).toHaveTextContent('Oi Ana[codigo_postal]')
  })
})
