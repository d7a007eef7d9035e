import type { ReactNode } from 'react'
import { cn } from './cn.ts'

export type BarItem = {
  key: string
  label: ReactNode
  hint?: ReactNode
  value: number
  text: string
  className?: string
}

/** Amounts of one kind beside each other: a list whose lines are as long as their numbers. */
export function BarList({ items }: { items: readonly BarItem[] }) {
  const highest = Math.max(...items.map((item) => item.value), 1)
  return (
    <ul className="flex flex-col gap-3">
      {items.map((item) => (
        <li key={item.key} className="flex flex-col gap-1">
          <p className="flex items-baseline justify-between gap-3">
            <span className="min-w-0 font-medium">{item.label}</span>
            <span className="tabular shrink-0 font-semibold">{item.text}</span>
          </p>
          <span aria-hidden="true" className="block h-2.5 overflow-hidden rounded-full bg-sunk">
            <span
              className={cn('block h-full min-w-0.5 rounded-full bg-primary', item.className)}
              style={{ width: `${(item.value / highest) * 100}%` }}
            />
          </span>
          {item.hint !== undefined && <p className="text-sm text-ink-soft">{item.hint}</p>}
        </li>
      ))}
    </ul>
  )
}
