import { useTranslation } from 'react-i18next'
import { Sheet } from '../../ui/Sheet.tsx'
import { groupsFor } from './navigation.ts'
import { NavLink } from './NavLink.tsx'

/** All pages of the app on a phone. */
export default function MoreSheet({ role, onClose }: { role: string | undefined; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Sheet open onClose={onClose} title={t('nav.label')} closeLabel={t('common.close')}>
      {groupsFor(role).map((group, index) => (
        <div key={group.name ?? index} className="flex flex-col gap-0.5">
          {group.name !== null && (
            <p className="px-3 pb-1 text-sm font-semibold text-ink-soft">{t(`nav.groups.${group.name}`)}</p>
          )}
          {group.pages.map((page) => (
            <NavLink key={page} page={page} onClick={onClose} />
          ))}
        </div>
      ))}
    </Sheet>
  )
}
