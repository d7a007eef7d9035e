import type { ReactNode } from 'react'
import { cn } from './cn.ts'
import { Icon, type IconName } from './icons.tsx'

const TONES = {
  info: { box: 'bg-primary-soft text-primary-text', icon: 'info' },
  good: { box: 'bg-good-soft text-good-text', icon: 'check' },
  warn: { box: 'bg-warn-soft text-warn-text', icon: 'alert' },
  bad: { box: 'bg-bad-soft text-bad-text', icon: 'alert' },
} as const satisfies Record<string, { box: string; icon: IconName }>
export type NoticeTone = keyof typeof TONES

type Props = { tone?: NoticeTone; title?: ReactNode; children?: ReactNode; action?: ReactNode; className?: string }

/** Something to know, and what to do about it. Bad news is announced at once, the rest when there is a pause. */
export function Notice({ tone = 'info', title, children, action, className }: Props) {
  const look = TONES[tone]
  return (
    <div
      role={tone === 'bad' ? 'alert' : 'status'}
      className={cn('flex gap-3 rounded-control p-4', look.box, className)}
    >
      <Icon name={look.icon} className="mt-0.5" />
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        {title !== undefined && <p className="font-semibold">{title}</p>}
        {children !== undefined && <div className="text-sm">{children}</div>}
        {action !== undefined && <div className="mt-2 flex flex-wrap gap-2">{action}</div>}
      </div>
    </div>
  )
}
