import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { cn } from '../../ui/cn.ts'
import { Mark } from '../../ui/Flock.tsx'
import { Icon } from '../../ui/icons.tsx'
import { AccountButton } from './AccountButton.tsx'
import { PAGES, THUMB_PAGES } from './navigation.ts'
import { useIsCurrent } from './NavLink.tsx'

const MoreSheet = lazy(() => import('./MoreSheet.tsx'))

/** The line above the page on a phone. */
export function PhoneTop({ onAccount }: { onAccount: () => void }) {
  return (
    <header className="flex items-center justify-between px-4 pt-2">
      <Link to="/" className="flex min-h-11 items-center gap-2.5 rounded-control">
        <Mark className="h-7 w-7" />
        <span className="font-bold tracking-tight">Revoada</span>
      </Link>
      <div>
        <AccountButton onOpen={onAccount} />
      </div>
    </header>
  )
}

const entry =
  'flex min-h-15 flex-col items-center justify-center gap-0.5 px-0.5 text-center text-2xs leading-tight font-medium tracking-tight whitespace-nowrap text-ink-soft transition-colors duration-(--quick) hover:text-ink aria-[current=page]:text-primary-text'

/** What a thumb reaches; everything else is behind "more". */
export function PhoneBar({ role }: { role: string | undefined }) {
  const { t } = useTranslation()
  const [more, setMore] = useState(false)
  return (
    <nav
      aria-label={t('nav.label')}
      className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-5 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)]"
    >
      {THUMB_PAGES.map((page) => (
        <ThumbLink key={page} page={page} />
      ))}
      <button type="button" aria-haspopup="dialog" className={entry} onClick={() => setMore(true)}>
        <Icon name="menu" />
        {t('nav.more')}
      </button>
      {more && (
        <Suspense>
          <MoreSheet role={role} onClose={() => setMore(false)} />
        </Suspense>
      )}
    </nav>
  )
}

function ThumbLink({ page }: { page: (typeof THUMB_PAGES)[number] }) {
  const { t } = useTranslation()
  const current = useIsCurrent(page)
  const isNew = page === 'newCampaign'
  return (
    <Link
      to={PAGES[page].to}
      activeOptions={{ exact: true }}
      aria-current={current ? 'page' : undefined}
      aria-label={isNew ? t('nav.newCampaign') : undefined}
      className={entry}
    >
      <span
        className={cn(isNew && 'flex h-8 w-12 items-center justify-center rounded-full bg-primary text-primary-ink')}
      >
        <Icon name={PAGES[page].icon} />
      </span>
      <span>{t(`nav.short.${page}`)}</span>
    </Link>
  )
}
