import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Channel, ChannelStatus } from '#contract/channels.ts'
import { handleApiError } from '../../../lib/errorHandler.ts'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { ProgressBar } from '../../../ui/bars.tsx'
import { Button } from '../../../ui/Button.tsx'
import { ItemCard } from '../../../ui/Card.tsx'
import { Menu, type MenuItem } from '../../../ui/Menu.tsx'
import { channelStatusQuery } from '../api/getChannelStatus.ts'
import { sentTodayQuery } from '../api/getToday.ts'
import { ChannelStatusBadge } from './ChannelStatusBadge.tsx'

/** What can be done with a channel; each opens a dialog of the page. */
export type ChannelAct = 'pair' | 'test' | 'edit' | 'disconnect' | 'delete'
type Props = { channel: Channel; onAct: (act: ChannelAct) => void }

/** One number with its state as the gateway reports it now, and what is wrong first. */
export function ChannelCard({ channel, onAct }: Props) {
  const { t } = useTranslation()
  const live = useQuery(channelStatusQuery(channel.id))
  const status: ChannelStatus = live.data?.status ?? channel.status
  const needsPairing = (status === 'disconnected' || status === 'logged_out') && channel.gateway !== 'cloud'
  return (
    <ItemCard className="flex h-full flex-col gap-4" aria-label={channel.name}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-lg font-semibold">
            <bdi>{channel.name}</bdi>
          </h2>
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
      <Facts channel={channel} number={live.data?.number ?? null} checkedAt={live.data?.checkedAt ?? null} />
      <Today channel={channel} />
      <div className="mt-auto flex flex-wrap items-center gap-2">
        {needsPairing && (
          <Button size="small" icon="channel" onClick={() => onAct('pair')}>
            {t('channels.pair')}
          </Button>
        )}
        {status === 'ready' && (
          <Button
            look="secondary"
            size="small"
            icon="message"
            aria-label={t('channels.testNamed', { name: channel.name })}
            onClick={() => onAct('test')}
          >
            {t('channels.test')}
          </Button>
        )}
        <Button look="secondary" size="small" icon="refresh" busy={live.isFetching} onClick={() => void live.refetch()}>
          {t('channels.check')}
        </Button>
        <Button
          look="secondary"
          size="small"
          icon="edit"
          aria-label={t('channels.editNamed', { name: channel.name })}
          onClick={() => onAct('edit')}
        >
          {t('common.edit')}
        </Button>
        <MoreActs channel={channel} status={status} onAct={onAct} />
      </div>
    </ItemCard>
  )
}

function MoreActs({ channel, status, onAct }: Props & { status: ChannelStatus }) {
  const { t } = useTranslation()
  const canDisconnect = channel.gateway !== 'cloud' && status === 'ready'
  const items: MenuItem[] = [
    ...(canDisconnect ? [{ label: t('channels.disconnect'), onSelect: () => onAct('disconnect') }] : []),
    { label: t('channels.deleteConfirm'), icon: 'trash', tone: 'bad', onSelect: () => onAct('delete') },
  ]
  return <Menu label={t('channels.moreNamed', { name: channel.name })} items={items} />
}

function Facts({ channel, number, checkedAt }: { channel: Channel; number: string | null; checkedAt: string | null }) {
  const { t } = useTranslation()
  const format = useFormat()
  const at = checkedAt ?? channel.statusCheckedAt
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-1 text-sm text-ink-soft">
      {number !== null && number !== '' && <Fact label={t('channels.number')}>{formatPhone(`+${number}`)}</Fact>}
      <Fact label={t('channels.minDelay')}>
        {t('channels.seconds', { value: format.number(channel.minDelay / 1000) })}
      </Fact>
      {at !== null && <Fact label={t('channels.checkedAt')}>{format.time(at)}</Fact>}
    </dl>
  )
}

/** What has left today, against the most that may. */
function Today({ channel }: { channel: Channel }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(sentTodayQuery)
  const sent = data?.[channel.id]
  if (sent === undefined) return null
  if (channel.dailyCap === null)
    return <p className="tabular text-sm text-ink-soft">{t('channels.sentToday', { n: format.number(sent) })}</p>
  const label = t('channels.sentTodayOf', { n: format.number(sent), max: format.number(channel.dailyCap) })
  return (
    <div className="flex flex-col gap-1.5">
      <p className="tabular text-sm text-ink-soft">{label}</p>
      <ProgressBar share={sent / channel.dailyCap} label={label} />
    </div>
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
