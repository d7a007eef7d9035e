import { Combobox as BaseCombobox } from '@base-ui/react/combobox'
import { cn } from './cn.ts'
import { FieldFrame, type ControlProps } from './fields.tsx'
import { Icon } from './icons.tsx'
import { listItemClass, popupListClass } from './overlay.ts'

export type ComboboxItem = { value: string; label: string; hint?: string }

type Props = {
  label: string
  placeholder?: string
  /** What can be chosen now; with `onSearch` it is what the server found. */
  items: readonly ComboboxItem[]
  emptyText: string
  clearLabel: string
  hint?: string
  error?: string | undefined
  /** What was typed; the list is then no longer filtered here. */
  onSearch?: (text: string) => void
  className?: string
}

type SingleProps = Props & { value: ComboboxItem | null; onChange: (item: ComboboxItem | null) => void }
type MultipleProps = Props & {
  value: readonly ComboboxItem[]
  onChange: (items: ComboboxItem[]) => void
  removeLabel: (item: ComboboxItem) => string
}

const isSame = (a: ComboboxItem, b: ComboboxItem) => a.value === b.value
const frame =
  'flex w-full items-center gap-1.5 rounded-control border border-line-strong bg-surface transition-colors duration-(--quick) hover:border-primary focus-within:outline-2 focus-within:outline-primary has-aria-invalid:border-bad'

/** One of many, found by typing. */
export function Combobox({ value, onChange, ...props }: SingleProps) {
  return (
    <BaseCombobox.Root {...sourceOf(props)} value={value} onValueChange={onChange}>
      <Field {...props}>
        {(control) => (
          <BaseCombobox.InputGroup className={cn(frame, 'pr-2')}>
            <Input {...control} placeholder={props.placeholder} className="px-3.5" />
            <BaseCombobox.Clear
              aria-label={props.clearLabel}
              className="flex h-8 w-8 shrink-0 items-center justify-center rounded-control text-ink-soft hover:bg-sunk"
            >
              <Icon name="close" className="h-4 w-4" />
            </BaseCombobox.Clear>
            <Icon name="down" className="h-4 w-4 text-ink-soft" />
          </BaseCombobox.InputGroup>
        )}
      </Field>
      <List emptyText={props.emptyText} />
    </BaseCombobox.Root>
  )
}

/** Several of many, found by typing; those chosen stand before the text and leave by their cross or Backspace. */
export function MultiCombobox({ value, onChange, removeLabel, ...props }: MultipleProps) {
  return (
    <BaseCombobox.Root multiple {...sourceOf(props)} value={[...value]} onValueChange={onChange}>
      <Field {...props}>
        {(control) => (
          <BaseCombobox.InputGroup className={frame}>
            <BaseCombobox.Chips className="flex min-w-0 flex-1 flex-wrap items-center gap-1.5 p-1.5">
              {value.map((item) => (
                <BaseCombobox.Chip
                  key={item.value}
                  className="flex max-w-full items-center gap-1 rounded-[0.45rem] bg-primary-soft py-0.5 pr-0.5 pl-2.5 text-sm font-medium text-primary-text outline-none data-highlighted:bg-primary data-highlighted:text-primary-ink"
                >
                  <span className="min-w-0 truncate">{item.label}</span>
                  <BaseCombobox.ChipRemove
                    aria-label={removeLabel(item)}
                    className="flex h-7 w-7 shrink-0 items-center justify-center rounded-[0.4rem] hover:bg-surface"
                  >
                    <Icon name="close" className="h-3.5 w-3.5" />
                  </BaseCombobox.ChipRemove>
                </BaseCombobox.Chip>
              ))}
              <Input {...control} placeholder={props.placeholder} className="min-h-8 px-2" />
            </BaseCombobox.Chips>
          </BaseCombobox.InputGroup>
        )}
      </Field>
      <List emptyText={props.emptyText} />
    </BaseCombobox.Root>
  )
}

/** Where what can be chosen comes from: the list at hand, or the server that is asked for what is typed. */
function sourceOf({ items, onSearch }: Props) {
  return {
    items,
    isItemEqualToValue: isSame,
    onInputValueChange: (text: string) => onSearch?.(text),
    ...(onSearch === undefined ? {} : { filter: null }),
  }
}

function Field({
  label,
  hint,
  error,
  className,
  children,
}: Props & { children: (control: ControlProps) => React.ReactNode }) {
  return (
    <FieldFrame label={label} hint={hint} error={error} className={cn('min-w-0', className)}>
      {children}
    </FieldFrame>
  )
}

function Input({ className, ...input }: ControlProps & { placeholder: string | undefined; className: string }) {
  return (
    <BaseCombobox.Input
      {...input}
      className={cn('min-h-11 min-w-24 flex-1 bg-transparent text-base outline-none', className)}
    />
  )
}

function List({ emptyText }: { emptyText: string }) {
  return (
    <BaseCombobox.Portal>
      <BaseCombobox.Positioner sideOffset={6} className="z-50 outline-none">
        <BaseCombobox.Popup className={popupListClass}>
          <BaseCombobox.Empty className="px-3 py-2 text-ink-soft empty:hidden">{emptyText}</BaseCombobox.Empty>
          <BaseCombobox.List>
            {(item: ComboboxItem) => (
              <BaseCombobox.Item key={item.value} value={item} className={listItemClass}>
                <span className="min-w-0 flex-1">
                  {item.label}
                  {item.hint !== undefined && <span className="block text-sm text-ink-soft">{item.hint}</span>}
                </span>
                <BaseCombobox.ItemIndicator>
                  <Icon name="check" />
                </BaseCombobox.ItemIndicator>
              </BaseCombobox.Item>
            )}
          </BaseCombobox.List>
        </BaseCombobox.Popup>
      </BaseCombobox.Positioner>
    </BaseCombobox.Portal>
  )
}
