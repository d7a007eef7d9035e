import { useQuery } from '@tanstack/react-query'
import { Outlet } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../features/auth/api/getMe.ts'
import { useSessionLost } from '../lib/sessionLoss.ts'
import { useIsWide } from '../lib/useIsWide.ts'
import { useQueuedToasts } from '../ui/toasts.ts'
import { PauseBanner } from './shell/PauseBanner.tsx'
import { PhoneBar, PhoneTop } from './shell/PhoneBars.tsx'
import { Sidebar } from './shell/Sidebar.tsx'
import { useIsUnarmedCopy } from './shell/useIsUnarmedCopy.ts'
import { usePageChange } from './usePageChange.ts'

// All are needed rarely; their code comes when they are.
const CopyBanner = lazy(() => import('./shell/CopyBanner.tsx'))
const AccountDialog = lazy(() => import('./AccountDialog.tsx'))
const SessionExpiredDialog = lazy(() => import('./SessionExpiredDialog.tsx'))
const Toasts = lazy(() => import('../ui/Toasts.tsx'))

/** The frame: a column on the left, on a phone bars above and below; who is signed in; and the page. */
export function AppLayout() {
  const { t } = useTranslation()
  const { data: me } = useQuery(meQuery)
  const sessionLost = useSessionLost()
  const isWide = useIsWide()
  const isUnarmedCopy = useIsUnarmedCopy()
  const [account, setAccount] = useState(false)
  usePageChange()
  const openAccount = () => setAccount(true)
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a
        href="#page"
        className="sr-only z-50 rounded-control bg-primary px-4 py-3 font-semibold text-primary-ink focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        {t('nav.skip')}
      </a>
      {isWide ? <Sidebar role={me?.role} onAccount={openAccount} /> : <PhoneTop onAccount={openAccount} />}
      <div className="min-w-0">
        {isUnarmedCopy && (
          <Suspense>
            <CopyBanner />
          </Suspense>
        )}
        <PauseBanner />
        <main
          id="page"
          tabIndex={-1}
          className="mx-auto w-full max-w-6xl px-4 pt-4 pb-28 outline-none md:px-8 md:pt-9 md:pb-16"
        >
          <Outlet />
        </main>
      </div>
      {!isWide && <PhoneBar role={me?.role} />}
      <Suspense>
        {account && <AccountDialog onClose={() => setAccount(false)} />}
        {sessionLost && <SessionExpiredDialog />}
      </Suspense>
      <ToastCorner />
    </div>
  )
}

function ToastCorner() {
  const { t } = useTranslation()
  const queued = useQueuedToasts()
  const [needed, setNeeded] = useState(false)
  if (queued.length > 0 && !needed) setNeeded(true)
  return needed ? (
    <Suspense>
      <Toasts closeLabel={t('common.close')} />
    </Suspense>
  ) : null
}
