import { useId } from 'react'
import { cn } from './cn.ts'
import { Icon } from './icons.tsx'

type Props = { label: string; value: string; onChange: (text: string) => void; className?: string }

/** Finds in a list. The label is the placeholder too; the caller waits for a pause in the typing before it asks. */
export function SearchField({ label, value, onChange, className }: Props) {
  const id = useId()
  return (
    <div className={cn('relative min-w-0', className)}>
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <Icon name="search" className="pointer-events-none absolute top-3 left-3.5 text-ink-soft" />
      <input
        id={id}
        type="search"
        value={value}
        placeholder={label}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-11 w-full rounded-control border border-line-strong bg-surface pr-3 pl-11 text-base transition-colors duration-(--quick) hover:border-primary focus-visible:outline-offset-0"
      />
    </div>
  )
}
