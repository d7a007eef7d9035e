import { cn } from './cn.ts'

/** The shape of what is on its way. Says nothing to a screen reader: put `Loading` or a status beside it. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cn('block animate-pulse rounded-control bg-line', className)} />
}

/** Lines of a list that is on its way, announced once. */
export function SkeletonList({ label, rows = 5 }: { label: string; rows?: number }) {
  return (
    <div role="status">
      <span className="sr-only">{label}</span>
      <div className="flex flex-col gap-3">
        {Array.from({ length: rows }, (_, index) => (
          <Skeleton key={index} className="h-16 rounded-card" />
        ))}
      </div>
    </div>
  )
}
