import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { MessageState, SingleMessage } from '#contract/messages.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Badge, ItemCard, type Tone } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { messagesQuery } from '../api/listMessages.ts'
import { MessageActions } from './MessageActions.tsx'
import { useMessageText } from './useMessageText.ts'

type Props = { channelNames: ReadonlyMap<string, string> }

/** What went out one by one, what waits and what has its time ahead; each row follows its message. */
export function RecentMessages({ channelNames }: Props) {
  const { t } = useTranslation()
  const messages = useInfiniteQuery(messagesQuery)
  const items = messages.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <section aria-labelledby="recent-messages" className="flex flex-col gap-3">
      <h2 id="recent-messages" className="text-lg font-semibold">
        {t('singleMessage.recent')}
      </h2>
      {messages.error !== null && <ErrorNotice error={messages.error} onRetry={() => void messages.refetch()} />}
      {messages.isPending && <Loading label={t('common.loading')} />}
      {messages.isSuccess && items.length === 0 && (
        <EmptyState title={t('singleMessage.emptyTitle')} heading="h2">
          {t('singleMessage.emptyText')}
        </EmptyState>
      )}
      <ul className="flex flex-col gap-3">
        {items.map((message) => (
          <li key={message.messageId}>
            <MessageRow message={message} channelName={channelNames.get(message.channelId)} />
          </li>
        ))}
      </ul>
      {messages.hasNextPage && (
        <Button
          look="secondary"
          className="self-start"
          busy={messages.isFetchingNextPage}
          onClick={() => void messages.fetchNextPage()}
        >
          {t('common.more')}
        </Button>
      )}
    </section>
  )
}

const TONES: Record<MessageState, Tone> = {
  scheduled: 'info',
  waiting: 'neutral',
  sending: 'info',
  sent: 'good',
  delivered: 'good',
  read: 'good',
  failed: 'bad',
  unknown: 'warn',
  cancelled: 'neutral',
  missed: 'warn',
}

function MessageRow({ message, channelName }: { message: SingleMessage; channelName: string | undefined }) {
  const { t } = useTranslation()
  const format = useFormat()
  const text = useMessageText(message)
  const { name, phone, state, reason, statusAt } = message
  const tone = state === 'waiting' && reason !== null ? 'warn' : TONES[state]
  return (
    <ItemCard className="flex flex-col gap-2 p-4 sm:p-4">
      <div className="flex items-start justify-between gap-x-4">
        <div className="min-w-0">
          <p className="font-semibold [overflow-wrap:anywhere]">
            <bdi>{name ?? formatPhone(phone)}</bdi>
          </p>
          {name !== null && <p className="text-sm text-ink-soft">{formatPhone(phone)}</p>}
        </div>
        <Badge tone={tone}>{text.state}</Badge>
      </div>
      <p className="line-clamp-2 [overflow-wrap:anywhere] whitespace-pre-line" dir="auto">
        {'content' in message.message && message.message.content !== undefined
          ? message.message.content
          : t(`singleMessage.kind.${message.message.type}`)}
      </p>
      {text.detail !== '' && <p className="text-sm">{text.detail}</p>}
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <p className="text-sm text-ink-soft">
          {channelName !== undefined && <bdi>{channelName}</bdi>}
          {channelName !== undefined && ' · '}
          <time dateTime={statusAt}>{format.instant(statusAt)}</time>
        </p>
        <div className="flex flex-wrap gap-2">
          <MessageActions message={message} />
        </div>
      </div>
    </ItemCard>
  )
}
