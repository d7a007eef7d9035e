import { useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'

/** The browser's title follows the page; a reader of the screen hears it first. */
export function usePageTitle(): void {
  const { t } = useTranslation()
  const path = useRouterState({ select: (state) => state.location.pathname })
  useEffect(() => {
    const page = path === '/campaigns/new' ? t('nav.newCampaign')
      : path.startsWith('/campaigns/') ? t('monitor.title')
      : path.startsWith('/imports') ? t('nav.contacts')
      : path.startsWith('/channels') ? t('nav.channels')
      : t('nav.campaigns')
    document.title = `${page} · Revoada`
  }, [path, t])
}
