import { useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'

/**
 * What a full load would do on a change of page: the title follows, and the focus goes to the new content, so that
 * the keyboard and a reader of the screen start there and not on a link that may be gone.
 */
export function usePageChange(): void {
  const { t } = useTranslation()
  const path = useRouterState({ select: (state) => state.location.pathname })
  useEffect(() => {
    const page =
      path === '/campaigns/new'
        ? t('nav.newCampaign')
        : path.startsWith('/campaigns/')
          ? t('monitor.title')
          : path.startsWith('/imports')
            ? t('nav.contacts')
            : path.startsWith('/channels')
              ? t('nav.channels')
              : t('nav.campaigns')
    document.title = `${page} · Revoada`
  }, [path, t])
  const shown = useRef(path)
  useEffect(() => {
    if (shown.current === path) return
    shown.current = path
    document.getElementById('page')?.focus({ preventScroll: true })
  }, [path])
}
