import { useTranslation } from 'react-i18next'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button, Spinner } from '../../../ui/Button.tsx'
import { cn } from '../../../ui/cn.ts'
import { Icon, type IconName } from '../../../ui/icons.tsx'
import type { PhoneState } from '../usePhoneCheck.ts'

type Tone = 'quiet' | 'good' | 'warn' | 'bad'

const TONES: Record<Tone, { text: string; icon: IconName | null }> = {
  quiet: { text: 'text-ink-soft', icon: null },
  good: { text: 'text-good-text', icon: 'check' },
  warn: { text: 'text-warn-text', icon: 'alert' },
  bad: { text: 'text-bad-text', icon: 'alert' },
}

const TONE_OF: Record<PhoneState['kind'], Tone> = {
  idle: 'quiet',
  checking: 'quiet',
  valid: 'good',
  suggestion: 'warn',
  invalid: 'bad',
  notOnWhatsapp: 'bad',
  cannotCheck: 'warn',
}

/** What is known of the number in the field, in one line that is also spoken as it changes. */
export function PhoneFeedback({ state }: { state: PhoneState }) {
  const text = usePhoneText(state)
  const { text: colour, icon } = TONES[TONE_OF[state.kind]]
  return (
    <span role="status" data-state={state.kind} className={cn('flex min-h-6 items-start gap-1.5', colour)}>
      {state.kind === 'checking' && <Spinner className="mt-0.5 h-4 w-4" />}
      {icon !== null && <Icon name={icon} className="mt-0.5 h-4 w-4" />}
      <span className="min-w-0">{text}</span>
    </span>
  )
}

/** What can be done about it with one tap. */
export function PhoneActions({
  state,
  onUse,
  onAgain,
}: {
  state: PhoneState
  onUse: (phone: string) => void
  onAgain: () => void
}) {
  const { t } = useTranslation()
  if (state.kind === 'suggestion') {
    const { phone, others } = state.suggestion
    return (
      <div className="flex flex-wrap gap-2">
        {[phone, ...others].map((number) => (
          <Button key={number} look="secondary" size="small" icon="check" onClick={() => onUse(number)}>
            {t('singleMessage.useNumber', { phone: formatPhone(number) })}
          </Button>
        ))}
      </div>
    )
  }
  if (state.kind !== 'cannotCheck' || state.obstacle === 'UNSUPPORTED') return null
  return (
    <Button look="quiet" size="small" icon="refresh" className="self-start" onClick={onAgain}>
      {t('singleMessage.checkAgain')}
    </Button>
  )
}

function usePhoneText(state: PhoneState): string {
  const { t } = useTranslation()
  const format = useFormat()
  switch (state.kind) {
    case 'idle':
      return t('singleMessage.phoneHint')
    case 'checking':
      return t('singleMessage.checking')
    case 'valid': {
      const phone = formatPhone(state.phone)
      return state.confirmed ? t('singleMessage.onWhatsapp', { phone }) : t('singleMessage.dialable', { phone })
    }
    case 'suggestion':
      return `${t('singleMessage.didYouMean')} ${t(`singleMessage.correction.${state.suggestion.reason}`)}`
    case 'invalid':
      return t(`singleMessage.invalid.${state.reason}`)
    case 'notOnWhatsapp':
      return t('singleMessage.notOnWhatsapp', { phone: formatPhone(state.phone) })
    case 'cannotCheck': {
      const minutes = Math.ceil((state.retryAfterSeconds ?? 0) / 60)
      const why = t(`singleMessage.obstacle.${state.obstacle}`)
      const wait = minutes === 0 ? '' : ` ${t('singleMessage.checkIn', { count: minutes, n: format.number(minutes) })}`
      return `${why}${wait} ${t('singleMessage.sendAnyway')}`
    }
  }
}
