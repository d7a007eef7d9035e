import { cn } from './cn.ts'

export type Segment = { key: string; value: number; className: string }

/** Parts of one whole. Whatever is there is seen: a part of one in a million still gets two pixels. */
export function StackedBar({
  segments,
  label,
  className,
}: {
  segments: readonly Segment[]
  label: string
  className?: string
}) {
  const shown = segments.filter((segment) => segment.value > 0)
  return (
    <div
      role="img"
      aria-label={label}
      className={cn('flex h-4 w-full gap-0.5 overflow-hidden rounded-full bg-sunk', className)}
    >
      {shown.map((segment) => (
        <span
          key={segment.key}
          className={cn('min-w-0.5 transition-[flex-grow] duration-(--calm)', segment.className)}
          style={{ flexGrow: segment.value, flexBasis: 0 }}
        />
      ))}
    </div>
  )
}

/** Work under way. `share` from 0 to 1; null when the end cannot be seen. */
export function ProgressBar({ share, label }: { share: number | null; label: string }) {
  const percent = share === null ? null : Math.round(Math.min(Math.max(share, 0), 1) * 100)
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      className="h-2.5 w-full overflow-hidden rounded-full bg-sunk"
    >
      <span
        className={cn(
          'block h-full rounded-full bg-primary',
          percent === null ? 'sweep w-1/3' : 'transition-[width] duration-(--calm)',
        )}
        style={percent === null ? undefined : { width: `${percent}%` }}
      />
    </div>
  )
}
