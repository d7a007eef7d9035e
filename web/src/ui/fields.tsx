import { useId, type ComponentProps, type ReactNode } from 'react'
import { cn } from './cn.ts'

const control =
  'w-full rounded-control border border-line-strong bg-surface px-3.5 text-base text-ink transition-colors duration-(--quick) hover:border-primary focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-primary aria-invalid:border-bad disabled:opacity-60'

type FieldProps = { label: string; hint?: ReactNode; error?: string | undefined; className?: string }
/** What ties a control to its label, hint and error. */
export type ControlProps = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined }

/**
 * Label above, hint and error below, tied to the control for those who hear the page. Plain HTML: it is on nearly every
 * page, and a library's field would add 10 kB to the first load for the same attributes.
 */
export function FieldFrame({
  label,
  hint,
  error,
  className,
  children,
}: FieldProps & { children: (props: ControlProps) => ReactNode }) {
  const id = useId()
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(
    (part) => part !== false,
  )
  return (
    <div className={cn('flex flex-col gap-1.5', className)}>
      <label htmlFor={id} className="self-start text-sm font-semibold text-ink">
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described.length === 0 ? undefined : described.join(' '),
        'aria-invalid': error === undefined ? undefined : true,
      })}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-ink-soft">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} className="text-sm font-medium text-bad-text">
          {error}
        </p>
      )}
    </div>
  )
}

export function TextField({ label, hint, error, className, ...input }: FieldProps & ComponentProps<'input'>) {
  return (
    <FieldFrame label={label} hint={hint} error={error} className={className}>
      {(props) => <input {...input} {...props} className={cn(control, 'min-h-11')} />}
    </FieldFrame>
  )
}

export function TextArea({ label, hint, error, className, ...area }: FieldProps & ComponentProps<'textarea'>) {
  return (
    <FieldFrame label={label} hint={hint} error={error} className={className}>
      {(props) => <textarea {...area} {...props} className={cn(control, 'min-h-32 py-2.5 leading-relaxed')} />}
    </FieldFrame>
  )
}

/** The system's own list: on a phone nothing chooses one of 240 countries better. */
export function SelectField({ label, hint, error, className, ...select }: FieldProps & ComponentProps<'select'>) {
  return (
    <FieldFrame label={label} hint={hint} error={error} className={className}>
      {(props) => <select {...select} {...props} className={cn(control, 'min-h-11')} />}
    </FieldFrame>
  )
}

type CheckProps = Omit<ComponentProps<'input'>, 'type'> & { label: ReactNode; hint?: ReactNode }

/** A checkbox with a whole line to press on. */
export function CheckField({ label, hint, className, ...input }: CheckProps) {
  return (
    <label className={cn('flex min-h-11 items-start gap-3 py-1.5', className)}>
      <input type="checkbox" {...input} className="mt-0.5 h-5 w-5 shrink-0 accent-(--primary)" />
      <span className="flex flex-col">
        <span>{label}</span>
        {hint !== undefined && <span className="text-sm text-ink-soft">{hint}</span>}
      </span>
    </label>
  )
}
