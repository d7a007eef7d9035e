import { useLayoutEffect, useRef } from 'react'
import { TextArea } from './fields.tsx'

type Props = {
  label: string
  /** How long it is and may be. */
  hint: string
  value: string
  error: string | undefined
  /** Nothing beyond is typed or put in. */
  maxLength?: number
  variables: readonly string[]
  /** Names the chips for those who hear them, and with `namesChips` for everybody. */
  chipsLabel: string
  namesChips?: boolean
  chipLabel: (variable: string) => string
  className: string
  onChange: (text: string) => void
}

/** A text, and below it chips of the variables that are put in where the cursor stands. */
export function TextWithVariables({ chipsLabel, namesChips = false, chipLabel, variables, onChange, ...field }: Props) {
  const { area, insert } = useInsertion(field.value, field.maxLength, onChange)
  return (
    <div className="flex flex-col gap-3">
      <TextArea ref={area} dir="auto" {...field} onChange={(event) => onChange(event.target.value)} />
      <div role="group" aria-label={chipsLabel} className="flex flex-wrap items-center gap-2">
        {namesChips && (
          <span aria-hidden="true" className="text-sm text-ink-soft">
            {chipsLabel}
          </span>
        )}
        {variables.map((variable) => (
          <button
            key={variable}
            type="button"
            aria-label={chipLabel(variable)}
            onClick={() => insert(`{{${variable}}}`)}
            className="min-h-9 max-w-full truncate rounded-full border border-line-strong px-3 font-mono text-xs text-primary-text transition-colors duration-(--quick) hover:bg-primary-soft"
          >
            {`{{${variable}}}`}
          </button>
        ))}
      </div>
    </div>
  )
}

/** Puts words in for what is selected, and the cursor behind them. */
function useInsertion(text: string, maxLength = Infinity, onChange: (text: string) => void) {
  const area = useRef<HTMLTextAreaElement>(null)
  const cursor = useRef<number | null>(null)
  // Once the longer text is in the field: before that the cursor would be put where there is nothing yet.
  useLayoutEffect(() => {
    if (cursor.current === null) return
    area.current?.focus()
    area.current?.setSelectionRange(cursor.current, cursor.current)
    cursor.current = null
  }, [text])
  const insert = (words: string) => {
    const from = area.current?.selectionStart ?? text.length
    const to = area.current?.selectionEnd ?? text.length
    const next = text.slice(0, from) + words + text.slice(to)
    if (next.length > maxLength) return
    cursor.current = from + words.length
    onChange(next)
  }
  return { area, insert }
}
