import { useId } from 'react'
import { cn } from './cn.ts'

type Props<T extends string> = {
  label: string
  /** Heard, not seen. */
  labelHidden?: boolean
  value: T
  options: readonly { value: T; label: string; lang?: string }[]
  onChange: (value: T) => void
}

/** One of a few, all in sight: radio buttons in a row, arrow keys included. */
export function Segmented<T extends string>({ label, labelHidden = false, value, options, onChange }: Props<T>) {
  const name = useId()
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className={labelHidden ? 'sr-only' : 'mb-1.5 text-sm font-semibold'}>{label}</legend>
      <div className={cn('flex rounded-control bg-sunk p-1', labelHidden && 'whitespace-nowrap')}>
        {options.map((option) => (
          <label
            key={option.value}
            lang={option.lang}
            className="flex min-h-10 flex-1 items-center justify-center rounded-[0.5rem] px-3 text-center text-sm font-medium text-ink-soft transition-colors duration-(--quick) has-checked:bg-surface has-checked:text-ink has-checked:shadow-card has-focus-visible:outline-2 has-focus-visible:outline-primary"
          >
            <input
              type="radio"
              name={name}
              className="sr-only"
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
