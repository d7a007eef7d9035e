import { useTranslation } from 'react-i18next'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { DisparadorUnico, type SenderProps } from './DisparadorUnico.tsx'
import { RecentMessages } from './RecentMessages.tsx'

/** One message to one person, and what became of the last ones. Without a channel yet, the way to one. */
export function MessagesPage(props: SenderProps) {
  const { channels, channelLink } = props
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
          <DisparadorUnico {...props} />
        )}
        <RecentMessages channelNames={names} />
      </div>
    </>
  )
}
