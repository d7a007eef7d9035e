import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { CreateCampaignBody } from '#contract/campaigns.ts'
import { buildChannel, buildImport, uuid } from '../../../../test/builders.ts'
import { FakeUpload } from '../../../../test/FakeUpload.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import pt from '../../../text/pt.json'
import { NewCampaignPage, type NewCampaignProps } from './NewCampaignPage.tsx'

const t = pt.newCampaign
const DRAFT = uuid(70)
const SAVE = `PUT /api/user/campaign-drafts/${DRAFT}`
const CREATED = { campaignId: uuid(1), status: 'running', preparing: true }
const NOTHING = { items: [], nextCursor: null }
const LINES = {
  chosen: 9,
  valid: 8,
  duplicate: 1,
  invalid: 0,
  suppressed: 0,
  excluded: 0,
  recentlyWritten: 0,
  notOnWhatsapp: 0,
  lackingVariables: 2,
}
const PERSON = { phone: '+5511987654321', name: 'Ana', contactId: 4, times: 1, reason: null, lacking: [] }
const PREFLIGHT = {
  lines: LINES,
  refused: [],
  samples: [{ phone: '+5511987654321', name: 'Ana', texts: ['Oi *Ana*'] }],
  estimatedSeconds: 90,
  finishesAt: '2026-11-23T15:01:30.000Z',
}

function stubServer(more: Parameters<typeof stubApi>[0] = {}) {
  return stubApi({
    'GET /api/user/contact-groups': () => ({ body: NOTHING }),
    'GET /api/user/contact-tags': () => ({ body: NOTHING }),
    'GET /api/user/bulk-campaigns': () => ({ body: NOTHING }),
    'GET /api/user/templates': () => ({ body: NOTHING }),
    'POST /api/user/bulk-campaigns/preflight': () => ({ body: PREFLIGHT }),
    'POST /api/user/bulk-campaigns/preflight/people': () => ({ body: { items: [PERSON], nextCursor: null } }),
    'POST /api/user/templates/preview': () => ({ body: { needs: [], items: [] } }),
    'POST /api/user/bulk-campaigns': () => ({ status: 201, body: CREATED }),
    [SAVE]: () => ({ body: { revision: 1 } }),
    [`DELETE /api/user/campaign-drafts/${DRAFT}`]: () => ({ status: 204 }),
    ...more,
  })
}

function open(overrides: Partial<NewCampaignProps> = {}) {
  const onCreated = vi.fn()
  const part = renderPart(
    <NewCampaignPage
      userId="u1"
      draftId={DRAFT}
      isNew
      start={{ channelId: uuid(10) }}
      channels={[buildChannel()]}
      imports={[buildImport()]}
      links={{ imports: null, channels: null, templates: null }}
      drafts={null}
      statusOf={() => null}
      trialOf={() => null}
      onTouched={() => undefined}
      onCreated={onCreated}
      onStartAnew={() => undefined}
      {...overrides}
    />,
  )
  return { ...part, onCreated }
}

/** Typed through change events: typing `{{` key by key would mean something else to user-event. */
function fill(label: string, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } })
}
/** The tab of the step, not the "continue" button that names it too. */
const tab = (step: keyof typeof t.steps) =>
  within(screen.getByRole('navigation', { name: t.stepsLabel })).getByText(t.steps[step])

function fillAll(): void {
  fill(t.name, 'Promoção')
  fill(t.typed, 'Ana 11987654321')
  fireEvent.click(tab('message'))
  fill(t.content, 'Oi {{nome}}')
}

const created = (calls: ReturnType<typeof stubApi>) =>
  calls.filter(({ method, path }) => method === 'POST' && path === '/api/user/bulk-campaigns')

afterEach(() => void vi.unstubAllGlobals())

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
