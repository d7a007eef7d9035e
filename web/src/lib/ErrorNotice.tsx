import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/Button.tsx'
import { Notice } from '../ui/Notice.tsx'
import { handleApiError } from './errorHandler.ts'

type Props = { error: unknown; onRetry?: (() => void) | undefined; action?: ReactNode; className?: string }

/** A failed call in words, with the next step, and a way to repeat it where that can help. */
export function ErrorNotice({ error, onRetry, action, className }: Props) {
  const { t } = useTranslation()
  const handled = handleApiError(error, t)
  const retry = handled.retryable && onRetry !== undefined && (
    <Button look="secondary" size="small" icon="refresh" onClick={onRetry}>
      {t('common.retry')}
    </Button>
  )
  return (
    <Notice tone={handled.tone} title={handled.message} action={retry || action} className={className}>
      {handled.suggestion}
    </Notice>
  )
}
