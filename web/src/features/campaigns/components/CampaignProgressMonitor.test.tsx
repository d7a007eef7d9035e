import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { buildProgress, buildStats, uuid } from '../../../../test/builders.ts'
import { FakeEventSource } from '../../../../test/FakeEventSource.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi, type Call } from '../../../../test/stubApi.ts'
import { CampaignProgressMonitor } from './CampaignProgressMonitor.tsx'

const PATH = `/api/user/bulk-campaigns/${uuid(1)}`
let server: CampaignProgress

/** The server's state is `server`; the test changes it and the next answer shows it. */
function show(progress: CampaignProgress, more: Parameters<typeof stubApi>[0] = {}): Call[] {
  server = progress
  const calls = stubApi({ [`GET ${PATH}/progress`]: () => ({ body: server }), ...more })
  renderPart(<CampaignProgressMonitor campaignId={uuid(1)} />)
  return calls
}

function at(seconds: number): string {
  return new Date(Date.UTC(2026, 10, 22, 12, 0, seconds)).toISOString()
}

beforeEach(() => {
  FakeEventSource.opened = []
  vi.stubGlobal('EventSource', FakeEventSource)
})

afterEach(() => vi.useRealTimers())

describe('CampaignProgressMonitor', () => {
  test('every state is shown and the three groups add up to everyone chosen', async () => {
    const stats = buildStats({
      pending: 1000,
      retrying: 20,
      sending: 3,
      sent: 400,
      delivered: 500,
      read: 60,
      failed: 7,
      skipped: 5,
      unknown: 4,
      cancelled: 1,
    })
    show(buildProgress({ stats }))
    const waiting = within(await screen.findByRole('region', { name: 'Esperando' }))
    const accepted = within(screen.getByRole('region', { name: 'Enviadas' }))
    const left = within(screen.getByRole('region', { name: 'Não enviadas' }))
    expect(waiting.getByText('1.023')).toBeVisible()
    expect(accepted.getByText('960')).toBeVisible()
    expect(left.getByText('17')).toBeVisible()
    expect(screen.getByText('A conta fecha: 960 + 17 + 1.023 = 2.000')).toBeVisible()
    expect(screen.getByRole('img')).toHaveAccessibleName(
      'Lida: 60, Entregue: 500, Enviada: 400, Falhou: 7, Pulada: 5, Sem certeza: 4, Cancelada: 1, Saindo agora: 3, Vai tentar de novo: 20, Na fila: 1.000',
    )
  })

  test('speed and time left are worded for people', async () => {
    show(buildProgress({ averageSpeed: 182.44, estimatedSecondsRemaining: 9000 }))
    expect(await screen.findByText('182,4/min')).toBeVisible()
    expect(screen.getByText('2h 30min restantes')).toBeVisible()
  })

  test('events move the numbers and it says that it is live', async () => {
    show(buildProgress())
    await screen.findByText('Conectando…')
    FakeEventSource.last.send(buildProgress({ stats: buildStats({ pending: 6, sent: 4 }), at: at(1) }))
    expect(await screen.findByText('Ao vivo')).toBeVisible()
    expect(screen.getByText('A conta fecha: 4 + 0 + 6 = 10')).toBeVisible()
    expect(FakeEventSource.last.url).toBe(`${PATH}/events`)
  })

  test('an older answer that arrives late does not turn the numbers back', async () => {
    show(buildProgress({ at: at(9), stats: buildStats({ pending: 1, sent: 9 }) }))
    await screen.findByText('A conta fecha: 9 + 0 + 1 = 10')
    FakeEventSource.last.send(buildProgress({ at: at(3), stats: buildStats({ pending: 7, sent: 3 }) }))
    await screen.findByText('Ao vivo')
    expect(screen.getByText('A conta fecha: 9 + 0 + 1 = 10')).toBeVisible()
  })

  test('when the stream is cut it says so, asks every 5 s, and is live again once events come back', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const calls = show(buildProgress())
    await screen.findByText('Conectando…')
    FakeEventSource.last.send(buildProgress({ at: at(1) }))
    FakeEventSource.last.cut()
    expect(await screen.findByText(/Sem conexão ao vivo: atualizando a cada 5 s/)).toBeVisible()
    const before = calls.length
    server = buildProgress({ at: at(6), stats: buildStats({ pending: 2, sent: 8 }) })
    await act(() => vi.advanceTimersByTimeAsync(5100))
    expect(calls.length).toBeGreaterThan(before)
    expect(await screen.findByText('A conta fecha: 8 + 0 + 2 = 10')).toBeVisible()
    await act(() => vi.advanceTimersByTimeAsync(5100))
    expect(FakeEventSource.opened).toHaveLength(2)
    FakeEventSource.last.send(buildProgress({ at: at(12), stats: buildStats({ sent: 10 }) }))
    expect(await screen.findByText('Ao vivo')).toBeVisible()
  })

  test('a stream that stays open but silent while the books move is found out', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    show(buildProgress())
    await screen.findByText('Conectando…')
    FakeEventSource.last.send(buildProgress({ at: at(1) }))
    await screen.findByText('Ao vivo')
    server = buildProgress({ at: at(16), stats: buildStats({ pending: 5, sent: 5 }) })
    await act(() => vi.advanceTimersByTimeAsync(15_500))
    expect(await screen.findByText(/Sem conexão ao vivo/)).toBeVisible()
    expect(screen.getByText('A conta fecha: 5 + 0 + 5 = 10')).toBeVisible()
  })

  test('a browser without event streams is served by asking', async () => {
    vi.stubGlobal('EventSource', undefined)
    show(buildProgress())
    expect(await screen.findByText(/Sem conexão ao vivo/)).toBeVisible()
  })

  test('pausing shows the new state only once the server has said so', async () => {
    show(buildProgress(), {
      [`POST ${PATH}/pause`]: () => {
        server = buildProgress({ status: 'paused', pauseReason: 'user', at: at(2) })
        return {
          body: { campaignId: uuid(1), status: 'paused', pauseReason: 'user', preparing: false, startRequested: false },
        }
      },
    })
    fireEvent.click(await screen.findByRole('button', { name: 'Pausar' }))
    expect(screen.queryByText('Pausada')).not.toBeInTheDocument()
    expect(await screen.findByText('Pausada')).toBeVisible()
    expect(screen.getByText('Você pausou esta campanha.')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Continuar' })).toBeVisible()
  })

  test('a refusal is shown in words and the page catches up', async () => {
    show(buildProgress(), {
      [`POST ${PATH}/pause`]: () => {
        server = buildProgress({ status: 'completed', stats: buildStats({ sent: 10 }), finishedAt: at(5), at: at(5) })
        return refusal('CAMPAIGN_STATE')
      },
    })
    fireEvent.click(await screen.findByRole('button', { name: 'Pausar' }))
    expect(await screen.findByText('Campanha concluída')).toBeVisible()
  })

  test('cancelling asks first and says how many will not be written to', async () => {
    const calls = show(buildProgress({ stats: buildStats({ pending: 1200, sent: 3 }) }), {
      [`POST ${PATH}/cancel`]: () => ({
        body: { campaignId: uuid(1), status: 'cancelled', pauseReason: null, preparing: false, startRequested: false },
      }),
    })
    fireEvent.click(await screen.findByRole('button', { name: 'Cancelar campanha' }))
    const dialog = within(await screen.findByRole('alertdialog'))
    expect(dialog.getByText('1.200 pessoas ainda não receberam e não vão receber. Não dá para desfazer.')).toBeVisible()
    expect(calls.some(({ method }) => method === 'POST')).toBe(false)
    fireEvent.click(dialog.getByRole('button', { name: 'Cancelar de vez' }))
    await waitFor(() => expect(calls.some(({ path }) => path === `${PATH}/cancel`)).toBe(true))
    await waitFor(() => expect(screen.queryByRole('alertdialog')).not.toBeInTheDocument())
  })

  test.each([
    ['restart', 'Pausada porque o servidor reiniciou.'],
    ['disconnected', 'Pausada porque o canal desconectou do WhatsApp.'],
    ['unauthorized', 'Pausada porque o servidor do canal recusou o token.'],
    ['blocked', 'Pausada porque o WhatsApp não deixa este número iniciar conversas agora.'],
    ['storage', 'Pausada porque o servidor não conseguia gravar.'],
    ['missed', 'Pausada porque a hora marcada passou enquanto o servidor estava desligado.'],
  ] as const)('a pause for %s says why', async (pauseReason, text) => {
    show(buildProgress({ status: 'paused', pauseReason }))
    expect(await screen.findByText(text)).toBeVisible()
  })

  test('a finished campaign shows a balance from which nobody is missing, and closes its stream', async () => {
    const stats = buildStats({ sent: 4000, delivered: 800, read: 70, failed: 130 })
    show(buildProgress({ status: 'completed', stats, finishedAt: '2026-11-22T13:30:00.000Z' }))
    expect(await screen.findByText('Ninguém ficou de fora: 4.870 enviadas + 130 falharam = 5.000')).toBeVisible()
    expect(screen.getByText(/Durou 1h 30min/)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Cancelar campanha' })).not.toBeInTheDocument()
    await waitFor(() => expect(FakeEventSource.opened.every(({ closed }) => closed)).toBe(true))
  })

  test('a cancelled campaign keeps looking until the last one has left the queue', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    show(
      buildProgress({
        status: 'cancelled',
        stats: buildStats({ sent: 11, pending: 289 }),
        finishedAt: at(1),
        at: at(1),
      }),
    )
    expect(await screen.findByText(/quem ainda esperava está saindo da fila/)).toBeVisible()
    expect(screen.queryByText(/Ninguém ficou de fora/)).not.toBeInTheDocument()
    FakeEventSource.last.cut()
    server = buildProgress({
      status: 'cancelled',
      stats: buildStats({ sent: 11, cancelled: 289 }),
      finishedAt: at(1),
      at: at(4),
    })
    await act(() => vi.advanceTimersByTimeAsync(5100))
    expect(await screen.findByText('Ninguém ficou de fora: 11 enviadas + 289 canceladas = 300')).toBeVisible()
  })

  test('after the end the receipts that still come are shown, and once all have read nobody is asked any more', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const done = { status: 'completed', finishedAt: at(1) } as const
    const calls = show(buildProgress({ ...done, stats: buildStats({ sent: 10 }), at: at(1) }))
    await screen.findByText('Ninguém ficou de fora: 10 enviadas = 10')
    server = buildProgress({ ...done, stats: buildStats({ read: 10 }), at: at(12) })
    await act(() => vi.advanceTimersByTimeAsync(10_500))
    const asked = calls.length
    expect(asked).toBe(2)
    await act(() => vi.advanceTimersByTimeAsync(30_000))
    expect(calls).toHaveLength(asked)
  })

  test('while the list is being prepared it says how far and what comes next', async () => {
    show(buildProgress({ preparing: true, startRequested: true, stats: buildStats({ pending: 3200 }) }))
    expect(await screen.findByText(/Preparando a lista: 3.200 pessoas até agora. O envio começa sozinho/)).toBeVisible()
  })

  test('the last errors are explained, with the answer of the gateway at hand', async () => {
    const error = {
      contactId: 7,
      phone: '•••• 4321',
      category: 'INVALID_NUMBER',
      code: 'NOT_ON_WHATSAPP',
      message: 'no LID found',
      at: at(3),
    } as const
    show(
      buildProgress({
        recentErrors: [error],
        failedByCategory: { INVALID_NUMBER: 12 },
        stats: buildStats({ pending: 1, failed: 12 }),
      }),
    )
    const errors = within(await screen.findByRole('region', { name: 'O que deu errado' }))
    expect(errors.getByText('Confira o número com a pessoa. Não vamos tentar de novo.')).toBeVisible()
    expect(errors.getByText(/•••• 4321/)).toBeVisible()
    expect(errors.getByText('12')).toBeVisible()
    expect(errors.getByText('NOT_ON_WHATSAPP')).toBeInTheDocument()
  })

  test('after the laptop slept it asks afresh and opens a new line, because a dead one looks quiet', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: Date.UTC(2026, 10, 22, 12) })
    const calls = show(buildProgress({ at: at(0) }))
    await screen.findByText('Conectando…')
    const before = FakeEventSource.last
    before.send(buildProgress({ at: at(1) }))
    await screen.findByText('Ao vivo')
    const asked = calls.length
    server = buildProgress({ stats: buildStats({ sent: 10 }), at: at(3600) })
    act(() => {
      vi.setSystemTime(Date.UTC(2026, 10, 22, 13))
      vi.advanceTimersByTime(5000)
    })
    expect(await screen.findByText('A conta fecha: 10 + 0 + 0 = 10')).toBeVisible()
    expect(calls.length).toBeGreaterThan(asked)
    expect(before.closed).toBe(true)
    expect(FakeEventSource.last).not.toBe(before)
  })

  test('when the network is back it does not wait for its next turn', async () => {
    const calls = show(buildProgress({ at: at(0) }))
    await screen.findByText('Conectando…')
    const before = calls.length
    act(() => void window.dispatchEvent(new Event('online')))
    await waitFor(() => expect(calls.length).toBe(before + 1))
    expect(FakeEventSource.opened).toHaveLength(2)
  })

  test('the line of speed appears once there is something to draw', async () => {
    show(buildProgress({ stats: buildStats({ pending: 100 }), at: at(0) }))
    await screen.findByText('Conectando…')
    FakeEventSource.last.send(buildProgress({ stats: buildStats({ pending: 90, sent: 10 }), at: at(10) }))
    FakeEventSource.last.send(buildProgress({ stats: buildStats({ pending: 70, sent: 30 }), at: at(20) }))
    expect(
      await screen.findByRole('img', { name: 'Velocidade dos últimos minutos; agora 90 por minuto' }),
    ).toBeVisible()
  })

  test('a state with people in it leads to them; an empty one leads nowhere', async () => {
    stubApi({ [`GET ${PATH}/progress`]: () => ({ body: buildProgress({ stats: buildStats({ failed: 3 }) }) }) })
    renderPart(
      <CampaignProgressMonitor
        campaignId={uuid(1)}
        bucketLink={(state, name) => <a href={`?state=${state}`}>{name}</a>}
      />,
    )
    expect(await screen.findByRole('link', { name: 'Falhou' })).toHaveAttribute('href', '?state=failed')
    expect(screen.queryByRole('link', { name: 'Lida' })).not.toBeInTheDocument()
  })
})
