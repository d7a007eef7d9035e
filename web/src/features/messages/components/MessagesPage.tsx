import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { DisparadorUnico } from './DisparadorUnico.tsx'
import { RecentMessages } from './RecentMessages.tsx'

type Props = {
  userId: string
  channels: readonly Channel[]
  statusOf: (channel: Channel) => ReactNode
  /** Leads to the channels; the app alone knows the address. */
  channelLink: ReactNode
}

/** One message to one person, and what became of the last ones. */
export function MessagesPage({ userId, channels, statusOf, channelLink }: Props) {
  const { t } = useTranslation()
  const names = new Map(channels.map(({ id, name }) => [id, name]))
  return (
    <>
      <PageHeader title={t('singleMessage.title')} lead={t('singleMessage.lead')} />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-8 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        {channels.length === 0 ? (
          <EmptyState title={t('singleMessage.noChannelTitle')} action={channelLink}>
            {t('singleMessage.noChannelText')}
          </EmptyState>
        ) : (
          <DisparadorUnico userId={userId} channels={channels} statusOf={statusOf} />
        )}
        <RecentMessages channelNames={names} />
      </div>
    </>
  )
}
