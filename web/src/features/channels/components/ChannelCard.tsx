import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Channel, ChannelStatus } from '#contract/channels.ts'
import { handleApiError } from '../../../lib/errorHandler.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { ItemCard } from '../../../ui/Card.tsx'
import { channelStatusQuery } from '../api/getChannelStatus.ts'
import { ChannelStatusBadge } from './ChannelStatusBadge.tsx'

type Props = { channel: Channel; onEdit: () => void; onDelete: () => void }

/** One number with its state as the gateway reports it now. */
export function ChannelCard({ channel, onEdit, onDelete }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const live = useQuery(channelStatusQuery(channel.id))
  const status: ChannelStatus = live.data?.status ?? channel.status
  const checkedAt = live.data?.checkedAt ?? channel.statusCheckedAt
  return (
    <ItemCard className="flex flex-col gap-3" aria-label={channel.name}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-lg font-semibold">{channel.name}</h2>
          <p className="text-sm text-ink-soft [overflow-wrap:anywhere]">
            {t(`channels.gateway.${channel.gateway}`)}
            {channel.baseUrl !== null && ` · ${channel.baseUrl}`}
          </p>
        </div>
        <ChannelStatusBadge status={status} />
      </div>
      <p className="text-sm">
        {live.error === null ? t(`channels.statusHint.${status}`) : handleApiError(live.error, t).message}
      </p>
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-sm text-ink-soft">
        {live.data?.number && <Fact label={t('channels.number')}>{`+${live.data.number}`}</Fact>}
        <Fact label={t('channels.minDelay')}>
          {t('channels.seconds', { value: format.number(channel.minDelay / 1000) })}
        </Fact>
        {checkedAt !== null && <Fact label={t('channels.checkedAt')}>{format.time(checkedAt)}</Fact>}
      </dl>
      <div className="mt-1 flex flex-wrap gap-2">
        <Button look="secondary" size="small" icon="refresh" busy={live.isFetching} onClick={() => void live.refetch()}>
          {t('channels.check')}
        </Button>
        <Button
          look="secondary"
          size="small"
          icon="edit"
          aria-label={t('channels.editNamed', { name: channel.name })}
          onClick={onEdit}
        >
          {t('common.edit')}
        </Button>
        <Button
          look="quiet"
          size="small"
          icon="trash"
          aria-label={t('channels.deleteNamed', { name: channel.name })}
          onClick={onDelete}
        >
          {t('common.delete')}
        </Button>
      </div>
    </ItemCard>
  )
}

function Fact({ label, children }: { label: string; children: string }) {
  return (
    <div className="flex gap-1.5">
      <dt>{label}</dt>
      <dd className="tabular font-medium text-ink">{children}</dd>
    </div>
  )
}
