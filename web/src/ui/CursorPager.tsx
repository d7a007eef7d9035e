import type { ReactNode } from 'react'
import { Button } from './Button.tsx'

type Props = {
  moreLabel: string
  hasMore: boolean
  busy: boolean
  onMore: () => void
  /** "40 shown", so that one knows how far one is. */
  shown?: ReactNode
}

/** The end of a list whose pages hang together by cursors: more below, or nothing more. */
export function CursorPager({ moreLabel, hasMore, busy, onMore, shown }: Props) {
  if (!hasMore && shown === undefined) return null
  return (
    <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
      {shown !== undefined && <p className="tabular text-sm text-ink-soft">{shown}</p>}
      {hasMore && (
        <Button look="secondary" size="small" busy={busy} onClick={onMore}>
          {moreLabel}
        </Button>
      )}
    </div>
  )
}
