import { useTranslation } from 'react-i18next'
import { formatPhone } from '../../../../lib/formatPhone.ts'
import { Button } from '../../../../ui/Button.tsx'
import { Icon } from '../../../../ui/icons.tsx'
import { ScrollArea } from '../../../../ui/ScrollArea.tsx'
import type { JudgedEntry } from '../plan/judgeTyped.ts'
import type { TypedEntry } from '#contract/parseTypedRecipients.ts'

type Props = {
  entries: readonly JudgedEntry[]
  onMend: (entry: TypedEntry, phone: string) => void
  onRemove: (entry: TypedEntry) => void
}

/** What needs a look comes first, with what can be done; the rest is there to be read over. */
export function TypedList({ entries, onMend, onRemove }: Props) {
  const { t } = useTranslation()
  const unusable = entries.filter(({ verdict }) => verdict.state !== 'valid')
  const valid = entries.filter(({ verdict }) => verdict.state === 'valid')
  return (
    <ScrollArea
      role="region"
      label={t('newCampaign.typedListLabel')}
      className="max-h-72 rounded-control border border-line"
    >
      {unusable.length > 0 && (
        <ul className="divide-y divide-line">
          {unusable.map((entry) => (
            <Unusable key={entry.from} entry={entry} onMend={onMend} onRemove={onRemove} />
          ))}
        </ul>
      )}
      {valid.length > 0 && (
        <ul className="flex flex-wrap gap-2 p-3 not-first:border-t not-first:border-line">
          {valid.map((entry) => (
            <ValidEntry key={entry.from} entry={entry} />
          ))}
        </ul>
      )}
    </ScrollArea>
  )
}

function ValidEntry({ entry: { name, verdict } }: { entry: JudgedEntry }) {
  const { t } = useTranslation()
  if (verdict.state !== 'valid') return null
  const warnings = verdict.warnings.map((warning) => t(`newCampaign.warnings.${warning}`))
  return (
    <li className="tabular inline-flex max-w-full items-center gap-1.5 rounded-full bg-good-soft px-2.5 py-1 text-xs text-good-text">
      <Icon name="check" className="h-3.5 w-3.5" />
      <span className="sr-only">{t('newCampaign.typedMarks.valid')}</span>
      <span className="min-w-0 truncate">
        {name !== undefined && <bdi className="font-semibold">{name} </bdi>}
        {formatPhone(verdict.phone)}
        {warnings.length > 0 && ` · ${warnings.join(', ')}`}
      </span>
    </li>
  )
}

function Unusable({ entry, onMend, onRemove }: Omit<Props, 'entries'> & { entry: JudgedEntry }) {
  const { t } = useTranslation()
  const { verdict } = entry
  if (verdict.state === 'valid') return null
  const suggestion = verdict.state === 'invalid' ? verdict.suggestion : null
  const isInvalid = verdict.state === 'invalid'
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 py-2">
      <Icon name={isInvalid ? 'alert' : 'info'} className={isInvalid ? 'text-bad-text' : 'text-ink-soft'} />
      <span className="min-w-0 flex-1 basis-56 text-sm">
        <bdi className="block font-semibold">{[entry.name, entry.phone].filter(Boolean).join(' ')}</bdi>
        <span className={isInvalid ? 'text-bad-text' : 'text-ink-soft'}>
          {isInvalid ? t(`newCampaign.reasons.${verdict.reason}`) : t('newCampaign.typedMarks.duplicate')}
          {suggestion !== null && ` ${t(`newCampaign.corrections.${suggestion.reason}`)}`}
        </span>
      </span>
      {suggestion !== null && (
        <Button look="secondary" size="small" onClick={() => onMend(entry, suggestion.phone)}>
          {t('newCampaign.useSuggestion', { phone: formatPhone(suggestion.phone) })}
        </Button>
      )}
      <Button
        look="quiet"
        size="small"
        aria-label={t('newCampaign.removeNamed', { name: entry.phone })}
        onClick={() => onRemove(entry)}
      >
        {t('newCampaign.remove')}
      </Button>
    </li>
  )
}
