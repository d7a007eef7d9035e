import { cn } from './cn.ts'
import { Icon } from './icons.tsx'

export type Step<T extends string> = { value: T; label: string; state?: 'done' | 'problem' | undefined }

type Props<T extends string> = {
  label: string
  steps: readonly Step<T>[]
  current: T
  onChoose: (step: T) => void
  /** Heard after the name of a step, e.g. "done", "has a problem". */
  stateLabels: { done: string; problem: string }
}

/** Where one is on the way through a long form; every step can be visited at any time. */
export function Steps<T extends string>({ label, steps, current, onChoose, stateLabels }: Props<T>) {
  return (
    <nav aria-label={label}>
      <ol className="flex gap-1 sm:gap-2">
        {steps.map((step, index) => (
          <li key={step.value} className="min-w-0 flex-1">
            <button
              type="button"
              aria-current={step.value === current ? 'step' : undefined}
              onClick={() => onChoose(step.value)}
              className="group flex w-full flex-col gap-2 rounded-control border-t-4 border-line px-1 pt-2 pb-1 text-left transition-colors duration-(--quick) hover:border-line-strong aria-[current=step]:border-dawn"
            >
              <span className="flex items-center gap-2">
                <span
                  aria-hidden="true"
                  className={cn(
                    'tabular flex h-7 w-7 shrink-0 items-center justify-center rounded-full bg-sunk text-sm font-bold text-ink-soft group-aria-[current=step]:bg-primary group-aria-[current=step]:text-primary-ink',
                    step.state === 'done' && 'bg-good-soft text-good-text',
                    step.state === 'problem' && 'bg-bad-soft text-bad-text',
                  )}
                >
                  {step.state === undefined ? (
                    index + 1
                  ) : (
                    <Icon name={step.state === 'done' ? 'check' : 'alert'} className="h-4 w-4" />
                  )}
                </span>
                <span className="min-w-0 truncate text-sm font-semibold max-sm:sr-only">{step.label}</span>
              </span>
              {step.state !== undefined && <span className="sr-only">{stateLabels[step.state]}</span>}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  )
}
