import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../features/auth/api/getMe.ts'
import { useSessionLost } from '../lib/sessionLoss.ts'
import { Mark } from '../ui/Flock.tsx'
import { Icon, type IconName } from '../ui/icons.tsx'
import { usePageChange } from './usePageChange.ts'

// Both are opened rarely; their code comes when they do.
const AccountDialog = lazy(() => import('./AccountDialog.tsx'))
const SessionExpiredDialog = lazy(() => import('./SessionExpiredDialog.tsx'))

const PAGES = [
  { to: '/campaigns', text: 'nav.campaigns', short: 'nav.campaigns', icon: 'campaigns', exact: true },
  { to: '/campaigns/new', text: 'nav.newCampaign', short: 'nav.new', icon: 'plus', exact: true },
  { to: '/imports', text: 'nav.contacts', short: 'nav.contacts', icon: 'people', exact: false },
  { to: '/channels', text: 'nav.channels', short: 'nav.channels', icon: 'channel', exact: false },
] as const satisfies readonly { to: string; text: string; short: string; icon: IconName; exact: boolean }[]

/** The frame: a column on the left, on a phone a bar below; who is signed in; and the page. */
export function AppLayout() {
  const { t } = useTranslation()
  const sessionLost = useSessionLost()
  usePageChange()
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#page"
        className="sr-only z-50 rounded-control bg-primary px-4 py-3 font-semibold text-primary-ink focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        {t('nav.skip')}
      </a>
      <Sidebar />
      <main
        id="page"
        tabIndex={-1}
        className="mx-auto w-full max-w-5xl px-4 pt-5 pb-28 outline-none md:px-8 md:pt-10 md:pb-16"
      >
        <Outlet />
      </main>
      {sessionLost && (
        <Suspense>
          <SessionExpiredDialog />
        </Suspense>
      )}
    </div>
  )
}

function Sidebar() {
  const { t } = useTranslation()
  const isOneCampaign = useRouterState({ select: ({ location }) => /^\/campaigns\/(?!new$)/.test(location.pathname) })
  return (
    <header className="flex items-center justify-between border-b border-line bg-surface px-4 py-2 md:sticky md:top-0 md:h-dvh md:flex-col md:items-stretch md:justify-start md:border-r md:border-b-0 md:px-3 md:py-6">
      <Link to="/campaigns" className="flex min-h-11 items-center gap-2.5 rounded-control md:mb-6 md:px-3">
        <Mark />
        <span className="text-lg font-bold tracking-tight">Revoada</span>
      </Link>
      <nav
        aria-label={t('nav.label')}
        className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-4 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:static md:flex md:flex-col md:gap-1 md:border-0"
      >
        {PAGES.map((page) => (
          <Link
            key={page.to}
            to={page.to}
            activeOptions={{ exact: page.exact, includeSearch: false }}
            aria-current={page.to === '/campaigns' && isOneCampaign ? 'page' : undefined}
            className="flex min-h-14 flex-col items-center justify-center gap-0.5 px-1 text-center text-xs font-medium text-ink-soft transition-colors duration-(--quick) hover:text-ink aria-[current=page]:text-primary-text md:min-h-11 md:flex-row md:justify-start md:gap-3 md:rounded-control md:px-3 md:text-base md:hover:bg-sunk md:aria-[current=page]:bg-primary-soft"
          >
            <Icon name={page.icon} />
            <span className="max-md:sr-only">{t(page.text)}</span>
            <span aria-hidden="true" className="md:hidden">
              {t(page.short)}
            </span>
          </Link>
        ))}
      </nav>
      <AccountButton />
    </header>
  )
}

function AccountButton() {
  const { t } = useTranslation()
  const { data: me } = useQuery(meQuery)
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className="flex min-h-11 min-w-11 items-center gap-3 rounded-control text-left hover:bg-sunk max-md:justify-center md:mt-auto md:px-3"
      >
        <span
          aria-hidden="true"
          className="flex h-9 w-9 shrink-0 items-center justify-center rounded-full bg-primary-soft font-bold text-primary-text"
        >
          {(me?.name ?? '?').slice(0, 1).toUpperCase()}
        </span>
        <span className="sr-only">{t('account.title')}:</span>
        <span className="min-w-0 max-md:sr-only">
          <span className="block truncate text-sm font-semibold">{me?.name}</span>
          <span className="block truncate text-xs text-ink-soft">{me?.email}</span>
        </span>
      </button>
      {open && (
        <Suspense>
          <AccountDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
