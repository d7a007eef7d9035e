import { act, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { CampaignContact, CampaignDetails } from '#contract/campaigns.ts'
import type { CampaignReport } from '#contract/reports.ts'
import type { RecipientStatus } from '#contract/states.ts'
import { buildProgress, buildStats, uuid } from '../../../../test/builders.ts'
import { buildReport, buildSummary } from '../../../../test/campaignBuilders.ts'
import { FakeEventSource } from '../../../../test/FakeEventSource.ts'
import { FakeUpload } from '../../../../test/FakeUpload.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi, type Call } from '../../../../test/stubApi.ts'
import type { CampaignTab } from '../campaignTabs.ts'
import { CampaignPage } from './CampaignPage.tsx'

const PATH = `/api/user/bulk-campaigns/${uuid(1)}`
const AT = '2026-11-22T12:00:00.000Z'

function buildDetails(overrides: Partial<CampaignDetails> = {}): CampaignDetails {
  return {
    ...buildSummary({ status: 'running', stats: buildStats({ sent: 7, failed: 2, unknown: 1 }) }),
    messages: [{ type: 'text', content: 'Oi!' }],
    delayMin: 30,
    delayMax: 60,
    randomizeOrder: false,
    unknownPolicy: 'resend',
    sendingWindow: null,
    autoResume: false,
    totals: {
      chosen: 10,
      recipients: 10,
      duplicates: 0,
      invalid: 0,
      suppressed: 0,
      excluded: 0,
      recentlyWritten: 0,
      lackingVariables: 0,
    },
    frequencyCap: null,
    excludeCampaignIds: [],
    retryOf: null,
    ...overrides,
  }
}

function buildContact(overrides: Partial<CampaignContact> = {}): CampaignContact {
  return {
    contactId: 1,
    phone: '+5511987654321',
    name: 'Maria',
    status: 'failed',
    messageId: null,
    attempts: 1,
    errorCategory: 'INVALID_NUMBER',
    errorCode: 'NOT_ON_WHATSAPP',
    statusAt: AT,
    ...overrides,
  }
}

type Options = { tab: CampaignTab; state?: RecipientStatus; campaign?: Partial<CampaignDetails> }

function open({ tab, state, campaign }: Options, handlers: Parameters<typeof stubApi>[0] = {}) {
  const details = buildDetails(campaign)
  const calls = stubApi({
    [`GET ${PATH}`]: () => ({ body: details }),
    [`GET ${PATH}/progress`]: () => ({ body: buildProgress({ status: details.status, stats: details.stats }) }),
    ...handlers,
  })
  const onState = vi.fn()
  const onTab = vi.fn()
  const onNewWith = vi.fn()
  const onOpen = vi.fn()
  const part = renderPart(
    <CampaignPage
      campaignId={uuid(1)}
      tab={tab}
      onTab={onTab}
      state={state}
      onState={onState}
      backLink={null}
      bucketLink={(bucket, name) => <a href={`?state=${bucket}`}>{name}</a>}
      onOpen={onOpen}
      onDeleted={vi.fn()}
      onNewWith={onNewWith}
    />,
  )
  return { ...part, calls, onState, onTab, onNewWith, onOpen }
}

function changesIn(calls: Call[]): unknown[] {
  return calls.filter(({ method }) => method === 'PATCH').map(({ body }) => body)
}

beforeEach(() => {
  FakeEventSource.opened = []
  vi.stubGlobal('EventSource', FakeEventSource)
})

describe('the people of a campaign', () => {
  test('a state opens the people in it, each with the reason, and the next page comes by cursor', async () => {
    const { calls } = open(
      { tab: 'people', state: 'failed' },
      {
        [`GET ${PATH}/contacts`]: ({ query }) =>
          query.get('cursor') === null
            ? { body: { items: [buildContact()], nextCursor: '1' } }
            : {
                body: {
                  items: [buildContact({ contactId: 2, name: null, phone: '+5511912345678' })],
                  nextCursor: null,
                },
              },
      },
    )
    const row = await screen.findByRole('row', { name: /Maria/ })
    expect(within(row).getByText('Número que não recebe WhatsApp')).toBeVisible()
    expect(await screen.findByText('+55 11 91234-5678')).toBeVisible()
    const asked = calls.filter(({ path }) => path.endsWith('/contacts'))
    expect(asked.map(({ query }) => [query.get('status'), query.get('cursor')])).toEqual([
      ['failed', null],
      ['failed', '1'],
    ])
    expect(screen.getByRole('link', { name: 'Exportar CSV' })).toHaveAttribute(
      'href',
      `${PATH}/report/export?status=failed`,
    )
  })

  test('the filter offers the states that hold somebody, with how many', async () => {
    const { user, onState } = open(
      { tab: 'people' },
      { [`GET ${PATH}/contacts`]: () => ({ body: { items: [buildContact()], nextCursor: null } }) },
    )
    const filter = await screen.findByLabelText('Mostrar')
    const options = within(filter).getAllByRole('option')
    expect(options.map((option) => option.textContent)).toEqual([
      'Todas (10)',
      'Enviada (7)',
      'Falhou (2)',
      'Sem certeza (1)',
    ])
    await user.selectOptions(filter, 'Sem certeza (1)')
    expect(onState).toHaveBeenCalledWith('unknown')
  })

  test('those who failed are written to again only when the campaign is over', async () => {
    const people = { [`GET ${PATH}/contacts`]: () => ({ body: { items: [buildContact()], nextCursor: null } }) }
    const running = open({ tab: 'people', state: 'failed' }, people)
    await screen.findByRole('row', { name: /Maria/ })
    expect(screen.queryByRole('button', { name: 'Enviar de novo a quem falhou' })).not.toBeInTheDocument()
    running.unmount()
    open({ tab: 'people', state: 'failed', campaign: { status: 'completed' } }, people)
    expect(await screen.findByRole('button', { name: 'Enviar de novo a quem falhou' })).toBeVisible()
  })

  test('of a campaign that is over the uncertain can be counted or left out, but not sent again', async () => {
    const { user, calls } = open(
      { tab: 'people', state: 'unknown', campaign: { status: 'completed' } },
      {
        [`GET ${PATH}/contacts`]: () => ({ body: { items: [buildContact({ status: 'unknown' })], nextCursor: null } }),
        [`POST ${PATH}/unknown`]: () => ({ body: { campaignId: uuid(1), decided: 1 } }),
      },
    )
    expect(await screen.findByText('Ninguém sabe se chegou')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Decidir sobre os sem certeza' }))
    const dialog = within(await screen.findByRole('dialog', { name: 'O que aconteceu com 1 pessoa?' }))
    expect(dialog.queryByRole('radio', { name: /Enviar de novo/ })).not.toBeInTheDocument()
    await user.click(dialog.getByRole('radio', { name: /Deixar de fora/ }))
    await user.click(dialog.getByRole('button', { name: 'Registrar decisão' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    expect(calls.find(({ method }) => method === 'POST')?.body).toEqual({ action: 'skip' })
  })

  test('the people of a state become a list, and a new campaign begins with it once it can be used', async () => {
    vi.stubGlobal('XMLHttpRequest', FakeUpload)
    let looks = 0
    const { user, calls, onNewWith } = open(
      { tab: 'people', state: 'sent' },
      {
        [`GET ${PATH}/contacts`]: () => ({ body: { items: [buildContact({ status: 'sent' })], nextCursor: null } }),
        [`GET ${PATH}/report/export`]: () => ({ body: 'phone;name' }),
        [`GET /api/user/imports/${uuid(20)}`]: () => ({ body: { status: looks++ === 0 ? 'running' : 'completed' } }),
      },
    )
    await user.click(await screen.findByRole('button', { name: 'Nova campanha com estas pessoas' }))
    await waitFor(() => expect(FakeUpload.last?.form).not.toBeNull())
    expect(calls.find(({ path }) => path.endsWith('/export'))?.query.get('status')).toBe('sent')
    const file = FakeUpload.last?.form?.get('file')
    expect(file instanceof File && file.name).toBe('Fornada – Enviada.csv')
    expect(onNewWith).not.toHaveBeenCalled()
    act(() => FakeUpload.last?.answer(201, { id: uuid(20) }))
    await waitFor(() => expect(onNewWith.mock.calls[0]?.[0]).toBe(uuid(20)))
    expect(looks).toBe(2)
  })
})

/** The chart asks for one, and jsdom has none. */
function stubResizeObserver(): void {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  )
}

describe('the report', () => {
  test('its numbers, reasons and the table beside the chart say the same', async () => {
    stubResizeObserver()
    const { user } = open({ tab: 'report' }, { [`GET ${PATH}/report`]: () => ({ body: buildReport() }) })
    expect(await screen.findByText('80%')).toBeVisible()
    const errors = within(screen.getByRole('region', { name: 'Por que falhou' }))
    expect(errors.getByText('Número que não recebe WhatsApp')).toBeVisible()
    expect(errors.getByText('Tentar de novo não ajuda. NOT_ON_WHATSAPP')).toBeVisible()
    await user.click(screen.getByRole('radio', { name: 'Tabela' }))
    const rows = within(screen.getByRole('table')).getAllByRole('row').slice(1)
    expect(
      rows.map((row) =>
        within(row)
          .getAllByRole('cell')
          .map((cell) => cell.textContent),
      ),
    ).toEqual([
      ['5', '4', '2', '1'],
      ['3', '3', '3', '1'],
    ])
  })
})

describe('those who failed, in the report', () => {
  const ERROR = { category: 'API_ERROR', code: 'SERVER_ERROR_400', count: 2, retryable: true } as const
  const openReport = (report: Partial<CampaignReport>, handlers = {}) => {
    stubResizeObserver()
    return open({ tab: 'report' }, { [`GET ${PATH}/report`]: () => ({ body: buildReport(report) }), ...handlers })
  }
  const action = () => screen.queryByRole('button', { name: 'Enviar de novo a quem falhou' })

  test('are written to again from there, in a campaign of their own', async () => {
    const { user, onOpen } = openReport(
      { byError: [ERROR] },
      { [`POST ${PATH}/retry-failed`]: () => ({ status: 201, body: { campaignId: uuid(9), recipients: 2 } }) },
    )
    await user.click(await screen.findByRole('button', { name: 'Enviar de novo a quem falhou' }))
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Criar campanha' }))
    await waitFor(() => expect(onOpen).toHaveBeenCalledWith(uuid(9)))
  })

  test.each([
    ['another attempt helps nobody', {}],
    ['the campaign still runs', { byError: [ERROR], status: 'running' }],
  ] as const)('are left alone while %s', async (_, report) => {
    openReport({ ...report, byError: 'byError' in report ? [...report.byError] : buildReport().byError })
    expect(await screen.findByRole('region', { name: 'Por que falhou' })).toBeVisible()
    expect(action()).not.toBeInTheDocument()
  })
})

describe('what may change while it runs', () => {
  test('only what was changed is sent', async () => {
    const { user, calls } = open(
      { tab: 'settings' },
      { [`PATCH ${PATH}/config`]: () => ({ body: { campaignId: uuid(1), status: 'running' } }) },
    )
    expect(await screen.findByRole('button', { name: 'Salvar' })).toBeDisabled()
    const longest = screen.getByLabelText('Intervalo máximo (segundos)')
    await user.clear(longest)
    await user.type(longest, '90,5')
    await user.click(screen.getByRole('button', { name: 'Salvar' }))
    await waitFor(() => expect(changesIn(calls)).toEqual([{ delayMin: 30, delayMax: 90.5 }]))
  })

  test('a pace that is upside down is said beside its field and not sent', async () => {
    const { user, calls } = open({ tab: 'settings' })
    const longest = await screen.findByLabelText('Intervalo máximo (segundos)')
    await user.clear(longest)
    await user.type(longest, '10{Enter}')
    expect(screen.getByText('Não pode ser menor que o mínimo.')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Salvar' })).toBeDisabled()
    expect(changesIn(calls)).toEqual([])
  })

  test('a refusal is said and keeps what was typed', async () => {
    const { user } = open({ tab: 'settings' }, { [`PATCH ${PATH}/config`]: () => refusal('CAMPAIGN_STATE') })
    const longest = await screen.findByLabelText('Intervalo máximo (segundos)')
    await user.clear(longest)
    await user.type(longest, '90')
    await user.click(screen.getByRole('button', { name: 'Salvar' }))
    expect(await screen.findByText('A campanha já está em outra situação.')).toBeVisible()
    expect(longest).toHaveValue('90')
  })

  test('a window needs a day', async () => {
    const { user } = open({ tab: 'settings' })
    await user.click(await screen.findByRole('checkbox', { name: /Enviar só em certos horários/ }))
    expect(screen.getByLabelText('Das')).toHaveValue('09:00')
    for (const day of ['seg.', 'ter.', 'qua.', 'qui.', 'sex.', 'sáb.'])
      await user.click(screen.getByRole('checkbox', { name: day }))
    expect(screen.getByText('Escolha pelo menos um dia.')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Salvar' })).toBeDisabled()
  })
})

test('the trail says who did what, and what the product did by itself', async () => {
  const row = { id: '1', at: AT, action: 'pause', userId: 'u1', userName: 'Ana', address: null, details: {} }
  open(
    { tab: 'trail' },
    {
      [`GET ${PATH}/audit`]: () => ({
        body: {
          items: [
            { ...row, id: '2', action: 'auto-pause', userName: null, details: { reason: 'disconnected' } },
            row,
            { ...row, id: '0', action: 'from-the-future' },
          ],
          nextCursor: null,
        },
      }),
    },
  )
  const items = within(await screen.findByRole('region', { name: 'Quem fez o quê' }))
  const lines = await items.findAllByRole('listitem')
  expect(lines.map((line) => within(line).getAllByText(/./)[0]?.textContent)).toEqual([
    'Pausa automática',
    'Pausou',
    'from-the-future',
  ])
  expect(lines[0]).toHaveTextContent('Pausada porque o canal desconectou do WhatsApp.')
  expect(lines[0]).toHaveTextContent('Revoada')
  expect(lines[1]).toHaveTextContent('Ana')
})
