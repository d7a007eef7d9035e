import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { buildStats, uuid } from '../../../../test/builders.ts'
import { buildSummary as anyCampaign } from '../../../../test/campaignBuilders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { OutboxPage, type OutboxFilter } from './OutboxPage.tsx'

const LIST = 'GET /api/user/bulk-campaigns'

function buildSummary(overrides: Partial<CampaignSummary> = {}): CampaignSummary {
  return anyCampaign({ name: 'Promoção', stats: buildStats({ sent: 4870, failed: 130 }), ...overrides })
}

function open(filter: Partial<OutboxFilter> = {}) {
  const onFilter = vi.fn()
  const onOpen = vi.fn()
  const part = renderPart(
    <OutboxPage
      filter={{ view: 'all', status: undefined, ...filter }}
      onFilter={onFilter}
      onOpen={onOpen}
      newLink={<a href="/campaigns/new">Nova campanha</a>}
      draftLink={({ id }, text, label) => (
        <a href={`/new?${id}`} aria-label={label}>
          {text}
        </a>
      )}
      compareLink={(ids, text) => <a href={`/compare?${ids.join(',')}`}>{text}</a>}
      titleOf={({ name }) => name}
    />,
  )
  return { ...part, onFilter, onOpen }
}

describe('OutboxPage', () => {
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
    const { user, onFilter } = open({ status: 'paused' })
    expect(await screen.findByText('Nenhuma campanha com a situação “Pausada”')).toBeVisible()
    expect(calls[0]?.query.get('status')).toBe('paused')
    await user.selectOptions(screen.getByLabelText('Situação'), 'Enviando')
    expect(onFilter).toHaveBeenCalledWith({ view: 'all', status: 'running' })
    await user.click(screen.getByRole('button', { name: 'Mostrar todas' }))
    expect(onFilter).toHaveBeenLastCalledWith({ view: 'all', status: undefined })
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

  test('what is scheduled is not shown among what is under way', async () => {
    stubApi({
      'GET /api/user/bulk-campaigns/active': () => ({
        body: {
          items: [
            buildSummary({ id: uuid(1), name: 'Saindo', status: 'running' }),
            buildSummary({ id: uuid(2), name: 'Amanhã', status: 'scheduled' }),
          ],
          nextCursor: null,
        },
      }),
    })
    const { user, onFilter } = open({ view: 'active' })
    expect(await screen.findByText('Saindo')).toBeVisible()
    expect(screen.queryByText('Amanhã')).not.toBeInTheDocument()
    await user.click(screen.getByRole('tab', { name: 'Agendadas' }))
    expect(onFilter).toHaveBeenCalledWith({ view: 'scheduled', status: undefined })
  })

  test('two chosen campaigns can be compared, one alone cannot', async () => {
    const items = [buildSummary({ id: uuid(1), name: 'Uma' }), buildSummary({ id: uuid(2), name: 'Outra' })]
    stubApi({ [LIST]: () => ({ body: { items, nextCursor: null } }) })
    const { user } = open()
    await user.click(await screen.findByRole('checkbox', { name: 'Escolher Uma para comparar' }))
    expect(screen.getByRole('status')).toHaveTextContent('1 escolhida Escolha mais uma.')
    expect(screen.queryByRole('link', { name: 'Comparar' })).not.toBeInTheDocument()
    await user.click(screen.getByRole('checkbox', { name: 'Escolher Outra para comparar' }))
    expect(screen.getByRole('link', { name: 'Comparar' })).toHaveAttribute('href', `/compare?${uuid(1)},${uuid(2)}`)
  })

  test('those who failed get a campaign of their own; pressing again after a cut line is the same request', async () => {
    let answers = 0
    const calls = stubApi({
      [LIST]: () => ({ body: { items: [buildSummary()], nextCursor: null } }),
      [`POST /api/user/bulk-campaigns/${uuid(1)}/retry-failed`]: () =>
        answers++ === 0 ? refusal('UNAVAILABLE') : { status: 201, body: { campaignId: uuid(9), recipients: 130 } },
    })
    const { user, onOpen } = open()
    await user.click(await screen.findByRole('button', { name: 'Mais ações para Promoção' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Enviar de novo a quem falhou' }))
    const dialog = within(await screen.findByRole('dialog'))
    expect(dialog.getByText(/as 130 pessoas que falharam/)).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Criar campanha' }))
    expect(await dialog.findByText('O servidor está ocupado agora.')).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Criar campanha' }))
    await waitFor(() => expect(onOpen).toHaveBeenCalledWith(uuid(9)))
    const asked = calls.filter(({ method }) => method === 'POST')
    expect(asked.map(({ body }) => body)).toEqual(Array(2).fill({ includeUnknown: false, start: false }))
    expect(new Set(asked.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
  })

  describe('the drafts', () => {
    const KEPT = 'GET /api/user/campaign-drafts'
    const keptAt = { createdAt: '2026-11-20T12:00:00.000Z', updatedAt: '2026-11-21T12:00:00.000Z' }
    const kept = (n: number, name: string) => ({ id: uuid(n), name, ...keptAt })
    const none = { items: [], nextCursor: null }

    test('what was begun stands before what was made, each with the way back to it', async () => {
      const made = buildSummary({ id: uuid(5), name: 'Feita', status: 'draft' })
      const calls = stubApi({
        [LIST]: () => ({ body: { items: [made], nextCursor: null } }),
        [KEPT]: ({ query }) => ({
          body:
            query.get('cursor') === null
              ? { items: [kept(7, 'Natal')], nextCursor: 'c2' }
              : { items: [kept(8, '  ')], nextCursor: null },
        }),
      })
      const { user } = open({ view: 'drafts' })
      const begun = within(await screen.findByRole('region', { name: 'Ainda não criadas' }))
      expect(begun.getByRole('link', { name: 'Continuar o rascunho Natal' })).toHaveAttribute('href', `/new?${uuid(7)}`)
      expect(screen.getByRole('heading', { name: 'Criadas, esperando você começar' })).toBeVisible()
      expect(screen.getByText('Feita')).toBeVisible()
      expect(calls.find(({ path }) => path.endsWith('/bulk-campaigns'))?.query.get('status')).toBe('draft')
      await user.click(screen.getByRole('button', { name: 'Mostrar mais' }))
      expect(await begun.findByText('Campanha sem nome')).toBeVisible()
    })

    test('are asked for nowhere else', async () => {
      stubApi({ [LIST]: () => ({ body: { items: [buildSummary()], nextCursor: null } }) })
      open()
      expect(await screen.findByRole('article')).toBeVisible()
      expect(screen.queryByRole('region', { name: 'Ainda não criadas' })).not.toBeInTheDocument()
    })

    test('one is deleted when that was confirmed, and then the page says that there is none', async () => {
      let drafts = [kept(7, 'Natal')]
      const calls = stubApi({
        [LIST]: () => ({ body: none }),
        [KEPT]: () => ({ body: { items: drafts, nextCursor: null } }),
        [`DELETE /api/user/campaign-drafts/${uuid(7)}`]: () => {
          drafts = []
          return { status: 204 }
        },
      })
      const { user } = open({ view: 'drafts' })
      await user.click(await screen.findByRole('button', { name: 'Excluir o rascunho Natal' }))
      const dialog = within(await screen.findByRole('alertdialog', { name: 'Excluir o rascunho Natal?' }))
      expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
      await user.click(dialog.getByRole('button', { name: 'Excluir rascunho' }))
      expect(await screen.findByText('Nenhum rascunho')).toBeVisible()
      expect(screen.getAllByRole('link', { name: 'Nova campanha' })).not.toHaveLength(0)
      expect(screen.queryByRole('alertdialog')).not.toBeInTheDocument()
    })

    test('a refused deletion says why and leaves the draft where it is', async () => {
      stubApi({
        [LIST]: () => ({ body: none }),
        [KEPT]: () => ({ body: { items: [kept(7, 'Natal')], nextCursor: null } }),
        [`DELETE /api/user/campaign-drafts/${uuid(7)}`]: () => refusal('UNAVAILABLE'),
      })
      const { user } = open({ view: 'drafts' })
      await user.click(await screen.findByRole('button', { name: 'Excluir o rascunho Natal' }))
      const dialog = within(await screen.findByRole('alertdialog'))
      await user.click(dialog.getByRole('button', { name: 'Excluir rascunho' }))
      expect(await dialog.findByText('O servidor está ocupado agora.')).toBeVisible()
      expect(screen.getByText('Natal')).toBeInTheDocument()
    })

    test('that they could not be loaded is not taken for none', async () => {
      stubApi({ [LIST]: () => ({ body: none }), [KEPT]: () => refusal('UNAVAILABLE') })
      open({ view: 'drafts' })
      expect(await screen.findByText('O servidor está ocupado agora.')).toBeVisible()
      expect(screen.queryByText('Nenhum rascunho')).not.toBeInTheDocument()
    })
  })

  test('deleting asks first and says what stays', async () => {
    const calls = stubApi({
      [LIST]: () => ({ body: { items: [buildSummary()], nextCursor: null } }),
      [`DELETE /api/user/bulk-campaigns/${uuid(1)}`]: () => ({ status: 204 }),
    })
    const { user } = open()
    await user.click(await screen.findByRole('button', { name: 'Mais ações para Promoção' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Excluir' }))
    const dialog = within(await screen.findByRole('alertdialog', { name: 'Excluir Promoção?' }))
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
    await user.click(dialog.getByRole('button', { name: 'Excluir campanha' }))
    await waitFor(() => expect(screen.queryByRole('alertdialog')).not.toBeInTheDocument())
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(true)
  })
})
