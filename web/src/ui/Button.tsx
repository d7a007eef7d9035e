import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps, ReactNode } from 'react'
import { cn } from './cn.ts'
import { Icon, type IconName } from './icons.tsx'

const looks = cva(
  'inline-flex items-center justify-center gap-2 rounded-control py-1.5 text-center font-semibold no-underline sm:whitespace-nowrap select-none transition-colors duration-(--quick) disabled:opacity-55 aria-disabled:opacity-55 disabled:cursor-not-allowed',
  {
    variants: {
      look: {
        primary: 'bg-primary text-primary-ink hover:bg-primary-hover',
        secondary: 'border border-line-strong bg-surface text-ink hover:bg-sunk',
        quiet: 'text-primary-text hover:bg-primary-soft',
        danger: 'bg-bad text-bad-ink hover:brightness-110',
      },
      size: { normal: 'min-h-11 px-4 text-base', small: 'min-h-10 px-3 text-sm', large: 'min-h-13 px-6 text-lg' },
    },
    defaultVariants: { look: 'primary', size: 'normal' },
  },
)

type Looks = VariantProps<typeof looks>

type ButtonProps = ComponentProps<'button'> & Looks & { icon?: IconName; busy?: boolean; children: ReactNode }

/** A button. While `busy` it stays in place and focused, says so, and takes no second press. */
export function Button({
  look,
  size,
  icon,
  busy = false,
  className,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={busy ? 'button' : type}
      className={cn(looks({ look, size }), className)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? undefined : onClick}
    >
      {busy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** The looks of a button for a link. */
export function buttonClass(options: Looks & { className?: string } = {}): string {
  const { className, ...variants } = options
  return cn(looks(variants), className)
}

export function Spinner({ className }: { className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={cn('h-5 w-5 shrink-0 animate-spin fill-none stroke-current stroke-[2.4]', className)}
      aria-hidden="true"
    >
      <path d="M12 3.500a8.500 8.500 0 1 1-8.500 8.500" strokeLinecap="round" />
    </svg>
  )
}
