import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { buttonClass } from '../../ui/Button.tsx'
import { Mark } from '../../ui/Flock.tsx'
import { Icon } from '../../ui/icons.tsx'
import { AccountButton } from './AccountButton.tsx'
import { groupsFor } from './navigation.ts'
import { NavLink } from './NavLink.tsx'

/** The column on the left of a wide screen: the way to a new campaign, all pages in groups, and who is signed in. */
export function Sidebar({ role, onAccount }: { role: string | undefined; onAccount: () => void }) {
  const { t } = useTranslation()
  return (
    <header className="sticky top-0 flex h-dvh flex-col gap-5 overflow-y-auto border-r border-line px-3 py-5">
      <Link to="/" className="flex min-h-11 items-center gap-2.5 rounded-control px-3">
        <Mark />
        <span className="text-lg font-bold tracking-tight">Revoada</span>
      </Link>
      <nav aria-label={t('nav.label')} className="flex flex-col gap-5">
        <Link to="/campaigns/new" className={buttonClass()}>
          <Icon name="plus" />
          {t('nav.newCampaign')}
        </Link>
        {groupsFor(role).map((group, index) => (
          <div key={group.name ?? index} className="flex flex-col gap-0.5">
            {group.name !== null && (
              <p className="px-3 pb-1 text-xs font-semibold text-ink-soft">{t(`nav.groups.${group.name}`)}</p>
            )}
            {group.pages.map((page) => (
              <NavLink key={page} page={page} />
            ))}
          </div>
        ))}
      </nav>
      <div className="mt-auto">
        <AccountButton onOpen={onAccount} named />
      </div>
    </header>
  )
}
