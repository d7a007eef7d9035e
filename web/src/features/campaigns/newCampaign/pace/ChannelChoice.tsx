import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { ChoiceList } from '../../../../ui/ChoiceList.tsx'
import { leastDelayOf } from '../plan/campaignPlan.ts'
import { usePlan, useProblemOf } from '../PlanContext.tsx'

type Props = { channelLink: ReactNode; statusOf: (channel: Channel) => ReactNode }

/** The numbers that the campaign can leave from, each with its state. */
export function ChannelChoice({ channelLink, statusOf }: Props) {
  const { t } = useTranslation()
  const { plan, channels, change } = usePlan()
  const problemOf = useProblemOf()
  const choose = (channelId: string) => {
    // A pace that only the channel before could bear would be refused on this one.
    const least = leastDelayOf(channels.find(({ id }) => id === channelId))
    const isTooFast = (plan.delayMin ?? 0) < least
    change({ channelId, ...(isTooFast ? { delayMin: 8, delayMax: Math.max(plan.delayMax ?? 0, 15) } : {}) })
  }
  return (
    <>
      <ChoiceList
        legend={t('newCampaign.channel')}
        legendHidden
        value={plan.channelId}
        error={problemOf('channelId')}
        choices={channels.map((channel) => ({
          value: channel.id,
          label: <bdi>{channel.name}</bdi>,
          hint: t(`channels.gateway.${channel.gateway}`),
          aside: statusOf(channel),
        }))}
        onChange={choose}
      />
      <div className="flex flex-wrap items-center gap-x-4 text-sm text-ink-soft">
        {channels.length === 0 && <span>{t('newCampaign.noChannels')}</span>}
        {channelLink}
      </div>
    </>
  )
}
