import type { ComponentProps, ReactNode } from 'react'
import { cn } from './cn.ts'

const CARD = 'rounded-card border border-line bg-surface p-4 shadow-card sm:p-6'

/** A part of a page. */
export function Card({ className, ...rest }: ComponentProps<'section'>) {
  return <section {...rest} className={cn(CARD, className)} />
}

/** One of several things in a list. No landmark, because two may have the same name. */
export function ItemCard({ className, ...rest }: ComponentProps<'article'>) {
  return <article {...rest} className={cn(CARD, className)} />
}

/** The page's title, one sentence about it, and what can be done here. */
export function PageHeader({ title, lead, actions }: { title: string; lead?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
      <div className="min-w-0 max-w-2xl">
        <h1 className="text-2xl font-bold sm:text-3xl">{title}</h1>
        {lead !== undefined && <p className="mt-2 text-ink-soft">{lead}</p>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap gap-3">{actions}</div>}
    </header>
  )
}

const TONES = {
  neutral: 'bg-sunk text-ink-soft',
  info: 'bg-primary-soft text-primary-text',
  good: 'bg-good-soft text-good-text',
  warn: 'bg-warn-soft text-warn-text',
  bad: 'bg-bad-soft text-bad-text',
} as const
export type Tone = keyof typeof TONES

/** A state in one or two words. The colour repeats what the words say. */
export function Badge({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={cn(
        'inline-flex shrink-0 items-center gap-1.5 rounded-full whitespace-nowrap px-2.5 py-1 text-xs font-semibold',
        TONES[tone],
      )}
    >
      <span aria-hidden="true" className="h-1.5 w-1.5 rounded-full bg-current" />
      {children}
    </span>
  )
}
