import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_DELAY_S, MISSED_AFTER_MINUTES, UNKNOWN_POLICIES } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import { ChoiceList } from '../../../../ui/ChoiceList.tsx'
import { CheckField, TextField } from '../../../../ui/fields.tsx'
import { leastDelayOf } from '../plan/campaignPlan.ts'
import { readAmount } from '../plan/readAmount.ts'
import { usePlan, useProblemOf } from '../PlanContext.tsx'
import { Section } from '../Section.tsx'
import { ChannelChoice } from './ChannelChoice.tsx'
import { PaceEstimate } from './PaceEstimate.tsx'
import { StartTime } from './StartTime.tsx'
import { WindowFields } from './WindowFields.tsx'

const PACES = [
  { name: 'careful', min: 20, max: 45 },
  { name: 'normal', min: 8, max: 15 },
  { name: 'instant', min: 0, max: 0 },
] as const

type Props = { channelLink: ReactNode; statusOf: (channel: Channel) => ReactNode }

/** From which number, how fast, when, and what happens when something goes wrong. */
export function PaceStep({ channelLink, statusOf }: Props) {
  const { t } = useTranslation()
  const { plan, change } = usePlan()
  return (
    <>
      <Section title={t('newCampaign.channel')} lead={t('newCampaign.channelLead')}>
        <ChannelChoice channelLink={channelLink} statusOf={statusOf} />
      </Section>
      <Section title={t('newCampaign.pace')} lead={t('newCampaign.paceHint')} aside={<PaceEstimate />}>
        <Pace />
      </Section>
      <Section title={t('newCampaign.when')}>
        <StartTime />
        <WindowFields />
      </Section>
      <Section title={t('newCampaign.trouble')} lead={t('newCampaign.troubleLead')}>
        <CheckField
          label={t('newCampaign.autoResume')}
          hint={t('newCampaign.autoResumeHint')}
          checked={plan.autoResume}
          onChange={(event) => change({ autoResume: event.target.checked })}
        />
        <ChoiceList
          legend={t('newCampaign.unknownPolicy')}
          hint={t('newCampaign.unknownPolicyHint')}
          value={plan.unknownPolicy}
          choices={UNKNOWN_POLICIES.map((value) => ({
            value,
            label: t(`newCampaign.policies.${value}.label`),
            hint: t(`newCampaign.policies.${value}.hint`),
          }))}
          onChange={(unknownPolicy) => change({ unknownPolicy })}
        />
        {plan.starts === 'later' && (
          <p className="text-sm text-ink-soft">{t('newCampaign.missedHint', { minutes: MISSED_AFTER_MINUTES })}</p>
        )}
      </Section>
    </>
  )
}

function Pace() {
  const { t } = useTranslation()
  const { plan, channels, change } = usePlan()
  const problemOf = useProblemOf()
  const least = leastDelayOf(channels.find(({ id }) => id === plan.channelId))
  return (
    <div className="flex flex-col gap-4">
      <div role="group" aria-label={t('newCampaign.pace')} className="flex flex-wrap gap-2">
        {PACES.filter((pace) => pace.min >= least).map((pace) => (
          <button
            key={pace.name}
            type="button"
            aria-pressed={plan.delayMin === pace.min && plan.delayMax === pace.max}
            onClick={() => change({ delayMin: pace.min, delayMax: pace.max })}
            className="min-h-10 rounded-full border border-line-strong px-4 text-sm font-medium not-aria-pressed:hover:bg-primary-soft aria-pressed:border-primary aria-pressed:bg-primary aria-pressed:text-primary-ink"
          >
            {t(`newCampaign.paces.${pace.name}`)}
          </button>
        ))}
      </div>
      <div className="grid grid-cols-2 items-start gap-4 sm:max-w-md">
        {(['delayMin', 'delayMax'] as const).map((field) => (
          <TextField
            key={field}
            label={t(`newCampaign.${field}`)}
            type="number"
            inputMode="decimal"
            min={least}
            max={MAX_DELAY_S}
            step="any"
            value={plan[field] ?? ''}
            error={problemOf(field)}
            onChange={(event) => change({ [field]: readAmount(event.target.value) })}
          />
        ))}
      </div>
      <CheckField
        label={t('newCampaign.randomize')}
        hint={t('newCampaign.randomizeHint')}
        checked={plan.randomizeOrder}
        onChange={(event) => change({ randomizeOrder: event.target.checked })}
      />
    </div>
  )
}
