import { useId, type ReactNode } from 'react'

type Props<T extends string> = {
  label: string
  value: T
  options: readonly { value: T; label: string; hint?: ReactNode }[]
  onChange: (value: T) => void
}

/** One of a few, each on a line of its own with what it means. */
export function RadioList<T extends string>({ label, value, options, onChange }: Props<T>) {
  const name = useId()
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className="flex items-start gap-3 rounded-control border border-line-strong p-3 transition-colors duration-(--quick) hover:border-primary has-checked:border-primary has-checked:bg-primary-soft"
        >
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="mt-1 h-4 w-4 shrink-0 accent-(--primary)"
          />
          <span className="flex min-w-0 flex-col">
            <span className="font-medium">{option.label}</span>
            {option.hint !== undefined && <span className="text-sm text-ink-soft">{option.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}
