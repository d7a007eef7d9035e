import { useId, type ReactNode } from 'react'

type Choice<T extends string> = { value: T; label: ReactNode; hint?: ReactNode; aside?: ReactNode }
type Props<T extends string> = {
  legend: string
  /** The heading above says it already. */
  legendHidden?: boolean
  hint?: string
  value: string
  choices: readonly Choice<T>[]
  error?: string | undefined
  onChange: (value: T) => void
}

/** One of a few, each with room for what it means. */
export function ChoiceList<T extends string>(props: Props<T>) {
  const { legend, legendHidden = false, hint, value, choices, error, onChange } = props
  const name = useId()
  return (
    <fieldset className="flex flex-col gap-2" aria-describedby={error === undefined ? undefined : `${name}-error`}>
      <legend className={legendHidden ? 'sr-only' : 'mb-1 text-sm font-semibold'}>{legend}</legend>
      {hint !== undefined && <p className="text-sm text-ink-soft">{hint}</p>}
      {choices.map((choice) => (
        <label
          key={choice.value}
          className="flex min-h-13 items-center gap-3 rounded-control border border-line-strong px-4 py-2 transition-colors duration-(--quick) hover:border-primary has-checked:border-primary has-checked:bg-primary-soft"
        >
          <input
            type="radio"
            name={name}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
            className="h-5 w-5 shrink-0 accent-(--primary)"
          />
          <span className="min-w-0 flex-1">
            <span className="block font-medium">{choice.label}</span>
            {choice.hint !== undefined && <span className="block text-sm text-ink-soft">{choice.hint}</span>}
          </span>
          {choice.aside}
        </label>
      ))}
      {error !== undefined && (
        <p id={`${name}-error`} className="text-sm font-medium text-bad-text">
          {error}
        </p>
      )}
    </fieldset>
  )
}
