import { useTranslation } from 'react-i18next'
import { EmptyState } from '../../ui/EmptyState.tsx'
import type { PageName } from '../shell/navigation.ts'

/** A page of the navigation that has nothing to show yet. */
export function ComingPage({ page }: { page: PageName }) {
  const { t } = useTranslation()
  return (
    <EmptyState heading="h1" title={t(`nav.${page}`)}>
      {t('nav.coming')}
    </EmptyState>
  )
}
