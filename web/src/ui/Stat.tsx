import type { ReactNode } from 'react'
import { cn } from './cn.ts'

const TONES = { normal: '', good: 'text-good-text', warn: 'text-warn-text', bad: 'text-bad-text' } as const

type StatProps = {
  label: ReactNode
  value: ReactNode
  hint?: ReactNode
  tone?: keyof typeof TONES
  size?: 'normal' | 'large'
}

/** Numbers at a glance. Inside take `Stat`. */
export function Stats({ className, children }: { className?: string; children: ReactNode }) {
  return <dl className={cn('flex flex-wrap gap-x-10 gap-y-4', className)}>{children}</dl>
}

/** One number and what it counts. */
export function Stat({ label, value, hint, tone = 'normal', size = 'normal' }: StatProps) {
  return (
    <div className="flex min-w-0 flex-col-reverse justify-end">
      {hint !== undefined && <dd className="text-sm text-ink-soft">{hint}</dd>}
      <dt className="text-sm text-ink-soft">{label}</dt>
      <dd
        className={cn(
          'tabular font-bold',
          size === 'large' ? 'text-2xl sm:text-3xl' : 'text-xl sm:text-2xl',
          TONES[tone],
        )}
      >
        {value}
      </dd>
    </div>
  )
}
