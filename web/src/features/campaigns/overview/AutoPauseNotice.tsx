import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../lib/useFormat.ts'
import { Notice } from '../../../ui/Notice.tsx'
import { overviewQuery } from '../api/getOverview.ts'
import { autoPausesOf, type AutoPause } from './autoPauses.ts'

type Props = { actionFor: (pause: AutoPause) => ReactNode; othersLink: (text: string) => ReactNode }

/** Above every page while something stands still that nobody paused: which number, since when, how many wait. */
export function AutoPauseNotice({ actionFor, othersLink }: Props) {
  const { t } = useTranslation()
  const { data } = useQuery(overviewQuery)
  const [first, ...others] = data === undefined ? [] : autoPausesOf(data)
  if (first === undefined) return null
  return (
    <aside aria-label={t('overview.autoPause.label')} className="mx-auto w-full max-w-6xl px-4 pt-3 md:px-8 md:pt-5">
      <Notice
        tone={first.isBack ? 'good' : 'warn'}
        title={<AutoPauseTitle pause={first} />}
        action={
          <>
            {actionFor(first)}
            {others.length > 0 && othersLink(t('overview.autoPause.others', { count: others.length }))}
          </>
        }
      >
        <AutoPauseText pause={first} />
      </Notice>
    </aside>
  )
}

export function AutoPauseTitle({ pause }: { pause: AutoPause }) {
  const { t } = useTranslation()
  return t(`overview.autoPause.${pause.isBack ? 'back' : pause.reason}`, { channel: pause.channelName })
}

/** Since when, and how many wait in how many campaigns. */
export function AutoPauseText({ pause }: { pause: AutoPause }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { waiting, campaigns, since } = pause
  return (
    <>
      {t('overview.autoPause.since', { at: format.when(since) })}{' '}
      {t('overview.autoPause.waiting', { count: waiting, n: format.number(waiting) })}{' '}
      {campaigns.length > 1 && t('overview.autoPause.campaigns', { count: campaigns.length })}
    </>
  )
}
