import { useId, type ReactNode } from 'react'
import { Card } from '../../../ui/Card.tsx'

type Props = { title: string; lead?: ReactNode; aside?: ReactNode; children: ReactNode }

/** A part of a step, with what it is about. */
export function Section({ title, lead, aside, children }: Props) {
  const id = useId()
  return (
    <Card aria-labelledby={id} className="flex flex-col gap-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 id={id} className="text-xl font-bold">
            {title}
          </h2>
          {lead !== undefined && <p className="mt-1 text-sm text-ink-soft">{lead}</p>}
        </div>
        {aside}
      </div>
      {children}
    </Card>
  )
}
