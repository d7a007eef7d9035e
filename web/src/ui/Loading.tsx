import { Spinner } from './Button.tsx'

/** Something is on its way; announced once, drawn quietly. */
export function Loading({ label }: { label: string }) {
  return (
    <p role="status" className="flex items-center gap-3 py-8 text-ink-soft">
      <Spinner />
      {label}
    </p>
  )
}
