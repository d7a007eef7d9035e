import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test } from 'vitest'
import type { CreateCampaignBody } from '#contract/campaigns.ts'
import { buildChannel, uuid } from '../../../../test/builders.ts'
import { refusal } from '../../../../test/stubApi.ts'
import pt from '../../../text/pt.json'
import {
  CREATED,
  created,
  DRAFT,
  fill,
  fillAll,
  open,
  PERSON,
  SAVE,
  stubServer,
  t,
  tab,
} from './newCampaignTestBench.tsx'

describe('a new campaign', () => {
  test('begins without reproaches; what is missing is said at the check, each one press away', async () => {
    const calls = stubServer()
    const { user } = open({ start: {}, channels: [buildChannel(), buildChannel({ id: uuid(11), name: 'Outro' })] })
    expect(screen.queryByText(t.problems.nameMissing)).not.toBeInTheDocument()
    await user.click(tab('check'))
    for (const name of ['nameMissing', 'recipientsMissing', 'textMissing', 'channelMissing'] as const)
      expect(screen.getByText(t.problems[name])).toBeVisible()
    expect(screen.queryByRole('button', { name: new RegExp(t.start) })).not.toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: 'Ir para Mensagem' }))
    expect(screen.getByLabelText(t.content)).toHaveAccessibleDescription(
      expect.stringContaining(t.problems.textMissing),
    )
    expect(created(calls)).toHaveLength(0)
  })

  test('typed people and a file go out together, after the check has shown who they are', async () => {
    const calls = stubServer()
    const { user, onCreated } = open({ start: { channelId: uuid(10), importIds: [uuid(20)] } })
    expect(screen.getByLabelText(/contatos\.csv/)).toBeChecked()
    fillAll()
    await user.click(tab('check'))
    expect(await screen.findByText('Escolhidos: 8 + 1 + 0 + 0 + 0 + 0 = 9')).toBeVisible()
    expect(await screen.findByText(t.saving.saved)).toBeVisible()
    await user.click(screen.getByRole('button', { name: /Começar a enviar/ }))
    await waitFor(() => expect(onCreated).toHaveBeenCalledWith(CREATED))
    expect(created(calls)[0]?.body).toEqual({
      name: 'Promoção',
      channelId: uuid(10),
      messages: [{ type: 'text', content: 'Oi {{nome}}' }],
      recipients: { contacts: [{ phone: '11987654321', name: 'Ana' }], importIds: [uuid(20)] },
      delayMin: 8,
      delayMax: 15,
      randomizeOrder: false,
      unknownPolicy: 'resend',
      timeZone: 'UTC',
      autoResume: false,
      defaultCountry: 'BR',
      start: true,
    })
    await waitFor(() => expect(calls.some(({ method }) => method === 'DELETE')).toBe(true))
    expect({ ...localStorage }).toEqual({})
  })

  test('the sheet opens the people behind a line', async () => {
    const lacking = { ...PERSON, lacking: ['cidade'] }
    const calls = stubServer({
      'POST /api/user/bulk-campaigns/preflight/people': () => ({ body: { items: [lacking], nextCursor: null } }),
    })
    const { user } = open()
    fillAll()
    await user.click(tab('check'))
    await user.click(await screen.findByRole('button', { name: new RegExp(t.lines.lackingVariables) }))
    const sheet = within(await screen.findByRole('dialog'))
    expect(await sheet.findByText('falta {{cidade}}')).toBeVisible()
    expect(calls.findLast(({ path }) => path.endsWith('/people'))?.query.get('line')).toBe('lackingVariables')
  })

  test('a refusal loses nothing, and the same again, even after a reload, cannot make a second campaign', async () => {
    let answers = 0
    const calls = stubServer({
      'POST /api/user/bulk-campaigns': () =>
        answers++ === 0 ? refusal('UNAVAILABLE') : { status: 201, body: CREATED },
      [SAVE]: () => refusal('UNAVAILABLE'),
      [`GET /api/user/campaign-drafts/${DRAFT}`]: () => refusal('NOT_FOUND'),
    })
    const { user } = open()
    fillAll()
    await user.click(tab('check'))
    await user.click(await screen.findByRole('button', { name: /Começar a enviar/ }))
    expect(await screen.findByText(pt.errors.UNAVAILABLE.message)).toBeVisible()
    cleanup()
    const again = open({ isNew: false })
    await again.user.click(await screen.findByRole('button', { name: /Começar a enviar/ }))
    await waitFor(() => expect(again.onCreated).toHaveBeenCalled())
    const keys = created(calls).map(({ headers }) => headers.get('idempotency-key'))
    expect(keys).toHaveLength(2)
    expect(keys[0]).toContain(DRAFT)
    expect(keys[1]).toBe(keys[0])
  })

  test('at a time of a named zone it is scheduled, and the button says so', async () => {
    const calls = stubServer()
    const { user, onCreated } = open()
    fillAll()
    await user.click(tab('pace'))
    await user.click(screen.getByLabelText(t.startsLater))
    fill(t.startsAt, '2027-01-05T09:00')
    await user.selectOptions(screen.getByLabelText(t.timeZone), 'America/Manaus')
    await user.click(screen.getByLabelText(new RegExp(t.window)))
    await user.click(screen.getByLabelText('domingo'))
    await user.click(tab('check'))
    await user.click(await screen.findByRole('button', { name: /Agendar/ }))
    await waitFor(() => expect(onCreated).toHaveBeenCalled())
    expect(created(calls)[0]?.body).toMatchObject({
      start: false,
      scheduledAt: '2027-01-05T09:00',
      timeZone: 'America/Manaus',
      sendingWindow: { startTime: '08:00', endTime: '20:00', days: [1, 2, 3, 4, 5, 6] },
    } satisfies Partial<CreateCampaignBody>)
  })

  test('preparing only does not start', async () => {
    const calls = stubServer()
    const { user, onCreated } = open()
    fillAll()
    await user.click(tab('check'))
    await user.click(await screen.findByRole('button', { name: t.prepareOnly }))
    await waitFor(() => expect(onCreated).toHaveBeenCalled())
    expect(created(calls)[0]?.body).toMatchObject({ start: false })
  })

  test('a draft opens where it was left, and forgets a file that was deleted', async () => {
    stubServer({
      [`GET /api/user/campaign-drafts/${DRAFT}`]: () => ({
        body: {
          id: DRAFT,
          revision: 3,
          updatedAt: '2026-11-23T12:00:00.000Z',
          data: {
            name: 'Promoção',
            step: 'message',
            typed: 'Ana 11987654321',
            importIds: [uuid(20)],
            channelId: uuid(10),
          },
        },
      }),
    })
    open({ isNew: false, imports: [] })
    expect(await screen.findByLabelText(t.content)).toHaveValue('')
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('Promoção')
    fireEvent.click(tab('recipients'))
    expect(screen.getByLabelText(t.typed)).toHaveValue('Ana 11987654321')
    expect(screen.queryByLabelText(/contatos\.csv/)).not.toBeInTheDocument()
  })

  test('a draft that changed in another tab asks which one stays', async () => {
    const theirs = {
      id: DRAFT,
      revision: 9,
      updatedAt: '2026-11-23T12:00:00.000Z',
      data: { name: 'Da outra aba' },
    }
    stubServer({
      [SAVE]: () => ({
        status: 409,
        body: { error: { code: 'CONFLICT', message: 'x', details: { draft: theirs } } },
      }),
    })
    const { user } = open()
    fill(t.name, 'Daqui')
    const dialog = within(await screen.findByRole('dialog', { name: t.conflictTitle }))
    expect(dialog.getByText('Daqui')).toBeVisible()
    await user.click(dialog.getByRole('button', { name: t.keepTheirs }))
    await waitFor(() => expect(screen.getByLabelText(t.name)).toHaveValue('Da outra aba'))
  })
})
