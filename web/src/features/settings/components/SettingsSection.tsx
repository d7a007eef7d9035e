import { useId, type ReactNode } from 'react'
import { Card } from '../../../ui/Card.tsx'

type Props = { title: string; lead?: ReactNode; children: ReactNode }

/** One subject of the settings: what it is, one sentence, and its controls no wider than they are read. */
export function SettingsSection({ title, lead, children }: Props) {
  const id = useId()
  return (
    <Card aria-labelledby={id} className="flex flex-col gap-4">
      <div>
        <h2 id={id} className="text-lg font-semibold">
          {title}
        </h2>
        {lead !== undefined && <p className="mt-1 max-w-prose text-sm text-ink-soft">{lead}</p>}
      </div>
      {children}
    </Card>
  )
}
