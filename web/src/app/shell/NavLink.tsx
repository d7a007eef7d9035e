import { Link, useRouterState } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { cn } from '../../ui/cn.ts'
import { Icon } from '../../ui/icons.tsx'
import { pageOfPath, PAGES, type PageName } from './navigation.ts'

/** Whether this is the page one is on, or what lies under it. */
export function useIsCurrent(page: PageName): boolean {
  return useRouterState({ select: ({ location }) => pageOfPath(location.pathname) === page })
}

/** A line of the navigation; the one that is open carries the bird. */
export function NavLink({ page, onClick }: { page: PageName; onClick?: () => void }) {
  const { t } = useTranslation()
  const current = useIsCurrent(page)
  return (
    <Link
      to={PAGES[page].to}
      onClick={onClick}
      // The router would mark "/" as current everywhere.
      activeOptions={{ exact: true }}
      aria-current={current ? 'page' : undefined}
      className={cn(
        'flex min-h-11 items-center gap-3 rounded-control px-3 text-ink-soft transition-colors duration-(--quick) hover:bg-sunk hover:text-ink md:min-h-10',
        current && 'bg-primary-soft font-semibold text-primary-text hover:bg-primary-soft hover:text-primary-text',
      )}
    >
      <Icon name={PAGES[page].icon} />
      <span className="min-w-0 flex-1">{t(`nav.${page}`)}</span>
      {current && <CurrentBird />}
    </Link>
  )
}

function CurrentBird() {
  return (
    <svg viewBox="0 0 16 10" className="h-2.5 w-4 shrink-0" aria-hidden="true">
      <path
        d="M1.500 6.500q3.600-4.600 6.500.8 3.100-5.200 6.800-2.200"
        className="fill-none stroke-dawn stroke-2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
