import { Link, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../lib/ApiError.ts'
import { ErrorNotice } from '../lib/ErrorNotice.tsx'
import { Button, buttonClass } from '../ui/Button.tsx'
import { EmptyState } from '../ui/EmptyState.tsx'

export function NotFound() {
  const { t } = useTranslation()
  return (
    <main className="mx-auto max-w-2xl p-4">
      <EmptyState
        heading="h1"
        title={t('notFound.title')}
        action={
          <Link to="/campaigns" className={buttonClass()}>
            {t('notFound.action')}
          </Link>
        }
      >
        {t('notFound.text')}
      </EmptyState>
    </main>
  )
}

/** A page that could not be shown. A chunk that is gone means a newer version: loading afresh brings it. */
export function LoadFailed({ error }: { error: unknown }) {
  const { t } = useTranslation()
  const router = useRouter()
  if (error instanceof ApiError) {
    return (
      <main className="mx-auto max-w-2xl p-4">
        <ErrorNotice error={error} onRetry={() => void router.invalidate()} />
      </main>
    )
  }
  return (
    <main className="mx-auto max-w-2xl p-4">
      <EmptyState
        heading="h1"
        title={t('loadFailed.title')}
        action={<Button onClick={() => window.location.reload()}>{t('loadFailed.action')}</Button>}
      >
        {t('loadFailed.text')}
      </EmptyState>
    </main>
  )
}
