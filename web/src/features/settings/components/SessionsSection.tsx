import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Session } from '#contract/auth.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Badge } from '../../../ui/Card.tsx'
import { CursorPager } from '../../../ui/CursorPager.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { sessionsQuery, useEndSessions } from '../api/sessions.ts'
import { readUserAgent } from '../readUserAgent.ts'
import { SettingsSection } from './SettingsSection.tsx'

/** Where this account is signed in, and the way out of everywhere else. */
export function SessionsSection() {
  const { t } = useTranslation()
  const sessions = useInfiniteQuery(sessionsQuery)
  const end = useEndSessions()
  const [asks, setAsks] = useState(false)
  const items = sessions.data?.pages.flatMap((page) => page.items) ?? []
  const failed = sessions.error ?? end.error
  return (
    <SettingsSection title={t('settings.sessions')} lead={t('settings.sessionsLead')}>
      {failed !== null && <ErrorNotice error={failed} onRetry={() => void sessions.refetch()} />}
      {sessions.isPending && <Loading label={t('common.loading')} />}
      <ul className="flex flex-col divide-y divide-line">
        {items.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            busy={end.isPending && end.variables === session.id}
            onEnd={() => end.mutate(session.id)}
          />
        ))}
      </ul>
      <CursorPager
        moreLabel={t('common.more')}
        hasMore={sessions.hasNextPage}
        busy={sessions.isFetchingNextPage}
        onMore={() => void sessions.fetchNextPage()}
      />
      {items.some(({ current }) => !current) && (
        <Button
          look="secondary"
          className="self-start"
          busy={end.isPending && end.variables === null}
          onClick={() => setAsks(true)}
        >
          {t('settings.endOthers')}
        </Button>
      )}
      <ConfirmDialog
        open={asks}
        title={t('settings.endOthersTitle')}
        confirmLabel={t('settings.endOthers')}
        cancelLabel={t('common.back')}
        onCancel={() => setAsks(false)}
        onConfirm={() => {
          setAsks(false)
          end.mutate(null)
        }}
      >
        {t('settings.endOthersText')}
      </ConfirmDialog>
    </SettingsSection>
  )
}

type RowProps = { session: Session; busy: boolean; onEnd: () => void }

function SessionRow({ session, busy, onEnd }: RowProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const device = useDeviceName(session.userAgent)
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium">
          {device}
          {session.current && <Badge tone="good">{t('settings.thisSession')}</Badge>}
        </p>
        <p className="text-sm text-ink-soft">
          {session.address !== null && <span className="break-all">{session.address} · </span>}
          {t('settings.usedAt', { at: format.instant(session.usedAt) })}
        </p>
      </div>
      {!session.current && (
        <Button
          look="secondary"
          size="small"
          busy={busy}
          aria-label={t('settings.endNamed', { device })}
          onClick={onEnd}
        >
          {t('settings.end')}
        </Button>
      )}
    </li>
  )
}

function useDeviceName(userAgent: string | null): string {
  const { t } = useTranslation()
  const { browser, system } = readUserAgent(userAgent)
  if (browser === null && system === null) return t('settings.unknownDevice')
  if (browser === null || system === null) return browser ?? system ?? ''
  return t('settings.device', { browser, system })
}
