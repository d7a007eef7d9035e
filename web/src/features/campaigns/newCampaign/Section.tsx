import { useId, type ReactNode } from 'react'
import { Card } from '../../../ui/Card.tsx'

/** One numbered step of the form. */
export function Section({ step, title, children }: { step: number; title: string; children: ReactNode }) {
  const id = useId()
  return (
    <Card aria-labelledby={id} className="flex flex-col gap-5">
      <h2 id={id} className="flex items-center gap-3 text-xl font-bold">
        <span
          aria-hidden="true"
          className="flex h-8 w-8 items-center justify-center rounded-full bg-primary-soft text-base text-primary-text"
        >
          {step}
        </span>
        {title}
      </h2>
      {children}
    </Card>
  )
}
