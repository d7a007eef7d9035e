import { Switch as BaseSwitch } from '@base-ui/react/switch'
import { useId, type ReactNode } from 'react'

type Props = {
  label: string
  hint?: ReactNode
  checked: boolean
  disabled?: boolean
  onChange: (checked: boolean) => void
}

/** On or off, and it takes effect at once. In a form that is saved later take `CheckField`. */
export function Switch({ label, hint, checked, disabled = false, onChange }: Props) {
  const id = useId()
  return (
    <div className="flex min-h-11 items-start justify-between gap-4">
      <div className="min-w-0 py-1">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint !== undefined && (
          <p id={`${id}-hint`} className="text-sm text-ink-soft">
            {hint}
          </p>
        )}
      </div>
      <BaseSwitch.Root
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className="relative mt-1 h-7 w-12 shrink-0 rounded-full border border-line-strong bg-sunk transition-colors duration-(--quick) data-checked:border-primary data-checked:bg-primary data-disabled:opacity-50"
      >
        <BaseSwitch.Thumb className="block h-5 w-5 translate-x-1 rounded-full bg-line-strong transition-transform duration-(--quick) data-checked:translate-x-5.5 data-checked:bg-primary-ink" />
      </BaseSwitch.Root>
    </div>
  )
}
