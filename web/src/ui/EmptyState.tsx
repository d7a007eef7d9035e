import type { ReactNode } from 'react'
import { PerchedFlock } from './Flock.tsx'

/** Nothing here yet: says what would be here and what to do next. */
export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-3 rounded-card border border-dashed border-line-strong px-6 py-12 text-center">
      <PerchedFlock />
      <h2 className="text-lg font-semibold">{title}</h2>
      {children !== undefined && <p className="max-w-md text-ink-soft">{children}</p>}
      {action !== undefined && <div className="mt-2 flex flex-wrap justify-center gap-3">{action}</div>}
    </div>
  )
}
