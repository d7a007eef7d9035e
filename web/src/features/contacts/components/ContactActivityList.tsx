import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactActivity } from '#contract/contacts.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Badge, type Tone } from '../../../ui/Card.tsx'
import { CursorPager } from '../../../ui/CursorPager.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { activityQuery } from '../api/contact.ts'

const TONES: Record<ContactActivity['status'], Tone> = {
  pending: 'neutral',
  retrying: 'warn',
  sending: 'info',
  sent: 'good',
  delivered: 'good',
  read: 'good',
  failed: 'bad',
  skipped: 'neutral',
  unknown: 'warn',
  cancelled: 'neutral',
}

type Props = { contactId: number; campaignLink: (campaignId: string, name: string) => ReactNode }

/** What this person got, or should have got, and what became of it. */
export function ContactActivityList({ contactId, campaignLink }: Props) {
  const { t } = useTranslation()
  const activity = useInfiniteQuery(activityQuery(contactId))
  const entries = activity.data?.pages.flatMap((page) => page.items) ?? []
  if (activity.isPending) return <Loading label={t('common.loading')} />
  return (
    <>
      {activity.error !== null && <ErrorNotice error={activity.error} onRetry={() => void activity.refetch()} />}
      {activity.isSuccess && entries.length === 0 && <p className="text-ink-soft">{t('contacts.noActivity')}</p>}
      <ul className="flex flex-col divide-y divide-line">
        {entries.map((entry) => (
          <Entry key={entry.campaignId} entry={entry} campaignLink={campaignLink} />
        ))}
      </ul>
      <CursorPager
        moreLabel={t('common.more')}
        hasMore={activity.hasNextPage}
        busy={activity.isFetchingNextPage}
        onMore={() => void activity.fetchNextPage()}
      />
    </>
  )
}

function Entry({ entry, campaignLink }: { entry: ContactActivity; campaignLink: Props['campaignLink'] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <li className="flex items-start justify-between gap-3 py-3">
      <div className="min-w-0">
        <p className="font-medium [overflow-wrap:anywhere]">
          {entry.kind === 'single' ? t('contacts.singleMessage') : campaignLink(entry.campaignId, entry.name)}
        </p>
        <p className="text-sm text-ink-soft">
          {format.instant(entry.statusAt)} · {entry.channelName}
        </p>
        {entry.errorCategory !== null && (
          <p className="text-sm text-ink-soft">{t(`failures.${entry.errorCategory}.title`)}</p>
        )}
      </div>
      <Badge tone={TONES[entry.status]}>{t(`states.${entry.status}`)}</Badge>
    </li>
  )
}
