import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/Button.tsx'
import { TextField } from '../../ui/fields.tsx'
import { useFormat } from '../useFormat.ts'
import { formatPhone } from '../formatPhone.ts'
import { usePhoneCheck, type PhoneCheck } from './usePhoneCheck.ts'

type Props = {
  label: string
  hint?: string
  value: string
  defaultCountry: string
  error?: string | undefined
  onChange: (phone: string) => void
}

/** A number in any spelling, read while it is typed: what it means, what it may have meant, or what is wrong with it. */
export function PhoneField({ label, hint, value, defaultCountry, error, onChange }: Props) {
  const check = usePhoneCheck(value, defaultCountry)
  return (
    <div className="flex flex-col gap-1.5">
      <TextField
        label={label}
        hint={hint}
        type="tel"
        inputMode="tel"
        autoComplete="off"
        maxLength={200}
        value={value}
        error={error}
        onChange={(event) => onChange(event.target.value)}
      />
      <Verdict check={check} onTake={onChange} />
    </div>
  )
}

function Verdict({ check, onTake }: { check: PhoneCheck; onTake: (phone: string) => void }) {
  const { t } = useTranslation()
  const suggestion = check.state === 'checked' ? check.answer.suggestion : null
  return (
    <>
      <p role="status" className="min-h-6 text-sm">
        <Sentence check={check} />
      </p>
      {suggestion !== null && (
        <Button look="secondary" size="small" className="self-start" onClick={() => onTake(suggestion.phone)}>
          {t('phones.take', { phone: formatPhone(suggestion.phone) })}
        </Button>
      )}
    </>
  )
}

function Sentence({ check }: { check: PhoneCheck }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (check.state === 'idle') return null
  if (check.state === 'checking') return <span className="text-ink-soft">{t('phones.checking')}</span>
  if (check.state === 'failed') return <span className="text-warn-text">{t('phones.notChecked')}</span>
  const { normalized, error, country, suggestion } = check.answer
  if (error !== null || normalized === null) {
    const reason = suggestion === null ? t(`phones.reasons.${error ?? 'NOT_A_NUMBER'}`) : null
    return <span className="font-medium text-bad-text">{reason ?? t('phones.maybe')}</span>
  }
  const where = country === null ? '' : ` · ${format.region(country)}`
  return (
    <span className="tabular font-medium text-good-text">
      ✓ {formatPhone(normalized)}
      {where}
    </span>
  )
}
