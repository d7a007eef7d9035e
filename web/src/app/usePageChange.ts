import { useRouterState } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { pageOfPath } from './shell/navigation.ts'

/**
 * What a full load would do on a change of page: the title follows, and the focus goes to the new content, so that
 * the keyboard and a reader of the screen start there and not on a link that may be gone.
 */
export function usePageChange(): void {
  const { t } = useTranslation()
  const path = useRouterState({ select: (state) => state.location.pathname })
  useEffect(() => {
    const isOneCampaign = /^\/campaigns\/(?!new$|compare$)/.test(path)
    const page = isOneCampaign ? t('monitor.title') : t(`nav.${pageOfPath(path)}`)
    document.title = `${page} · Revoada`
  }, [path, t])
  const shown = useRef(path)
  useEffect(() => {
    if (shown.current === path) return
    shown.current = path
    document.getElementById('page')?.focus({ preventScroll: true })
  }, [path])
}
