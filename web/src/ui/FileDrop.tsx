import { useId, useState, type DragEvent } from 'react'
import { cn } from './cn.ts'
import { Icon } from './icons.tsx'

type Props = {
  label: string
  hint: string
  accept: string
  file: File | null
  error?: string | undefined
  disabled?: boolean
  onFile: (file: File) => void
}

/** Drop a file here or press to choose one. */
export function FileDrop({ label, hint, accept, file, error, disabled = false, onFile }: Props) {
  const [over, setOver] = useState(false)
  const id = useId()
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const dropped = event.dataTransfer.files[0]
    if (dropped && !disabled) onFile(dropped)
  }
  return (
    <div className="flex flex-col gap-1.5">
      <label
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={cn(
          'flex min-h-32 flex-col items-center justify-center gap-2 rounded-card border-2 border-dashed border-line-strong p-6 text-center transition-colors duration-(--quick) hover:border-primary hover:bg-primary-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-primary',
          over && 'border-primary bg-primary-soft',
          error !== undefined && 'border-bad',
          disabled && 'pointer-events-none opacity-60',
        )}
      >
        <input
          type="file"
          accept={accept}
          disabled={disabled}
          className="sr-only"
          aria-invalid={error !== undefined || undefined}
          aria-describedby={error === undefined ? undefined : id}
          onChange={(event) => {
            const chosen = event.target.files?.[0]
            if (chosen) onFile(chosen)
            // Choosing the same file again after mending it must count as a change.
            event.target.value = ''
          }}
        />
        <Icon name="upload" className="h-7 w-7 text-primary" />
        <span className="font-semibold">{file === null ? label : file.name}</span>
        <span className="text-sm text-ink-soft">{hint}</span>
      </label>
      {error !== undefined && (
        <p id={id} className="text-sm font-medium text-bad-text">
          {error}
        </p>
      )}
    </div>
  )
}
