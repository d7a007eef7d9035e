import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../../lib/useFormat.ts'
import { CheckField, TextField } from '../../../../ui/fields.tsx'
import { earlierCampaignsQuery } from '../../api/audienceSources.ts'
import { readAmount } from '../plan/readAmount.ts'
import { usePlan, useProblemOf } from '../PlanContext.tsx'
import { Section } from '../Section.tsx'
import { SourceField } from './SourceField.tsx'

/** Who was chosen and still gets nothing: people of earlier campaigns, and people who heard enough lately. */
export function LeaveOut() {
  const { t } = useTranslation()
  const format = useFormat()
  const { plan, change } = usePlan()
  const { data: campaigns = [] } = useQuery(earlierCampaignsQuery)
  const sources = campaigns.map(({ id, name, createdAt }) => ({
    value: id,
    label: name,
    hint: format.instant(createdAt),
  }))
  return (
    <Section title={t('newCampaign.leaveOut')} lead={t('newCampaign.leaveOutLead')}>
      {sources.length > 0 && (
        <SourceField
          label={t('newCampaign.excludeCampaigns')}
          sources={sources}
          chosen={plan.excludeCampaignIds}
          onChange={(excludeCampaignIds) => change({ excludeCampaignIds })}
        />
      )}
      <div className="flex flex-col gap-2">
        <CheckField
          label={t('newCampaign.cap')}
          hint={t('newCampaign.capHint')}
          checked={plan.cap.on}
          onChange={(event) => change({ cap: { ...plan.cap, on: event.target.checked } })}
        />
        {plan.cap.on && <CapFields />}
      </div>
    </Section>
  )
}

function CapFields() {
  const { t } = useTranslation()
  const { plan, change } = usePlan()
  const problem = useProblemOf()('cap')
  const { cap } = plan
  return (
    <div className="ml-8 flex flex-wrap items-start gap-3">
      <TextField
        label={t('newCampaign.capCount')}
        type="number"
        inputMode="numeric"
        min={1}
        max={1000}
        className="w-36"
        value={cap.count ?? ''}
        error={problem}
        onChange={(event) => change({ cap: { ...cap, count: readAmount(event.target.value) } })}
      />
      <TextField
        label={t('newCampaign.capDays')}
        type="number"
        inputMode="numeric"
        min={1}
        max={90}
        className="w-36"
        value={cap.days ?? ''}
        onChange={(event) => change({ cap: { ...cap, days: readAmount(event.target.value) } })}
      />
    </div>
  )
}
