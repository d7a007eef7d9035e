import type { ReactNode } from 'react'
import { PerchedFlock } from './Flock.tsx'

type Props = { title: string; heading?: 'h1' | 'h2'; children?: ReactNode; action?: ReactNode }

/** Nothing here yet: says what would be here and what to do next. */
export function EmptyState({ title, heading: Heading = 'h2', children, action }: Props) {
  return (
    <div className="flex flex-col items-center gap-3 rounded-card border border-dashed border-line-strong px-6 py-12 text-center">
      <PerchedFlock />
      <Heading className="text-lg font-semibold">{title}</Heading>
      {children !== undefined && <p className="max-w-md text-ink-soft">{children}</p>}
      {action !== undefined && <div className="mt-2 flex flex-wrap justify-center gap-3">{action}</div>}
    </div>
  )
}
