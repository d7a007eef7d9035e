import { act, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { buildStats } from '../../test/builders.ts'
import { buildOverview, buildSummary } from '../../test/campaignBuilders.ts'
import { renderApp } from '../../test/renderApp.tsx'
import { refusal, stubApi } from '../../test/stubApi.ts'
import texts from '../lib/texts/i18next.ts'
import all from '../text/pt.json'
import first from '../text/pt.json?first'

const ME = { id: 'u1', name: 'Ana', email: 'ana@example.com', role: 'admin' }

afterEach(() => {
  texts.store.onMissing = undefined
  texts.store.setCatalogue('pt', all)
})

function openOverview(overview: ReturnType<typeof buildOverview> | null) {
  const missing = vi.fn()
  texts.store.setCatalogue('pt', first)
  texts.store.onMissing = missing
  stubApi({
    'GET /api/me': () => ({ body: ME }),
    'GET /api/user/overview': () => (overview === null ? refusal('UNAVAILABLE') : { body: overview }),
  })
  renderApp('/')
  return missing
}

test('the first page says everything with the texts that come first', async () => {
  const stats = buildStats({
    pending: 1,
    retrying: 1,
    sending: 1,
    sent: 1,
    delivered: 1,
    read: 1,
    failed: 1,
    skipped: 1,
  })
  const campaign = buildSummary({ stats, finishedAt: '2026-11-22T12:00:00.000Z' })
  const paused = { ...campaign, status: 'paused' as const, since: '2026-11-22T12:00:00.000Z', waiting: 3 }
  const missing = openOverview(
    buildOverview({
      running: [
        { ...campaign, status: 'running', estimatedSecondsRemaining: null },
        { ...campaign, status: 'running', preparing: true, estimatedSecondsRemaining: 90 },
      ],
      scheduled: [{ ...campaign, status: 'scheduled', scheduledAt: '2026-12-22T12:00:00.000Z' }],
      paused: [
        { ...paused, pauseReason: 'user' },
        { ...paused, pauseReason: 'disconnected' },
        { ...paused, pauseReason: 'missed' },
      ],
      lastFinished: [campaign, { ...campaign, status: 'failed' }],
    }),
  )
  expect(await screen.findByRole('region', { name: 'Precisa de você' })).toBeVisible()
  expect(missing).not.toHaveBeenCalled()
})

test('a new account is greeted with them too', async () => {
  const missing = openOverview(buildOverview({ channels: [] }))
  expect(await screen.findByText('Vamos levantar voo')).toBeVisible()
  expect(missing).not.toHaveBeenCalled()
})

test('that the server cannot be reached is said with them: no others could be fetched then', async () => {
  const missing = openOverview(null)
  expect(await screen.findByText('O servidor está ocupado agora.')).toBeVisible()
  for (const code of ['NETWORK', 'UNREADABLE_ANSWER', 'INTERNAL'])
    expect(texts.store.translate(`errors.${code}.suggestion`)).not.toBe('')
  expect(texts.store.translate('loadFailed.title')).not.toBe('')
  expect(missing).not.toHaveBeenCalled()
})

test('what is said before its texts are there appears as soon as they are', async () => {
  const missing = openOverview(buildOverview())
  await screen.findByRole('region', { name: 'Hoje' })
  expect(texts.store.translate('errors.FORBIDDEN.message')).toBe('')
  expect(missing).toHaveBeenCalledWith('errors.FORBIDDEN.message')
  act(() => texts.store.setCatalogue('pt', all))
  expect(texts.store.translate('errors.FORBIDDEN.message')).toBe(all.errors.FORBIDDEN.message)
})
