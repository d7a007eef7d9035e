import { useTranslation } from 'react-i18next'
import { SUPPRESSION_REASONS, type SuppressionReason } from '#contract/suppressions.ts'
import { SelectField } from '../../../ui/fields.tsx'

export type GivenReason = Exclude<SuppressionReason, 'erased'>

export const GIVEN_REASONS = SUPPRESSION_REASONS.filter((reason): reason is GivenReason => reason !== 'erased')

type Props = { value: GivenReason; hint?: string; onChange: (reason: GivenReason) => void }

/** Why nothing is sent. That somebody was erased is no reason to choose: it follows from erasing. */
export function ReasonField({ value, hint, onChange }: Props) {
  const { t } = useTranslation()
  return (
    <SelectField
      label={t('suppressions.reason')}
      hint={hint}
      value={value}
      onChange={(event) => onChange(GIVEN_REASONS.find((reason) => reason === event.target.value) ?? 'manual')}
    >
      {GIVEN_REASONS.map((reason) => (
        <option key={reason} value={reason}>
          {t(`suppressions.reasons.${reason}`)}
        </option>
      ))}
    </SelectField>
  )
}
