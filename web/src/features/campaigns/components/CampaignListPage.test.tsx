import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { buildStats, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { CampaignListPage } from './CampaignListPage.tsx'

const LIST = 'GET /api/user/bulk-campaigns'

function buildSummary(overrides: Partial<CampaignSummary> = {}): CampaignSummary {
  return {
    id: uuid(1),
    name: 'Promoção',
    channelId: uuid(10),
    channelName: 'Loja',
    status: 'completed',
    pauseReason: null,
    preparing: false,
    startRequested: false,
    stats: buildStats({ sent: 4870, failed: 130 }),
    scheduledAt: null,
    timeZone: 'America/Sao_Paulo',
    createdAt: '2026-11-22T12:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    ...overrides,
  }
}

function open(status?: CampaignSummary['status']) {
  const onStatus = vi.fn()
  const part = renderPart(
    <CampaignListPage
      status={status}
      onStatus={onStatus}
      newLink={<a href="/campaigns/new">Nova campanha</a>}
      titleOf={({ name }) => name}
    />,
  )
  return { ...part, onStatus }
}

describe('CampaignListPage', () => {
  test('a campaign shows its state, its bar and its numbers', async () => {
    stubApi({ [LIST]: () => ({ body: { items: [buildSummary()], nextCursor: null } }) })
    open()
    const row = within(await screen.findByRole('article'))
    expect(row.getByText('Concluída')).toBeVisible()
    expect(row.getByText('5.000 pessoas')).toBeVisible()
    expect(row.getByText('4.870 enviadas')).toBeVisible()
    expect(row.getByText('130 falharam')).toBeVisible()
    expect(row.getByRole('img')).toHaveAccessibleName('Enviada: 4.870, Falhou: 130')
  })

  test('an auto-paused campaign says why in the list', async () => {
    stubApi({
      [LIST]: () => ({
        body: { items: [buildSummary({ status: 'paused', pauseReason: 'unauthorized' })], nextCursor: null },
      }),
    })
    open()
    expect(await screen.findByText('Pausada porque o servidor do canal recusou o token.')).toBeVisible()
  })

  test('more comes by cursor and goes below', async () => {
    const calls = stubApi({
      [LIST]: ({ query }) =>
        query.get('cursor') === null
          ? { body: { items: [buildSummary()], nextCursor: 'c2' } }
          : { body: { items: [buildSummary({ id: uuid(2), name: 'Antiga' })], nextCursor: null } },
    })
    const { user } = open()
    await user.click(await screen.findByRole('button', { name: 'Mostrar mais' }))
    expect(await screen.findByText('Antiga')).toBeVisible()
    expect(screen.getByText('Promoção')).toBeVisible()
    expect(calls[1]?.query.get('cursor')).toBe('c2')
    expect(screen.queryByRole('button', { name: 'Mostrar mais' })).not.toBeInTheDocument()
  })

  test('the filter is asked of the server, and an empty state leads back to all', async () => {
    const calls = stubApi({ [LIST]: () => ({ body: { items: [], nextCursor: null } }) })
    const { user, onStatus } = open('paused')
    expect(await screen.findByText('Nenhuma campanha com a situação “Pausada”')).toBeVisible()
    expect(calls[0]?.query.get('status')).toBe('paused')
    await user.selectOptions(screen.getByLabelText('Situação'), 'Enviando')
    expect(onStatus).toHaveBeenCalledWith('running')
    await user.click(screen.getByRole('button', { name: 'Mostrar todas' }))
    expect(onStatus).toHaveBeenLastCalledWith(undefined)
  })

  test('the first visit says what to do', async () => {
    stubApi({ [LIST]: () => ({ body: { items: [], nextCursor: null } }) })
    open()
    expect(await screen.findByText('A revoada começa aqui')).toBeVisible()
    expect(screen.getByRole('link', { name: 'Nova campanha' })).toBeVisible()
  })

  test('a failed load says so and tries again when asked', async () => {
    let answers = 0
    stubApi({
      [LIST]: () =>
        answers++ === 0 ? refusal('UNAVAILABLE') : { body: { items: [buildSummary()], nextCursor: null } },
    })
    const { user } = open()
    await user.click(await screen.findByRole('button', { name: 'Tentar de novo' }))
    await waitFor(() => expect(screen.getByRole('article')).toBeVisible())
  })
})
