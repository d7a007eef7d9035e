import type { ReactNode } from 'react'
import { cn } from './cn.ts'

type Props = { onSubmit: () => void; className?: string; children: ReactNode }

/** Fields below each other. Enter and the button both submit; what is wrong is said at the fields, not by the browser. */
export function Form({ onSubmit, className, children }: Props) {
  return (
    <form
      noValidate
      className={cn('flex flex-col gap-4', className)}
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      {children}
    </form>
  )
}
