import { Tabs as BaseTabs } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'

export type Tab<T extends string> = { value: T; label: ReactNode; count?: string | undefined }

type Props<T extends string> = {
  label: string
  value: T
  tabs: readonly Tab<T>[]
  onChange: (value: T) => void
  /** The panel of the tab that is open. Only it exists. */
  children: ReactNode
}

/** Several views of one thing. On a narrow screen the row of tabs is pushed sideways, never broken. */
export function Tabs<T extends string>({ label, value, tabs, onChange, children }: Props<T>) {
  return (
    <BaseTabs.Root value={value} onValueChange={(next: T) => onChange(next)}>
      <BaseTabs.List
        aria-label={label}
        activateOnFocus
        className="relative z-0 -mx-4 mb-5 flex gap-1 overflow-x-auto border-b border-line px-4 [scrollbar-width:none] md:mx-0 md:px-0"
      >
        {tabs.map((tab) => (
          <BaseTabs.Tab
            key={tab.value}
            value={tab.value}
            className="flex min-h-12 shrink-0 items-center gap-2 border-b-2 border-transparent px-3 font-semibold whitespace-nowrap text-ink-soft outline-offset-[-2px] transition-colors duration-(--quick) hover:text-ink aria-selected:border-dawn aria-selected:text-ink"
          >
            {tab.label}
            {tab.count !== undefined && (
              <span className="tabular rounded-full bg-sunk px-2 py-0.5 text-xs font-semibold">{tab.count}</span>
            )}
          </BaseTabs.Tab>
        ))}
      </BaseTabs.List>
      <BaseTabs.Panel key={value} value={value} className="outline-offset-4">
        {children}
      </BaseTabs.Panel>
    </BaseTabs.Root>
  )
}
