import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH } from '#contract/campaignMessages.ts'
import { useFormat } from '../../../../lib/useFormat.ts'
import { TextArea } from '../../../../ui/fields.tsx'

type Props = {
  label: string
  value: string
  /** A message of its own, not a caption. */
  isLong: boolean
  variables: readonly string[]
  error: string | undefined
  onChange: (text: string) => void
}

/** A text that may hold variables: they are put in where the cursor stands. */
export function VariableText({ label, value, isLong, variables, error, onChange }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const area = useRef<HTMLTextAreaElement | null>(null)
  const max = isLong ? MAX_TEXT_LENGTH : MAX_CAPTION_LENGTH
  const insert = (variable: string) => {
    const from = area.current?.selectionStart ?? value.length
    const to = area.current?.selectionEnd ?? value.length
    const inserted = `{{${variable}}}`
    onChange(value.slice(0, from) + inserted + value.slice(to))
    // After React has put the new text there; before, the cursor would jump to the end.
    requestAnimationFrame(() => {
      area.current?.focus()
      area.current?.setSelectionRange(from + inserted.length, from + inserted.length)
    })
  }
  return (
    <div className="flex flex-col gap-3">
      <TextArea
        ref={area}
        label={label}
        hint={t('newCampaign.contentLength', { n: format.number(value.length), max: format.number(max) })}
        dir="auto"
        className={isLong ? '[&_textarea]:min-h-44' : '[&_textarea]:min-h-24'}
        value={value}
        error={error}
        onChange={(event) => onChange(event.target.value)}
      />
      <div
        role="group"
        aria-label={`${label}: ${t('newCampaign.variables')}`}
        className="flex flex-wrap items-center gap-2"
      >
        {variables.map((variable) => (
          <button
            key={variable}
            type="button"
            aria-label={t('newCampaign.insert', { variable })}
            onClick={() => insert(variable)}
            className="min-h-9 max-w-full truncate rounded-full border border-line-strong px-3 font-mono text-xs text-primary-text transition-colors duration-(--quick) hover:bg-primary-soft"
          >
            {`{{${variable}}}`}
          </button>
        ))}
      </div>
    </div>
  )
}
