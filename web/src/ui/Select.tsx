import { Select as BaseSelect } from '@base-ui/react/select'
import { useId, type ReactNode } from 'react'
import { cn } from './cn.ts'
import { Icon } from './icons.tsx'
import { listItemClass, popupListClass } from './overlay.ts'

export type SelectOption<T extends string> = { value: T; label: string; hint?: ReactNode }

type Props<T extends string> = {
  label: string
  value: T
  options: readonly SelectOption<T>[]
  onChange: (value: T) => void
  /** The label is heard, not seen: a filter whose value says what it is. */
  labelHidden?: boolean
  className?: string
}

/** One of a few, each with a line of explanation if it needs one. For long lists take `SelectField` or `Combobox`. */
export function Select<T extends string>({
  label,
  value,
  options,
  onChange,
  labelHidden = false,
  className,
}: Props<T>) {
  const id = useId()
  const items = Object.fromEntries(options.map((option) => [option.value, option.label]))
  return (
    <div className={cn('flex min-w-0 flex-col gap-1.5', className)}>
      <span id={id} className={labelHidden ? 'sr-only' : 'self-start text-sm font-semibold'}>
        {label}
      </span>
      <BaseSelect.Root
        items={items}
        value={value}
        onValueChange={(next) => next !== null && onChange(next)}
        modal={false}
      >
        <BaseSelect.Trigger
          aria-labelledby={id}
          className="flex min-h-11 w-full items-center justify-between gap-2 rounded-control border border-line-strong bg-surface px-3.5 text-left transition-colors duration-(--quick) hover:border-primary"
        >
          <BaseSelect.Value className="min-w-0 truncate" />
          <BaseSelect.Icon>
            <Icon name="down" className="h-4 w-4 text-ink-soft" />
          </BaseSelect.Icon>
        </BaseSelect.Trigger>
        <BaseSelect.Portal>
          <BaseSelect.Positioner alignItemWithTrigger={false} sideOffset={6} className="z-50 outline-none">
            <BaseSelect.Popup className={popupListClass}>
              {options.map((option) => (
                <BaseSelect.Item key={option.value} value={option.value} className={listItemClass}>
                  <span className="min-w-0 flex-1">
                    <BaseSelect.ItemText>{option.label}</BaseSelect.ItemText>
                    {option.hint !== undefined && <span className="block text-sm text-ink-soft">{option.hint}</span>}
                  </span>
                  <BaseSelect.ItemIndicator>
                    <Icon name="check" />
                  </BaseSelect.ItemIndicator>
                </BaseSelect.Item>
              ))}
            </BaseSelect.Popup>
          </BaseSelect.Positioner>
        </BaseSelect.Portal>
      </BaseSelect.Root>
    </div>
  )
}
