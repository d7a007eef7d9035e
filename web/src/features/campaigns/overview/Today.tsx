import { useTranslation } from 'react-i18next'
import type { Overview, OverviewChannel } from '#contract/overview.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { ProgressBar } from '../../../ui/bars.tsx'
import { Stat, Stats } from '../../../ui/Stat.tsx'
import { Part, type OverviewLinks } from './parts.tsx'

/** What went out since midnight, through all numbers. */
export function Today({ today }: { today: Overview['today'] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <Part title={t('overview.today')}>
      <Stats className="grid grid-cols-2 gap-x-4">
        <Stat label={t('overview.todaySent')} value={format.number(today.sent)} />
        <Stat label={t('overview.todayDelivered')} value={format.number(today.delivered)} />
        <Stat label={t('overview.todayRead')} value={format.number(today.read)} />
        <Stat
          label={t('overview.todayFailed')}
          value={format.number(today.failed)}
          tone={today.failed > 0 ? 'bad' : 'normal'}
        />
      </Stats>
    </Part>
  )
}

/** The numbers that campaigns leave from: whether they can, and how much of today's allowance is used. */
export function ChannelsToday({ channels, links }: { channels: readonly OverviewChannel[]; links: OverviewLinks }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <Part title={t('overview.channels')} aside={links.channels}>
      <ul className="flex flex-col divide-y divide-line">
        {channels.map((channel) => (
          <li key={channel.id} className="flex flex-col gap-2 py-3 first:pt-0 last:pb-0">
            <div className="flex items-center justify-between gap-3">
              <span className="min-w-0 font-medium">{channel.name}</span>
              {links.statusOf(channel)}
            </div>
            <p className="tabular text-sm text-ink-soft">
              {channel.dailyCap === null
                ? t('overview.sentToday', { count: channel.sentToday, n: format.number(channel.sentToday) })
                : t('overview.sentOfCap', {
                    sent: format.number(channel.sentToday),
                    cap: format.number(channel.dailyCap),
                  })}
            </p>
            {channel.dailyCap !== null && channel.dailyCap > 0 && (
              <ProgressBar share={channel.sentToday / channel.dailyCap} label={channel.name} />
            )}
          </li>
        ))}
      </ul>
    </Part>
  )
}
