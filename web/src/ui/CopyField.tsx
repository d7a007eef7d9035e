import { useEffect, useId, useState } from 'react'
import { Button } from './Button.tsx'

type Props = { label: string; value: string; copyLabel: string; copiedLabel: string; hint?: string }

/** A text to be taken elsewhere: an API key shown once, an address for a webhook. */
export function CopyField({ label, value, copyLabel, copiedLabel, hint }: Props) {
  const id = useId()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2500)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    // Without https a browser may refuse; then the text is selected and can be copied by hand.
    const field = document.getElementById(id)
    if (field instanceof HTMLInputElement) field.select()
    try {
      await navigator.clipboard.writeText(value)
      setCopied(true)
    } catch {
      field?.focus()
    }
  }
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="self-start text-sm font-semibold">
        {label}
      </label>
      <div className="flex gap-2">
        <input
          id={id}
          readOnly
          value={value}
          onFocus={(event) => event.target.select()}
          className="min-h-11 w-full min-w-0 rounded-control border border-line-strong bg-sunk px-3.5 font-mono text-sm"
        />
        <Button look="secondary" icon={copied ? 'check' : 'copy'} onClick={() => void copy()}>
          {copied ? copiedLabel : copyLabel}
        </Button>
      </div>
      {hint !== undefined && <p className="text-sm text-ink-soft">{hint}</p>}
      <span role="status" className="sr-only">
        {copied ? copiedLabel : ''}
      </span>
    </div>
  )
}
