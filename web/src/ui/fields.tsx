import { Field } from '@base-ui/react/field'
import type { ComponentProps, ReactNode } from 'react'
import { cn } from './cn.ts'

const control =
  'w-full rounded-control border border-line-strong bg-surface px-3.5 text-base text-ink transition-colors duration-(--quick) hover:border-primary focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-primary data-[invalid]:border-bad disabled:opacity-60'

type FieldProps = { label: string; hint?: ReactNode; error?: string | undefined; className?: string }

/** Label above, hint and error below, tied to the control for those who hear the page. */
export function FieldFrame({ label, hint, error, className, children }: FieldProps & { children: ReactNode }) {
  return (
    <Field.Root invalid={error !== undefined} className={cn('flex flex-col gap-1.5', className)}>
      <Field.Label className="text-sm font-semibold text-ink">{label}</Field.Label>
      {children}
      {hint !== undefined && <Field.Description className="text-sm text-ink-soft">{hint}</Field.Description>}
      <Field.Error match={error !== undefined} className="text-sm font-medium text-bad-text">
        {error}
      </Field.Error>
    </Field.Root>
  )
}

export function TextField({ label, hint, error, className, ...input }: FieldProps & ComponentProps<'input'>) {
  return (
    <FieldFrame label={label} hint={hint} error={error} className={className}>
      <Field.Control render={<input {...input} />} className={cn(control, 'min-h-11')} />
    </FieldFrame>
  )
}

export function TextArea({ label, hint, error, className, ...area }: FieldProps & ComponentProps<'textarea'>) {
  return (
    <FieldFrame label={label} hint={hint} error={error} className={className}>
      <Field.Control render={<textarea {...area} />} className={cn(control, 'min-h-32 py-2.5 leading-relaxed')} />
    </FieldFrame>
  )
}

/** The system's own list: on a phone nothing chooses one of 240 countries better. */
export function SelectField({ label, hint, error, className, children, ...select }: FieldProps & ComponentProps<'select'>) {
  return (
    <FieldFrame label={label} hint={hint} error={error} className={className}>
      <Field.Control render={<select {...select}>{children}</select>} className={cn(control, 'min-h-11')} />
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
