import { fireEvent, screen, within } from '@testing-library/react'
import { vi } from 'vitest'
import { buildChannel, buildImport, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { stubApi } from '../../../../test/stubApi.ts'
import pt from '../../../text/pt.json'
import { NewCampaignPage, type NewCampaignProps } from './NewCampaignPage.tsx'

export const t = pt.newCampaign
export const DRAFT = uuid(70)
export const SAVE = `PUT /api/user/campaign-drafts/${DRAFT}`
export const CREATED = { campaignId: uuid(1), status: 'running', preparing: true }
const NOTHING = { items: [], nextCursor: null }
export const LINES = {
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
export const PERSON = { phone: '+5511987654321', name: 'Ana', contactId: 4, times: 1, reason: null, lacking: [] }
const PREFLIGHT = {
  lines: LINES,
  refused: [],
  samples: [{ phone: '+5511987654321', name: 'Ana', texts: ['Oi *Ana*'] }],
  estimatedSeconds: 90,
  finishesAt: '2026-11-23T15:01:30.000Z',
}

export function stubServer(more: Parameters<typeof stubApi>[0] = {}) {
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

export function open(overrides: Partial<NewCampaignProps> = {}) {
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
export function fill(label: string, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } })
}
/** The tab of the step, not the "continue" button that names it too. */
export const tab = (step: keyof typeof t.steps) =>
  within(screen.getByRole('navigation', { name: t.stepsLabel })).getByText(t.steps[step])

export function fillAll(): void {
  fill(t.name, 'Promoção')
  fill(t.typed, 'Ana 11987654321')
  fireEvent.click(tab('message'))
  fill(t.content, 'Oi {{nome}}')
}

export const created = (calls: ReturnType<typeof stubApi>) =>
  calls.filter(({ method, path }) => method === 'POST' && path === '/api/user/bulk-campaigns')
