import { useTranslation } from 'react-i18next'
import type { Overview } from '#contract/overview.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Notice } from '../../../ui/Notice.tsx'
import { autoPausesOf } from './autoPauses.ts'
import { AutoPauseText, AutoPauseTitle } from './AutoPauseNotice.tsx'
import { Part, type OverviewLinks } from './parts.tsx'

/** What stands still: first what nobody paused, with the one step that leads out; then what the person paused. */
export function NeedsYou({ overview, links }: { overview: Overview; links: OverviewLinks }) {
  const { t } = useTranslation()
  const format = useFormat()
  const pauses = autoPausesOf(overview)
  const byUser = overview.paused.filter(({ pauseReason }) => pauseReason === 'user')
  return (
    <>
      {pauses.length > 0 && (
        <section aria-label={t('overview.needsYou')} className="flex flex-col gap-3">
          <h2 className="text-lg font-semibold">{t('overview.needsYou')}</h2>
          {pauses.map((pause) => (
            <Notice
              key={`${pause.channelId} ${pause.reason}`}
              tone={pause.isBack ? 'good' : 'warn'}
              title={<AutoPauseTitle pause={pause} />}
              action={links.autoPause(pause)}
              className="rounded-card"
            >
              <p>
                <AutoPauseText pause={pause} />
              </p>
              <ul className="mt-2 flex flex-col gap-1 text-base">
                {pause.campaigns.map((campaign) => (
                  <li key={campaign.id} className="font-medium underline underline-offset-4">
                    {links.campaign(campaign)}
                  </li>
                ))}
              </ul>
            </Notice>
          ))}
        </section>
      )}
      {byUser.length > 0 && (
        <Part title={t('overview.pausedByYou')}>
          <ul className="flex flex-col divide-y divide-line">
            {byUser.map((campaign) => (
              <li key={campaign.id} className="flex flex-wrap justify-between gap-x-4 py-2.5 first:pt-0 last:pb-0">
                <span className="font-medium">{links.campaign(campaign)}</span>
                <span className="text-sm text-ink-soft">
                  {t('overview.autoPause.waiting', { count: campaign.waiting, n: format.number(campaign.waiting) })}
                </span>
              </li>
            ))}
          </ul>
        </Part>
      )}
    </>
  )
}
