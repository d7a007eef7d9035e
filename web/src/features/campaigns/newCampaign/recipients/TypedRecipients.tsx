import { useTranslation } from 'react-i18next'
import { CountryField } from '../../../../lib/CountryField.tsx'
import { useFormat } from '../../../../lib/useFormat.ts'
import { TextArea } from '../../../../ui/fields.tsx'
import { MAX_TYPED } from '../plan/campaignPlan.ts'
import { usePlan, useProblemOf } from '../PlanContext.tsx'
import { TypedList } from './TypedList.tsx'
import { useJudgedEntries } from './useJudgedEntries.ts'

/** The box for numbers, and below it what each of them means, while it is typed. */
export function TypedRecipients() {
  const { t } = useTranslation()
  const { plan, change } = usePlan()
  const problemOf = useProblemOf()
  const judged = useJudgedEntries(plan.typed, plan.defaultCountry)
  const isEmpty = plan.typed.trim() === ''
  return (
    <div className="flex flex-col gap-4">
      <TextArea
        label={t('newCampaign.typed')}
        hint={t('newCampaign.typedHint', { max: MAX_TYPED, nome: '{{nome}}' })}
        placeholder={'Maria Souza 11 98765-4321\n+351 912 345 678'}
        autoComplete="off"
        spellCheck={false}
        dir="auto"
        value={plan.typed}
        error={problemOf('typed')}
        onChange={(event) => change({ typed: event.target.value })}
      />
      {!isEmpty && (
        <CountryField
          label={t('newCampaign.country')}
          value={plan.defaultCountry}
          onChange={(defaultCountry) => change({ defaultCountry })}
        />
      )}
      {!isEmpty && judged !== null && (
        <>
          <TypedCounts entries={judged.entries} />
          <TypedList
            entries={judged.entries}
            onMend={(entry, phone) => change({ typed: judged.rules.withCorrection(plan.typed, entry, phone) })}
            onRemove={(entry) => change({ typed: judged.rules.withoutEntry(plan.typed, entry) })}
          />
        </>
      )}
    </div>
  )
}

function TypedCounts({ entries }: { entries: readonly { verdict: { state: 'valid' | 'duplicate' | 'invalid' } }[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const count = (state: string) => entries.filter(({ verdict }) => verdict.state === state).length
  const parts = (['valid', 'duplicate', 'invalid'] as const).map((state) => ({ state, n: count(state) }))
  return (
    <p role="status" className="tabular flex flex-wrap gap-x-4 gap-y-1 text-sm font-medium">
      {parts
        .filter(({ state, n }) => n > 0 || state === 'valid')
        .map(({ state, n }) => (
          <span key={state} className={state === 'invalid' ? 'text-bad-text' : 'text-ink-soft'}>
            {t(`newCampaign.typedStates.${state}`, { count: n, n: format.number(n) })}
          </span>
        ))}
    </p>
  )
}
