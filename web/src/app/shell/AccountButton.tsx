import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { cn } from '../../ui/cn.ts'

/** Who is signed in; opens the account. `named` shows more than the first letter. */
export function AccountButton({ onOpen, named = false }: { onOpen: () => void; named?: boolean }) {
  const { t } = useTranslation()
  const { data: me } = useQuery(meQuery)
  return (
    <button
      type="button"
      aria-haspopup="dialog"
      onClick={onOpen}
      className="flex min-h-11 w-full min-w-11 items-center justify-center gap-3 rounded-control text-left hover:bg-sunk md:justify-start md:px-3"
    >
      <span
        aria-hidden="true"
        className="flex h-9 w-9 shrink-0 items-center justify-center rounded-full bg-primary-soft font-bold text-primary-text"
      >
        {(me?.name ?? '?').slice(0, 1).toUpperCase()}
      </span>
      <span className="sr-only">{t('account.title')}:</span>
      <span className={cn('min-w-0', !named && 'sr-only')}>
        <span className="block truncate text-sm font-semibold">{me?.name}</span>
        <span className="block truncate text-xs text-ink-soft">{me?.email}</span>
      </span>
    </button>
  )
}
