import { useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import type { ContactImport } from '#contract/imports.ts'
import { formatDuration } from '#contract/timeRemaining.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import type { CampaignForm } from './campaignForm.ts'
import { estimateDuration } from './estimateDuration.ts'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'
import { Section } from './Section.tsx'

type Props = {
  channels: readonly Channel[]
  imports: readonly ContactImport[]
  error: unknown
  busy: 'start' | 'prepare' | null
  onSubmit: (start: boolean) => void
}

/** The whole plan in a few lines before anything leaves, with how long it will take. */
export function CheckSection({ channels, imports, error, busy, onSubmit }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const form = useWatch<CampaignForm>() as CampaignForm
  const channel = channels.find(({ id }) => id === form.channelId)
  const people = countPeople(form, imports)
  return (
    <Section step={4} title={t('newCampaign.check')}>
      <dl className="grid gap-x-8 gap-y-3 sm:grid-cols-3">
        <Fact label={t('newCampaign.factPeople')}>
          {t('newCampaign.upTo', { count: people, n: format.number(people) })}
        </Fact>
        <Fact label={t('newCampaign.factChannel')}>{channel?.name ?? t('newCampaign.notChosen')}</Fact>
        <Fact label={t('newCampaign.factDuration')}>{useEstimate(form, people, channel)}</Fact>
      </dl>
      <p className="text-sm text-ink-soft">{t('newCampaign.checkHint')}</p>
      {channel !== undefined && channel.status !== 'ready' && channel.status !== 'unknown' && (
        <Notice tone="warn" title={t('newCampaign.channelNotReady')}>
          {t(`channels.statusHint.${channel.status}`)}
        </Notice>
      )}
      {error !== null && <ErrorNotice error={error} onRetry={() => onSubmit(true)} />}
      <div className="flex flex-col gap-3 sm:flex-row">
        <Button size="large" icon="play" busy={busy === 'start'} onClick={() => onSubmit(true)}>
          {t('newCampaign.start')}
        </Button>
        <Button size="large" look="secondary" busy={busy === 'prepare'} onClick={() => onSubmit(false)}>
          {t('newCampaign.prepareOnly')}
        </Button>
      </div>
    </Section>
  )
}

/** At most so many: whoever is in two lists is written to once, which only the server can tell. */
function countPeople(form: CampaignForm, imports: readonly ContactImport[]): number {
  const imported = imports
    .filter(({ id }) => form.importIds.includes(id))
    .reduce((sum, { accepted }) => sum + accepted, 0)
  return imported + parseTypedRecipients(form.typed).recipients.length
}

function useEstimate(form: CampaignForm, people: number, channel: Channel | undefined): string {
  const { t } = useTranslation()
  if (people === 0 || !Number.isFinite(form.delayMin) || !Number.isFinite(form.delayMax)) return '–'
  const channelMinDelay = (channel?.minDelay ?? 0) / 1000
  const seconds = estimateDuration({ people, delayMin: form.delayMin, delayMax: form.delayMax, channelMinDelay })
  if (seconds === 0) return t(people === 1 ? 'newCampaign.rightAway' : 'newCampaign.asFastAsPossible')
  return t('newCampaign.about', { duration: formatDuration(seconds) })
}

function Fact({ label, children }: { label: string; children: string }) {
  return (
    <div className="flex flex-col">
      <dt className="text-sm text-ink-soft">{label}</dt>
      <dd className="tabular text-lg font-semibold">{children}</dd>
    </div>
  )
}
