import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignMessage, CreateCampaignBody } from '#contract/campaigns.ts'
import { ErrorNotice } from '../../../../lib/ErrorNotice.tsx'
import { Loading } from '../../../../ui/Loading.tsx'
import { Notice } from '../../../../ui/Notice.tsx'
import { preflightQuery } from '../../api/preflight.ts'
import type { PlanStep } from '../plan/campaignPlan.ts'
import { toBody } from '../plan/planBody.ts'
import { usePlan } from '../PlanContext.tsx'
import { Section } from '../Section.tsx'
import { OpenProblems } from './OpenProblems.tsx'
import { PreflightSheet } from './PreflightSheet.tsx'
import { SamplesOf } from './SamplesOf.tsx'
import { StartButtons } from './StartButtons.tsx'

export type TrialOf = (channelId: string, message: CampaignMessage) => ReactNode

type Props = {
  trialOf: TrialOf
  busy: 'start' | 'prepare' | null
  error: unknown
  onGoTo: (step: PlanStep) => void
  onSubmit: (start: boolean) => void
}

/** The whole plan as the server sees it before anything leaves: who, how long, what they read. */
export function CheckStep({ trialOf, busy, error, onGoTo, onSubmit }: Props) {
  const { t } = useTranslation()
  const { plan, problems } = usePlan()
  // As one that waits for its start: whether it begins at once changes nothing of who gets what.
  const body: CreateCampaignBody | null = problems.length > 0 ? null : toBody(plan, true)
  const preflight = useQuery(preflightQuery(body && { ...body, start: false }))
  if (body === null) return <OpenProblems onGoTo={onGoTo} />
  return (
    <>
      <Section title={t('newCampaign.checkTitle')} lead={t('newCampaign.checkLead')}>
        {preflight.error !== null && <ErrorNotice error={preflight.error} onRetry={() => void preflight.refetch()} />}
        {preflight.isPending && preflight.error === null && <Loading label={t('newCampaign.checking')} />}
        {preflight.data !== undefined && <PreflightSheet preflight={preflight.data} body={{ ...body, start: false }} />}
      </Section>
      {preflight.data !== undefined && <SamplesOf preflight={preflight.data} />}
      <ChannelNotice />
      {body.messages[0] !== undefined && (
        <Section title={t('newCampaign.testTitle')} lead={t('newCampaign.testLead')}>
          {trialOf(plan.channelId, body.messages[0])}
        </Section>
      )}
      <StartButtons valid={preflight.data?.lines.valid ?? null} busy={busy} error={error} onSubmit={onSubmit} />
    </>
  )
}

/** A channel that cannot send now is said before, not found out afterwards. */
function ChannelNotice() {
  const { t } = useTranslation()
  const { plan, channels } = usePlan()
  const channel = channels.find(({ id }) => id === plan.channelId)
  if (channel === undefined || channel.status === 'ready' || channel.status === 'unknown') return null
  return (
    <Notice tone="warn" title={t('newCampaign.channelNotReady')}>
      {t(`channels.statusHint.${channel.status}`)}
    </Notice>
  )
}
