import { screen, within } from '@testing-library/react'
import { describe, expect, test } from 'vitest'
import type { Overview, PausedCampaign } from '#contract/overview.ts'
import { buildStats, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { stubApi } from '../../../../test/stubApi.ts'
import { buildOverview, buildSummary } from '../../../../test/campaignBuilders.ts'
import { autoPausesOf } from './autoPauses.ts'
import { AutoPauseNotice } from './AutoPauseNotice.tsx'
import { OverviewPage } from './OverviewPage.tsx'

function paused(overrides: Partial<PausedCampaign>): PausedCampaign {
  return {
    ...buildSummary({ status: 'paused' }),
    pauseReason: 'disconnected',
    since: '2026-11-22T12:00:00.000Z',
    waiting: 10,
    ...overrides,
  }
}

function show(overview: Partial<Overview>) {
  stubApi({ 'GET /api/user/overview': () => ({ body: buildOverview(overview) }) })
  return renderPart(
    <OverviewPage
      name="Ana Prado"
      links={{
        firstSteps: <a href="/channels">primeiro passo</a>,
        campaign: ({ id, name }) => <a href={id}>{name}</a>,
        autoPause: (pause) => <a href="/channels">{`reconectar ${pause.channelName}`}</a>,
        channels: null,
        statusOf: (channel) => channel.status,
      }}
    />,
  )
}

describe('OverviewPage', () => {
  test('a new account is led to its first step and nothing else', async () => {
    show({ channels: [] })
    expect(await screen.findByRole('link', { name: 'primeiro passo' })).toBeVisible()
    expect(screen.queryByRole('region', { name: 'Hoje' })).not.toBeInTheDocument()
  })

  test('what stopped by itself comes first: which number, how many wait in all its campaigns, one way out', async () => {
    show({
      paused: [
        paused({ id: uuid(1), name: 'Natal', waiting: 1200 }),
        paused({ id: uuid(2), name: 'Páscoa', waiting: 34, since: '2026-11-20T12:00:00.000Z' }),
        paused({ id: uuid(3), name: 'Minha pausa', pauseReason: 'user' }),
      ],
    })
    const needs = within(await screen.findByRole('region', { name: 'Precisa de você' }))
    expect(needs.getByText('Loja está desconectado do WhatsApp')).toBeVisible()
    expect(needs.getByText(/1\.234 pessoas esperam\. Em 2 campanhas\./)).toBeVisible()
    expect(needs.getByText(/20 de nov/)).toBeVisible()
    expect(needs.getAllByRole('link', { name: /reconectar/ })).toHaveLength(1)
    expect(needs.queryByText('Minha pausa')).not.toBeInTheDocument()
    expect(screen.getByText('Uma coisa precisa de você.')).toBeVisible()
    expect(
      within(screen.getByRole('region', { name: 'Pausadas por você' })).getByRole('link', { name: 'Minha pausa' }),
    ).toBeVisible()
  })

  test('what runs is shown with its share, and never rounds up to all', async () => {
    const stats = buildStats({ sent: 9999, pending: 1 })
    show({ running: [{ ...buildSummary({ status: 'running', stats }), estimatedSecondsRemaining: 5400 }] })
    expect(await screen.findByText('99,9%')).toBeVisible()
    expect(screen.getByText('1h 30min restantes')).toBeVisible()
    expect(screen.getByText('9.999 enviadas de 10.000')).toBeVisible()
  })
})

describe('a number that is back', () => {
  const since = '2026-11-22T12:00:00.000Z'
  const [loja] = buildOverview().channels
  const seenAt = (checkedAt: string | null) =>
    autoPausesOf(
      buildOverview({
        channels: loja === undefined ? [] : [{ ...loja, status: 'ready', checkedAt }],
        paused: [paused({ since }), paused({ id: uuid(2), pauseReason: 'restart', since })],
      }),
    ).map(({ reason, isBack }) => [reason, isBack])

  test('is so when it was seen ready after its campaigns stopped', () => {
    expect(seenAt('2026-11-22T12:00:01.000Z')).toEqual([
      ['disconnected', true],
      ['restart', false],
    ])
  })

  test.each([null, since, '2026-11-22T11:59:59.000Z'])('is not so by what was known before: %s', (checkedAt) => {
    expect(seenAt(checkedAt)[0]).toEqual(['disconnected', false])
  })
})

describe('AutoPauseNotice', () => {
  const notice = (
    <AutoPauseNotice
      actionFor={({ channelName }) => <a href="/channels">{`reconectar ${channelName}`}</a>}
      othersLink={(text) => <a href="/">{text}</a>}
    />
  )

  test('says nothing while a person has paused everything that stands still', async () => {
    const calls = stubApi({
      'GET /api/user/overview': () => ({ body: buildOverview({ paused: [paused({ pauseReason: 'user' })] }) }),
    })
    const { container } = renderPart(notice)
    await expect.poll(() => calls.length).toBe(1)
    expect(container).toBeEmptyDOMElement()
  })

  test('names the number that stopped first and counts the others', async () => {
    stubApi({
      'GET /api/user/overview': () => ({
        body: buildOverview({
          paused: [
            paused({ id: uuid(1), since: '2026-11-22T12:00:00.000Z' }),
            paused({ id: uuid(2), channelId: uuid(11), channelName: 'Filial', since: '2026-11-21T12:00:00.000Z' }),
          ],
        }),
      }),
    })
    renderPart(notice)
    expect(await screen.findByText('Filial está desconectado do WhatsApp')).toBeVisible()
    expect(screen.getByRole('link', { name: 'reconectar Filial' })).toBeVisible()
    expect(screen.getByRole('link', { name: 'e mais 1 parado' })).toBeVisible()
  })
})
