import type { ReactNode } from 'react'
import { cn } from './cn.ts'

type Kind = { as?: 'div'; role: 'region' | 'group' } | { as: 'ul' | 'ol'; role?: never }
type Name = { label: string; labelledBy?: never } | { label?: never; labelledBy: string }

/** A box that scrolls within the page: it has a name, and the keyboard reaches it, since nothing else could scroll it. */
export function ScrollArea({
  as: Box = 'div',
  role,
  label,
  labelledBy,
  className,
  children,
}: Kind & Name & { className: string; children: ReactNode }) {
  return (
    <Box
      role={role}
      aria-label={label}
      aria-labelledby={labelledBy}
      // Not a thing to press: the focus is what lets the arrow keys scroll.
      tabIndex={0}
      className={cn('overflow-auto', className)}
    >
      {children}
    </Box>
  )
}
